"""A broken promise is noticed: each sabotage makes the test fail that is there for it."""

from pathlib import Path

import pytest

from tests.promises import sabotage
from tests.promises.promised import ROOT, Sabotage, load

ALL = [(promise.id, change) for promise in load().all for change in promise.sabotage]
QUICK = {"what cannot be noted is done all the same"}
"""Those that every run tries; `make promises ARGS=--sabotage` tries all."""


@pytest.mark.parametrize(
    ("promise", "change"),
    [
        pytest.param(
            promise,
            change,
            id=f"{promise}: {change.what}",
            marks=() if change.what in QUICK else pytest.mark.long,
        )
        for promise, change in ALL
    ],
)
def test_a_broken_promise_is_noticed(promise: str, change: Sabotage, tmp_path: Path) -> None:
    """Its test fails, because what it asserts does not hold any more."""
    seen = sabotage.tried(tmp_path / "copy", change)
    assert (promise, True) == (promise, seen.noticed), seen.output[-2_000:]


@pytest.mark.long
def test_an_unbroken_copy_passes(tmp_path: Path) -> None:
    """The same tests pass against a whole copy: it is the sabotage that they notice."""
    tests = sorted({change.by for _, change in ALL})
    seen = sabotage.run(sabotage.copied(tmp_path / "copy"), tests)
    assert ((), ()) == (seen.asserted, seen.other), seen.output[-2_000:]
    assert len(tests) <= seen.passed


def test_the_copy_is_what_runs(tmp_path: Path) -> None:
    """A process takes the program from the copy, though it starts in the checkout."""
    copy = sabotage.copied(tmp_path / "copy")
    assert str(copy) == sabotage.where(copy)


@pytest.mark.parametrize(
    ("promise", "change"), ALL, ids=[f"{promise}: {change.what}" for promise, change in ALL]
)
def test_a_sabotage_can_be_done(promise: str, change: Sabotage) -> None:
    """The place that it changes stands in the program, once, and the change is one."""
    text = (ROOT / change.file).read_text("utf-8")
    assert change.file.startswith(("relay/", "rules/"))
    assert text != change.applied(text)
