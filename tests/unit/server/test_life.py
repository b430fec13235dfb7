"""Starts, stops and reloads are noted, and a reload that cannot be is refused."""

import json
from pathlib import Path

import pytest

from relay.audit import Audit, Outcome
from relay.errors import AuditError, RelayError
from relay.metrics import Metrics
from relay.server.life import Life
from tests.fakes import FakeClock


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "audit.log"


@pytest.fixture
def life(file: Path) -> Life:
    return Life(Audit(str(file), FakeClock()))


def noted(file: Path) -> list[tuple[str, str, str]]:
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [(line["action"], line["via"], line["outcome"]) for line in lines]


def test_start_and_stop(life: Life, file: Path) -> None:
    """A stop is noted once, and only after a start."""
    life.stop()
    life.start()
    life.stop()
    life.stop()
    assert [("start", "command", "done"), ("stop", "command", "done")] == noted(file)


@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.REFUSED, Outcome.FAILED])
def test_a_reload(outcome: Outcome, life: Life, file: Path) -> None:
    """It is noted before; and after, and counted, when it is known what became of it."""
    assert "new" == life.reload(lambda: "new")
    assert [("reload", "signal", "begun")] == noted(file)
    life.reloaded(outcome)
    assert [("reload", "signal", "begun"), ("reload", "signal", outcome)] == noted(file)
    words = {Outcome.DONE: "accepted", Outcome.REFUSED: "refused", Outcome.FAILED: "failed"}
    assert {words[outcome]: 1} == {w: n for w in words.values() if (n := counted(life, w))}


def test_a_reload_that_is_refused(life: Life, file: Path) -> None:
    """The mistake comes out; that it was refused is noted and counted."""

    def load() -> str:
        raise RelayError("wrong")

    with pytest.raises(RelayError, match="wrong"):
        life.reload(load)
    assert [("reload", "signal", "begun"), ("reload", "signal", "refused")] == noted(file)
    assert (0, 1) == (counted(life, "accepted"), counted(life, "refused"))


def test_a_reload_that_cannot_be_noted(life: Life, file: Path) -> None:
    """It is not done."""
    file.mkdir()
    done: list[bool] = []
    with pytest.raises(AuditError):
        life.reload(lambda: done.append(True))
    assert ([], 1) == (done, counted(life, "refused"))


def test_where_reloads_are_counted(life: Life) -> None:
    """In what the process shows, where it shows it itself."""
    metrics = Metrics()
    life.count_in(metrics)
    life.reloaded(Outcome.DONE)
    assert 1 == metrics.value("relay_reloads_total", outcome="accepted")


def counted(life: Life, outcome: str) -> float:
    assert isinstance(life._metrics, Metrics)
    return life._metrics.value("relay_reloads_total", outcome=outcome)
