"""Several relays on one stream: what one accepts any of them sends; a node's end loses nothing."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import Answer
from tests.nats import NatsServer, nats_cluster, nats_server
from tests.system.running import (
    AUTH,
    ENVELOPE,
    FEW_RULES,
    READY,
    Client,
    Relay,
    Reply,
    Sentry,
    envelope,
    event,
    project,
    sentry_in_thread,
    until,
)

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("jetstream")]

HEADERS = (("X-Sentry-Auth", AUTH),)
REDELIVERY = 60.0
"""Seconds within which what a dead relay held has come to another one, with room to spare."""


def config(sentry: Sentry, servers: list[NatsServer], **spool: Any) -> dict[str, Any]:
    settings = {"backend": "jetstream", "servers": [server.url for server in servers]}
    spool = {**settings, **spool}
    return {"projects": [project(sentry.dsn())], "rules": FEW_RULES, "spool": spool}


@contextmanager
def two_relays(folder: Path, settings: dict[str, Any]) -> Iterator[tuple[Relay, Relay]]:
    relays = Relay(folder / "a", settings), Relay(folder / "b", settings)
    try:
        for relay in relays:
            relay.start()
        yield relays
    finally:
        for relay in relays:
            if relay.runs:
                relay.kill()


def post(relay: Relay, *bodies: bytes) -> list[Reply]:
    client = Client(relay.port)
    try:
        return [client.send("POST", ENVELOPE, HEADERS, body) for body in bodies]
    finally:
        client.close()


class Sender(threading.Thread):
    """Sends envelopes until it is told to stop; knows which got a 200."""

    def __init__(self, relay: Relay, first: int) -> None:
        super().__init__(daemon=True)
        self.accepted: set[str] = set()
        self.statuses: Counter[int] = Counter()
        self.done = threading.Event()
        self._port = relay.port
        self._first = first

    def run(self) -> None:
        client = Client(self._port)
        for number in range(self._first, self._first + 100_000):
            if self.done.is_set():
                break
            document = event(number, extra={"padding": "x" * (number * 37 % 20_000)})
            try:
                reply = client.once("POST", ENVELOPE, HEADERS, envelope(document))
            except (OSError, HTTPException):
                break
            self.statuses[reply.status] += 1
            if reply.status == 200:
                self.accepted.add(document["event_id"])
        client.close()


@contextmanager
def senders(*relays: Relay, each: int = 2) -> Iterator[list[Sender]]:
    """Send to relays inside the block."""
    threads = [
        Sender(relay, (turn * each + n + 1) * 1_000_000)
        for turn, relay in enumerate(relays)
        for n in range(each)
    ]
    for thread in threads:
        thread.start()
    try:
        yield threads
    finally:
        for thread in threads:
            thread.done.set()
        for thread in threads:
            thread.join(30)


def accepted(threads: list[Sender]) -> set[str]:
    return set[str]().union(*(thread.accepted for thread in threads))


def taken(threads: list[Sender]) -> int:
    return sum(len(thread.accepted) for thread in threads)


def all_arrived(sentry: Sentry, ids: set[str]) -> None:
    until(lambda: not ids - sentry.ids(), "all that was accepted to arrive", REDELIVERY)


def arrivals(sentry: Sentry) -> Counter[bytes]:
    """How often each event has arrived."""
    return Counter(body.partition(b"\n")[0] for body in list(sentry.mini.delivered))


def test_one_stream_for_two_relays(tmp_path: Path) -> None:
    """Whatever either accepts arrives once; the same envelope given to both arrives once too."""
    with ExitStack() as stack:
        sentry = stack.enter_context(sentry_in_thread())
        server = stack.enter_context(nats_server(tmp_path))
        one, two = stack.enter_context(two_relays(tmp_path, config(sentry, [server])))
        same = envelope(event(1))
        replies = post(one, same, *(envelope(event(n)) for n in range(2, 41)))
        replies += post(two, same, *(envelope(event(n)) for n in range(41, 80)))
        assert {200} == {reply.status for reply in replies}
        all_arrived(sentry, {f"{n:032x}" for n in range(1, 80)})
        one.drain()
        assert {1} == set(arrivals(sentry).values())
        assert 0 == one.stop()
        assert 0 == two.stop()


def test_the_other_relay_sends_what_is_left(tmp_path: Path) -> None:
    """A relay that has ended well left everything to the others, at once."""
    with ExitStack() as stack:
        sentry = stack.enter_context(sentry_in_thread())
        server = stack.enter_context(nats_server(tmp_path))
        settings = config(sentry, [server])
        sentry.mini.script.append(Answer(hang=True))
        one = Relay(tmp_path / "first", settings)
        with one.running():
            post(one, *(envelope(event(n)) for n in range(1, 11)))
            until(lambda: sentry.mini.received, "the first one to be under way")
        assert 1 == len(sentry.mini.received)
        two = Relay(tmp_path / "second", settings)
        with two.running():
            all_arrived(sentry, {f"{n:032x}" for n in range(1, 11)})


def test_a_killed_relay_loses_nothing(tmp_path: Path) -> None:
    """After SIGKILL of one of two relays under load, all that either accepted arrives."""
    with ExitStack() as stack:
        sentry = stack.enter_context(sentry_in_thread())
        server = stack.enter_context(nats_server(tmp_path))
        one, two = stack.enter_context(two_relays(tmp_path, config(sentry, [server])))
        with senders(one, two) as threads:
            until(lambda: taken(threads) > 60, "some envelopes to be taken")
            time.sleep(random.Random(1).random() * 0.3)  # the moment is the point, not the wait
            one.kill()
            before = taken(threads)
            until(lambda: taken(threads) > before + 60, "the other one to go on")
        assert {200} == set(threads[2].statuses) | set(threads[3].statuses)
        all_arrived(sentry, accepted(threads))


@pytest.mark.long
def test_a_killed_server_of_three_loses_nothing(tmp_path: Path) -> None:
    """With three copies, after SIGKILL of one server under load, all is there and goes on."""
    with ExitStack() as stack:
        sentry = stack.enter_context(sentry_in_thread())
        cluster = stack.enter_context(nats_cluster(tmp_path))
        settings = config(sentry, cluster, replicas=3)
        one, two = stack.enter_context(two_relays(tmp_path, settings))
        with senders(one, two) as threads:
            until(lambda: taken(threads) > 60, "some envelopes to be taken")
            cluster[0].kill()
            before = taken(threads)
            until(lambda: taken(threads) > before + 60, "the others to take some", REDELIVERY)
        assert {200, 503} >= set().union(*(thread.statuses for thread in threads))
        all_arrived(sentry, accepted(threads))


def test_no_server_is_no_loss(tmp_path: Path) -> None:
    """While no server answers clients are asked to come again; afterwards all goes on."""
    with ExitStack() as stack:
        sentry = stack.enter_context(sentry_in_thread())
        server = stack.enter_context(nats_server(tmp_path))
        relay = Relay(tmp_path / "relay", config(sentry, [server]))
        stack.enter_context(relay.running())
        assert [200] == [reply.status for reply in post(relay, envelope(event(1)))]
        all_arrived(sentry, {f"{1:032x}"})
        server.kill()
        (refused,) = post(relay, envelope(event(2)))
        assert 503 == refused.status
        assert int(refused.headers["retry-after"]) > 0
        until(lambda: not ready(relay), "it to say that it is not ready")
        server.start()
        until(lambda: ready(relay), "it to be ready again")
        assert [200] == [reply.status for reply in post(relay, envelope(event(2)))]
        all_arrived(sentry, {f"{1:032x}", f"{2:032x}"})
        assert "nats://" not in relay.errors()


def test_a_dead_upstream_holds_up_no_other(tmp_path: Path) -> None:
    """While one upstream fails the other gets all; afterwards the first one does too."""
    with ExitStack() as stack:
        well, ill = (stack.enter_context(sentry_in_thread()) for _ in range(2))
        server = stack.enter_context(nats_server(tmp_path))
        ill.mini.script.extend([Answer(503)] * 1_000)
        settings = config(well, [server])
        settings["projects"].append(project(ill.dsn(), id="7"))
        one, two = stack.enter_context(two_relays(tmp_path, settings))
        for relay, first in ((one, 1), (two, 21)):
            client = Client(relay.port)
            for number in range(first, first + 20):
                for path, offset in (("/api/7/envelope/", 100), (ENVELOPE, 0)):
                    body = envelope(event(number + offset))
                    assert 200 == client.send("POST", path, HEADERS, body).status
            client.close()
        all_arrived(well, {f"{n:032x}" for n in range(1, 41)})
        assert 1_000 - 40 < len(ill.mini.script)
        ill.mini.script.clear()
        all_arrived(ill, {f"{n:032x}" for n in range(101, 141)})
        assert {1} == set(arrivals(well).values())


def test_a_full_stream_is_429(tmp_path: Path) -> None:
    """Over the bound clients are asked to come again; what was accepted is kept."""
    with ExitStack() as stack:
        sentry = stack.enter_context(sentry_in_thread())
        server = stack.enter_context(nats_server(tmp_path))
        sentry.mini.script.extend([Answer(503)] * 1_000)
        relay = Relay(tmp_path / "relay", config(sentry, [server], max_bytes="100KB"))
        stack.enter_context(relay.running())
        bodies = [envelope(event(n, extra={"a": "word " * 3_000})) for n in range(1, 20)]
        replies = post(relay, *bodies)
        statuses = [reply.status for reply in replies]
        assert [200] * statuses.count(200) + [429] * statuses.count(429) == statuses
        assert 3 < statuses.count(200) < 8
        assert int(replies[-1].headers["retry-after"]) > 0
        sentry.mini.script.clear()
        all_arrived(sentry, {f"{n + 1:032x}" for n in range(statuses.count(200))})


def ready(relay: Relay) -> bool:
    client = Client(relay.port)
    try:
        return client.send("GET", READY).status == 200
    finally:
        client.close()
