"""Promises, their tests and their page agree."""

import ast
from functools import cache

import pytest

from tests.promises import page
from tests.promises.promised import AGAINST_THE_PROGRAM, ROOT, Promise, load

PROMISES = load()
TESTS = sorted({test for promise in PROMISES.all for test in promise.tests})
OPTIONAL = ("node", "chromium", "sentry_cli")
"""What not every machine has: a promise must be held without it."""


@cache
def functions(file: str) -> frozenset[str]:
    """The tests that a file defines."""
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in tree.body if isinstance(node, kinds))


@pytest.mark.parametrize("test", TESTS)
def test_a_promised_test_exists(test: str) -> None:
    """Its file defines it. That it ran, and with the parameters named, a whole run looks at."""
    file, _, name = test.partition("::")
    assert name.partition("[")[0] in functions(file)


@pytest.mark.parametrize("promise", PROMISES.all, ids=lambda promise: promise.id)
def test_a_promise_is_held_against_the_running_program(promise: Promise) -> None:
    """At least one of its tests speaks to it over HTTP."""
    assert any(test.startswith(AGAINST_THE_PROGRAM) for test in promise.tests)


@pytest.mark.parametrize("promise", PROMISES.all, ids=lambda promise: promise.id)
def test_a_promise_is_one_sentence(promise: Promise) -> None:
    """With one full stop, at its end, and a word on what it does not mean."""
    assert (
        promise.sentence.replace("spool.", "").find(".")
        == len(promise.sentence.replace("spool.", "")) - 1
    )
    assert promise.not_covered


@pytest.mark.parametrize("promise", PROMISES.all, ids=lambda promise: promise.id)
def test_a_promise_can_be_broken(promise: Promise) -> None:
    """There is a sabotage, and a test of its own that is to notice."""
    assert promise.sabotage
    known = {*promise.tests, *(test.partition("[")[0] for test in promise.tests)}
    named = {change.by for change in promise.sabotage}
    assert set() == {test for test in named if not {test, test.partition("[")[0]} & known}


def test_no_promise_needs_what_not_every_machine_has() -> None:
    """No promised test hangs on node, a browser or a tool that may be missing."""
    assert [] == [test for test in TESTS if any(word in test for word in OPTIONAL)]


def test_ids_and_groups() -> None:
    """Every promise has a name of its own, and stands under a heading."""
    names = [promise.id for promise in PROMISES.all]
    assert len(names) == len(set(names))
    assert {promise.group for promise in PROMISES.all} == set(PROMISES.groups)


def test_the_page_is_up_to_date() -> None:
    """The page says what promises.yaml says; `make promises ARGS=--write` writes it."""
    text = page.PAGE.read_text("utf-8")
    assert page.written(PROMISES, text) == text
    assert [promise.id for promise in PROMISES.all] == page.ids(text)


def test_the_page_counts_right() -> None:
    """The result of the sabotage that the page gives is about as many as there are."""
    number = sum(len(promise.sabotage) for promise in PROMISES.all)
    assert f"**{number} of {number}**" in page.PAGE.read_text("utf-8")
