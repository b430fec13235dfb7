"""What commands that list things share: only those that words stand in, and how many of all."""

import argparse
import sys
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from relay.cli.options import print_json

T = TypeVar("T")


def add_words(parser: argparse.ArgumentParser, things: str) -> None:
    """Add words that all must stand in what is listed; `things` says what that is."""
    parser.add_argument(
        "words", metavar="WORD", nargs="*", help=f"only {things} that all of these words stand in"
    )


def has_words(options: argparse.Namespace, *texts: str) -> bool:
    """Tell whether all words stand in the texts together, in small letters or capitals."""
    text = " ".join(texts).casefold()
    return all(word.casefold() in text for word in options.words)


def print_list(
    options: argparse.Namespace,
    shown: Sequence[T],
    every: Collection[T],
    things: str,
    *,
    as_json: Callable[[T], dict[str, Any]],
    show: Callable[[Sequence[T]], None],
) -> int:
    """Print what is listed, and where it is not all of them how many it is of how many.

    Args:
        options: with `json`.
        shown: what is listed.
        every: what there is.
        things: what these are, for people.
        as_json: makes plain data of one.
        show: prints them for people.

    Returns:
        The exit status: 1 when none is left.
    """
    if options.json:
        print_json([as_json(one) for one in shown])
    else:
        show(shown)
        if len(shown) < len(every):
            print(f"{len(shown)} of {len(every)} {things}", file=sys.stderr)
    return 0 if shown else 1
