"""Rules change while the relay runs: all or nothing, in every worker, between two envelopes."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.load import reload
from tests.system.reloading import TEXT, House, house
from tests.system.running import (
    AUTH,
    ENVELOPE,
    READY,
    Client,
    Sentry,
    envelope,
    event,
    sentry_in_thread,
    until,
)
from tests.system.test_workers import Traffic, workers

AUTH_HEADER = [("X-Sentry-Auth", AUTH)]
LARGE = 400_000
"""Bytes: scrubbed in a process of its own."""


@pytest.fixture(scope="module")
def sentry() -> Iterator[Sentry]:
    with sentry_in_thread() as sentry:
        yield sentry


@pytest.fixture(scope="module", params=[pytest.param(1, marks=pytest.mark.long), 3])
def home(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sentry: Sentry
) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("home")
    with house(folder, sentry, request.param) as made:
        yield made


class Events:
    """Events with other ids each time."""

    number = 0

    @classmethod
    def send(cls, home: House, large: int = 0) -> str:
        """Send one on a connection of its own; return its id."""
        cls.number += 1
        body = event(
            0x5EED0000 + cls.number, message=TEXT, extra={"filling": "nothing " * (large // 8)}
        )
        client = Client(home.relay.port)
        try:
            reply = client.send("POST", ENVELOPE, AUTH_HEADER, envelope(body))
        finally:
            client.close()
        assert 200 == reply.status
        return str(body["event_id"])


def seen_by_all(home: House) -> set[str]:
    """The sets that events are scrubbed with which go to all workers."""
    events = [Events.send(home) for _ in range(2 * home.workers)]
    return set().union(*(home.numbers(event) for event in events))


def generation(home: House) -> int:
    return int(home.standing()["generation"])


def test_a_good_set_holds_when_the_answer_comes(home: House) -> None:
    """In every worker, for small and for large bodies; the metrics say so."""
    before = generation(home)
    home.rules.put(2)
    told = home.reload().json()
    assert ("accepted", "current", before + 1) == (
        told["outcome"], told["state"], told["generation"]
    )  # fmt: skip
    assert {"2"} == seen_by_all(home)
    assert {"2"} == home.numbers(Events.send(home, LARGE))
    digest = told["digest"][:12]
    assert [(before + 1, digest)] * home.workers == [
        (worker["generation"], worker["digest"]) for worker in told["workers"]
    ]
    shown = {key: n for key, n in home.relay.count("relay_rules_workers").items() if n}
    assert {(digest,): home.workers} == shown


def test_a_bad_set_is_refused(home: House) -> None:
    """With its mistakes; the last good one goes on, ready stays ready, and to go back ends it."""
    home.rules.put(3)
    home.reload()
    before = generation(home)
    home.rules.put(4, wrong=True)
    answer = home.reload()
    mistakes = [(Path(m["file"]).name, m["line"]) for m in answer.json()["mistakes"]]
    assert (422, [("beta.yaml", 12)]) == (answer.status, mistakes)
    assert "beta-word" not in answer.body.decode()
    assert (before, {"3"}) == (generation(home), seen_by_all(home))
    for port in (home.relay.port, home.relay.admin_port):
        ready = home.ask("GET", READY, port)
        assert (200, {"is_healthy": True, "rules": "refused"}) == (ready.status, ready.json())
    assert 1 == home.relay.count("relay_rules_stale")[()]
    assert '"rules_refused"' in home.relay.errors()
    home.rules.put(3)
    assert "unchanged" == home.reload().json()["outcome"]
    assert 0 == home.relay.count("relay_rules_stale")[()]
    assert {"is_healthy": True} == home.ask("GET", READY).json()


def test_sighup_takes_up_rules_and_replaces_nobody(home: House) -> None:
    """The processes stay as they are; a set that is gone is refused, and said."""
    pids = workers(home.relay) if home.workers > 1 else {home.relay.pid}
    before = generation(home)
    home.rules.put(5)
    os.kill(home.relay.pid, signal.SIGHUP)
    home.until_state("current", before + 1)
    until(lambda: seen_by_all(home) == {"5"}, "all workers to switch")
    home.rules.path.unlink()
    os.kill(home.relay.pid, signal.SIGHUP)
    told = home.until_state("refused", before + 1)
    assert ["no such file or folder"] == [mistake["message"] for mistake in told["mistakes"]]
    home.rules.put(6)
    os.kill(home.relay.pid, signal.SIGHUP)
    home.until_state("current", before + 2)
    assert pids == (workers(home.relay) if home.workers > 1 else {home.relay.pid})


def test_a_large_body_during_the_change(home: House) -> None:
    """It is scrubbed with one of the two, and the next one with the new."""
    home.rules.put(7)
    home.reload()
    home.rules.put(8)
    with Traffic(home.relay, clients=2):
        os.kill(home.relay.pid, signal.SIGHUP)
        during = [Events.send(home, LARGE) for _ in range(4)]
        until(lambda: seen_by_all(home) == {"8"}, "all workers to switch")
        after = Events.send(home, LARGE)
    assert all(home.numbers(event) in ({"7"}, {"8"}) for event in during)
    assert {"8"} == home.numbers(after)


def test_a_worker_that_starts_later_has_the_newest(home: House) -> None:
    """Also if it was killed while the others were switching."""
    if home.workers == 1:
        pytest.skip("one process has no successor")
    before = workers(home.relay)
    home.rules.put(9)
    os.kill(home.relay.pid, signal.SIGHUP)
    os.kill(min(before), signal.SIGKILL)
    until(lambda: seen_by_all(home) == {"9"}, "all workers to switch")
    until(lambda: len(workers(home.relay)) == home.workers, "a new worker")
    digest = home.standing()["digest"][:12]
    # One after the other, and the last may be one that no envelope has come to yet.
    until(
        lambda: {worker["digest"] for worker in home.standing()["workers"]} == {digest},
        "all workers to say so",
    )
    assert {"9"} == seen_by_all(home)


def test_the_folder_itself(tmp_path: Path, sentry: Sentry) -> None:
    """A change in it is taken up by itself, and so is the one back."""
    with house(tmp_path, sentry, 1, every="100ms") as home:
        for count, number in enumerate((2, 1), 1):
            home.rules.put(number)
            home.until_state("current", count)
            assert {str(number)} == seen_by_all(home)
        file = home.rules.path / "beta.yaml"
        whole = file.read_text()
        file.write_text(whole[:100])  # as if it were half written
        assert home.until_state("refused", 2)["mistakes"]
        file.write_text(whole)
        home.until_state("current", 2)
        assert {"1"} == seen_by_all(home)


def test_changes_under_load(tmp_path: Path) -> None:
    """Every envelope is answered with 200, arrives, and was scrubbed with one whole set."""
    found = reload.measure(tmp_path, reload.QUICK)
    assert {"200": found.sent} == found.statuses
    assert (found.sent, 0) == (found.arrived, found.mixed)
    assert found.changes == found.accepted
    assert len(found.sets) > 1


@pytest.mark.long
@pytest.mark.parametrize("workers", [1, 3])
def test_many_changes_under_load(tmp_path: Path, workers: int) -> None:
    """Ten: nothing is lost or scrubbed with half a set; `benchmarks load reload` has times."""
    found = reload.measure(tmp_path, reload.Effort(workers=workers, seconds=2.0))
    assert {"200": found.sent} == found.statuses
    assert (found.sent, 0, 10) == (found.arrived, found.mixed, found.accepted)
    assert len(found.sets) > 2
