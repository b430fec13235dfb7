"""A 200 means "on disk": whatever happens to the process afterwards, the envelope arrives."""

import random
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import Answer
from tests.system.running import (
    AUTH,
    ENVELOPE,
    FEW_RULES,
    Client,
    Relay,
    envelope,
    event,
    project,
    sentry_in_thread,
    until,
)
from tests.system.senders import Sender, kill_amid

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("kill")]

HEADERS = (("X-Sentry-Auth", AUTH),)


def configured(dsn: str) -> dict[str, Any]:
    return {"projects": [project(dsn)], "rules": FEW_RULES}


def _closed_port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Envelopes(Sender[str]):
    """Sends envelopes, known by the ids of their events."""

    def __init__(self, port: int, first: int) -> None:
        super().__init__()
        self._port = port
        self._first = first

    def sent(self) -> Iterator[tuple[str, int]]:
        with closing(Client(self._port)) as client:
            for number in range(self._first, self._first + 100_000):
                document = event(number, extra={"padding": "x" * (number * 37 % 20_000)})
                reply = client.once("POST", ENVELOPE, HEADERS, envelope(document))
                yield document["event_id"], reply.status


@pytest.mark.parametrize("upstream", ["closed", "unwell", "well"])
def test_kill_loses_nothing(relay: Relay, upstream: str) -> None:
    """After SIGKILL amid the sending, twice over, each event answered with 200 arrives."""
    moments = random.Random(upstream)
    accepted: set[str] = set()
    with sentry_in_thread() as sentry:
        dead = f"http://{'d' * 32}@127.0.0.1:{_closed_port()}/1"
        for turn in range(2):
            if upstream == "unwell":
                sentry.mini.script.extend([Answer(503)] * 1_000)
            relay.configure(configured(dead if upstream == "closed" else sentry.dsn()))
            relay.start()
            senders = [Envelopes(relay.port, (turn * 10 + n + 1) * 1_000_000) for n in range(4)]
            accepted |= kill_amid(relay, senders, 41, moments.random() * 0.3)
        sentry.mini.script.clear()
        _make_due(relay.folder)
        relay.configure(configured(sentry.dsn()))
        relay.start()
        relay.drain()
        assert set() == accepted - sentry.ids()
        assert 0 == relay.stop()
    assert len(accepted) > 80


def _make_due(folder: Path) -> None:
    """What waits after failures need not be waited for here."""
    with closing(sqlite3.connect(folder / "spool.db", isolation_level=None)) as db:
        db.execute("UPDATE envelopes SET due_at = 0")


def test_a_request_that_was_not_answered_may_be_sent_again(relay: Relay) -> None:
    """The same envelope sent again after a kill is taken, and arrives once."""
    with sentry_in_thread() as sentry:
        sentry.mini.script.append(Answer(hang=True))
        relay.configure(configured(sentry.dsn()))
        relay.start()
        blocker, again = envelope(event(1)), envelope(event(2))
        _post(relay, blocker, again)
        until(lambda: sentry.mini.received, "the first one to be under way")
        relay.kill()
        relay.start()
        _post(relay, again)
        relay.drain()
        relay.stop()
        arrivals = [body for body in sentry.mini.delivered if b"%032x" % 2 in body]
    assert 1 == len(arrivals)


def test_sigterm_ends_well_and_keeps_the_rest(relay: Relay) -> None:
    """On SIGTERM the relay ends soon with status 0; what is not delivered waits in the spool."""
    with sentry_in_thread() as sentry:
        sentry.mini.script.append(Answer(hang=True))
        relay.configure(configured(sentry.dsn()))
        relay.start()
        _post(relay, *(envelope(event(number)) for number in range(1, 21)))
        until(lambda: sentry.mini.received, "the first one to be under way")
        assert 20 == relay.waiting()
        began = time.monotonic()
        assert 0 == relay.stop(15)
        assert time.monotonic() - began < 12
        assert 20 == _rows(relay.folder)
        assert not (relay.folder / "spool.db-wal").exists()
        sentry.release()
        relay.start()
        relay.drain()
        assert 0 == relay.stop()
        assert {f"{number:032x}" for number in range(1, 21)} == sentry.ids()


def _post(relay: Relay, *bodies: bytes) -> None:
    client = Client(relay.port)
    assert {200} == {client.send("POST", ENVELOPE, HEADERS, body).status for body in bodies}
    client.close()


def _rows(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "spool.db")) as db:
        return int(db.execute("SELECT count(*) FROM envelopes WHERE state = 'ready'").fetchone()[0])
