"""The promises of promises.yaml: one sentence each, the tests that hold it, what would break it.

A test is named by its node id; without a `[…]` at its end all of its parameters are meant.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
SOURCE = Path(__file__).with_name("promises.yaml")
AGAINST_THE_PROGRAM = ("tests/system/", "tests/conformance/")
"""Folders whose tests speak to the running program."""


@dataclass(frozen=True)
class Sabotage:
    """A change that breaks a promise, in one place of one file.

    Attributes:
        what: in words.
        file: from the root of the repository; in relay/ or rules/.
        find: the text that stands there, once.
        put: what takes its place.
        by: the node id of the test that has to fail for it.
    """

    what: str
    file: str
    find: str
    put: str
    by: str

    def applied(self, text: str) -> str:
        """Return the file's text, changed.

        Raises:
            ValueError: the place is not there, or there are several.
        """
        if text.count(self.find) != 1:
            raise ValueError(f"{self.file}: not once there: {self.find}")
        return text.replace(self.find, self.put)


@dataclass(frozen=True)
class Promise:
    """One sentence, and what holds it.

    Attributes:
        id: a word to name it by.
        group: heading that it stands under.
        sentence: for people.
        tests: node ids.
        not_covered: what the sentence does not mean, in Markdown.
        sabotage: changes that its tests must notice.
    """

    id: str
    group: str
    sentence: str
    tests: tuple[str, ...]
    not_covered: str
    sabotage: tuple[Sabotage, ...]


@dataclass(frozen=True)
class Promises:
    """All of them, and the headings by their ids, each in the order of the page."""

    groups: Mapping[str, str]
    all: tuple[Promise, ...]

    def of(self, group: str) -> list[Promise]:
        """Those under one heading."""
        return [promise for promise in self.all if promise.group == group]


def load(source: Path = SOURCE) -> Promises:
    """Read them; a key that is missing or not known is an error."""
    document = yaml.safe_load(source.read_text("utf-8"))
    found = []
    for entry in document["promises"]:
        changes = tuple(Sabotage(**one) for one in entry.pop("sabotage"))
        tests = tuple(entry.pop("tests"))
        found.append(Promise(**entry, tests=tests, sabotage=changes))
    return Promises(document["groups"], tuple(found))


def means(test: str, node_id: str) -> bool:
    """Whether a promised test means the test of a node id."""
    return node_id == test or node_id.startswith(f"{test}[")


def verdict(promise: Promise, outcomes: Mapping[str, str]) -> dict[str, str]:
    """Say what is wrong with a promise after a run; empty when all is well.

    Args:
        promise: one of them.
        outcomes: node id to `passed`, `failed` or `skipped`, of all tests that ran.

    Returns:
        What became of each test that does not hold: `failed`, `skipped` or `did not run`.
    """
    wrong: dict[str, str] = {}
    for test in promise.tests:
        found = {node: end for node, end in outcomes.items() if means(test, node)}
        wrong |= {node: end for node, end in found.items() if end != "passed"}
        if not found:
            wrong[test] = "did not run"
    return wrong


def worse(one: str | None, other: str) -> str:
    """Of two outcomes of one test, such as of its setup and its call, the one that counts."""
    order = ("passed", "skipped", "failed")
    return max((one or "passed", other), key=order.index)


def lines(wrong: Mapping[str, Mapping[str, str]], all_: Iterable[Promise]) -> list[str]:
    """What to print of promises that do not hold."""
    sentences = {promise.id: promise.sentence for promise in all_}
    found = []
    for name, tests in wrong.items():
        found.append(f"promise not held: {sentences[name]}")
        found += [f"    {end}: {test}" for test, end in tests.items()]
    return found
