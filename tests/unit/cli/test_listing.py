"""Lists of things: which are meant, and how many of all."""

import argparse

import pytest

from relay.cli.listing import add_words, has_words, print_list


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_words(parser, "fruits")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


def listed(options: argparse.Namespace, *shown: str) -> int:
    return print_list(
        options,
        shown,
        ("apple", "pear"),
        "fruits",
        as_json=lambda one: {"name": one},
        show=lambda some: print("shown", *some),
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [((), True), (("RED",), True), (("apple", "red"), True), (("apple", "green"), False)],
)
def test_words(words: tuple[str, ...], expected: bool) -> None:
    """All must stand in one of the texts; capitals do not matter."""
    assert expected == has_words(parsed(*words), "Apple", "mostly red")


def test_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """Where some are left out it is said how many there are; 1 when none is left."""
    assert [0, 0, 1] == [listed(parsed(), *some) for some in (("apple", "pear"), ("pear",), ())]
    out, err = capsys.readouterr()
    assert "shown apple pear\nshown pear\nshown\n" == out
    assert "1 of 2 fruits\n0 of 2 fruits\n" == err


def test_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    """One line of JSON, and nothing else."""
    assert [0, 1] == [listed(parsed("--json"), "pear"), listed(parsed("--json"))]
    assert ('[{"name":"pear"}]\n[]\n', "") == tuple(capsys.readouterr())
