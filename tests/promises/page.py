"""docs/promises.md: its prose stands there, and what is between its marks is written here."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.promises.promised import ROOT, Promise, Promises

PAGE = ROOT / "docs" / "promises.md"
BEGIN = "<!-- from tests/promises/promises.yaml, by `make promises ARGS=--write` -->"
END = "<!-- end -->"


def written(promises: Promises, page: str) -> str:
    """Return the page with all that is between its marks written anew.

    Raises:
        ValueError: it has not its two marks.
    """
    if (page.count(BEGIN), page.count(END)) != (1, 1):
        raise ValueError("the page has lost its marks")
    head, _, rest = page.partition(BEGIN)
    tail = rest.partition(END)[2]
    return head + BEGIN + "\n" + "\n".join(_sections(promises)) + "\n" + END + tail


def _sections(promises: Promises) -> Iterator[str]:
    number = 0
    for group, heading in promises.groups.items():
        yield f"\n## {heading}"
        for promise in promises.of(group):
            number += 1
            yield from _section(promise, number)


def _section(promise: Promise, number: int) -> Iterator[str]:
    yield f"\n### {number}. {promise.id}\n"
    yield f"**{promise.sentence}**\n"
    yield f"Its limits: {promise.not_covered}\n"
    yield "Held by:\n"
    yield from (f"- {_link(test)}" for test in promise.tests)
    yield "\nNoticed when broken:\n"
    yield from (f"- {change.what}" for change in promise.sabotage)


def _link(test: str) -> str:
    file, _, name = test.partition("::")
    return f"[{Path(file).stem}](../{file}) `{name}`"


def ids(page: str) -> list[str]:
    """The promises that a page has, by their ids, in its order."""
    return re.findall(r"^### \d+\. ([a-z-]+)$", page, re.MULTILINE)
