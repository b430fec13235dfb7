"""A 204 to a usage event means "on disk": whatever happens to the process, it is in one object."""

import itertools
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import zstandard

from tests.nats import nats_server
from tests.s3 import LossyProxy, Server
from tests.system.running import FEW_RULES, READY, Client, Relay, until
from tests.system.senders import Sender, kill_amid, until_taken

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("usage-kill")]

EVENT = "test/number"
LIST = f"""
events:
  {EVENT}:
    description: An event that is known by its number.
    attributes:
      thousands: {{type: integer, max: 1000, description: Of its number.}}
      ones: {{type: integer, max: 1000, description: Of its number.}}
    examples:
      - {{query: 'thousands=1&ones=2', keeps: {{thousands: 1, ones: 2}}}}
      - {{query: 'other=1', keeps: {{}}}}
"""


def configured(folder: Path, store: dict[str, Any], **more: Any) -> dict[str, Any]:
    events = folder / "numbers.yaml"
    events.write_text(LIST)
    return {
        "rules": FEW_RULES,
        "usage": {
            "apps": [{"name": "suite"}],
            "events": [str(events)],
            "hash": {"secret": "made-up-" * 4},
            "store": store,
            "batch": {"every": "1s", "bytes": "20kB"},
        },
        **more,
    }


def query(number: int) -> str:
    """An event as Suite sends it."""
    return urlencode(
        {
            "c_v": "1.40",
            "c_type": EVENT,
            "c_commit": "0087cd603d6a28b8d3f2b2a9fbb1c0c3c9d0a111",
            "c_instance_id": "aBcDeFgHi1",
            "c_session_id": "jKlMnOpQr2",
            "c_timestamp": str(int(time.time() * 1_000)),
            "c_message_id": f"m{number:09}",
            "c_consent": "true",
            "thousands": str(number // 1_000),
            "ones": str(number % 1_000),
        }
    )


class Events(Sender[int]):
    """Sends events, known by their numbers."""

    good = frozenset({200, 204})

    def __init__(self, port: int, numbers: Iterator[int]) -> None:
        super().__init__()
        self._port = port
        self._numbers = numbers

    def sent(self) -> Iterator[tuple[int, int]]:
        with closing(HTTPConnection("127.0.0.1", self._port, timeout=30)) as connection:
            for number in self._numbers:
                connection.request("GET", f"/suite/log/web/stable.log?{query(number)}")
                with connection.getresponse() as answer:
                    answer.read()
                yield number, answer.status


def bucket_lines(server: Server, bucket: str) -> Iterator[bytes]:
    """Every record of every object."""
    for name, content in server.objects(bucket):
        if name.endswith(".ndjson.zst"):
            yield from _lines(content)


def _lines(data: bytes) -> list[bytes]:
    return zstandard.ZstdDecompressor().decompressobj().decompress(data).splitlines()


def folder_lines(folder: Path) -> Iterator[bytes]:
    for path in folder.rglob("*.ndjson.zst"):
        yield from _lines(path.read_bytes())


def numbers_in(lines: Iterator[bytes]) -> Counter[int]:
    attributes = (json.loads(line)["attributes"] for line in lines)
    return Counter(one["thousands"] * 1_000 + one["ones"] for one in attributes)


def wrong(accepted: set[int], found: Counter[int]) -> dict[str, list[int]]:
    return {
        "missing": sorted(accepted - found.keys()),
        "twice": sorted(number for number, times in found.items() if times > 1),
    }


def run_and_kill(relay: Relay, turns: int, moments: random.Random) -> set[int]:
    """Start it, send, and kill it at a random moment, several times; return what was taken."""
    numbers = itertools.count(1)
    accepted: set[int] = set()
    for _ in range(turns):
        relay.start()
        senders = [Events(relay.port, numbers) for _ in range(4)]
        accepted |= kill_amid(relay, senders, 200, moments.random() * 1.5)
    return accepted


def drain(relay: Relay, seconds: float = 30) -> None:
    """Return when nothing waits to be written."""

    def waiting() -> int:
        states = relay.count("relay_usage_spool_envelopes")
        return states["ready",] + states["claimed",]

    before = relay.count("relay_usage_objects_total")
    until(lambda: relay.count("relay_usage_objects_total") != before or not waiting(), "a write")
    until(lambda: waiting() == 0, "the spool of usage events to be empty", seconds)


SEEDS = {"s3": range(2, 10), "azure": range(10, 12), "google": range(12, 14)}
LONG = [
    pytest.param(name, 4, 1 + seed % 2, seed, marks=pytest.mark.long)
    for name, seeds in SEEDS.items()
    for seed in seeds
]
BUCKETS = pytest.mark.parametrize("server", list(SEEDS), indirect=True)


@pytest.mark.parametrize(
    ("server", "turns", "workers", "seed"), [("s3", 1, 2, 1), *LONG], indirect=["server"]
)
def test_kills_lose_and_double_nothing_in_a_bucket(
    relay: Relay, server: Server, turns: int, workers: int, seed: int
) -> None:
    """After SIGKILLs amid requests and writes, each event that was taken is in one object."""
    bucket, proxy = server.bucket(), LossyProxy()
    with proxy.before(server.port):
        store = server.store(bucket, port=proxy.port) | {"timeout": "5s"}
        listen = {"port": 0, "workers": workers}
        relay.configure(configured(relay.folder, store, listen=listen))
        proxy.lose = 2 * turns
        accepted = run_and_kill(relay, turns, random.Random(seed))
        relay.start()
        drain(relay)
        assert 0 == relay.stop()
    found = numbers_in(bucket_lines(server, bucket))
    assert {"missing": [], "twice": []} == wrong(accepted, found)
    assert len(accepted) >= 200 * turns


@pytest.mark.long
@pytest.mark.parametrize("workers", [1, 2])
def test_kills_lose_and_double_nothing_in_a_folder(relay: Relay, workers: int) -> None:
    """The same without any server: the folder is the embedded default."""
    listen = {"port": 0, "workers": workers}
    relay.configure(configured(relay.folder, {"url": "file:./usage"}, listen=listen))
    accepted = run_and_kill(relay, 5, random.Random(workers))
    relay.start()
    drain(relay)
    assert 0 == relay.stop()
    found = numbers_in(folder_lines(relay.folder / "usage"))
    assert {"missing": [], "twice": []} == wrong(accepted, found)
    assert len(accepted) >= 1_000


@pytest.mark.long
@BUCKETS
def test_a_kill_of_one_of_two_relays_loses_and_doubles_nothing(
    tmp_path: Path, server: Server
) -> None:
    """Two relays share a spool in JetStream and a bucket: what one has taken, the other writes."""
    bucket = server.bucket()
    numbers = itertools.count(1)
    accepted: set[int] = set()
    with nats_server(tmp_path / "nats") as nats:
        relays = [Relay(tmp_path / name) for name in ("one", "two")]
        spool = {"backend": "jetstream", "servers": [nats.url]}
        try:
            for relay in relays:
                store = server.store(bucket) | {"timeout": "5s"}
                relay.configure(configured(relay.folder, store, spool=spool))
                relay.start()
            for turn in range(3):
                senders = [Events(relay.port, numbers) for relay in relays for _ in range(2)]
                for sender in senders:
                    sender.start()
                until_taken(senders, 300)
                time.sleep(0.7 * turn)  # the moment is the point, not the wait
                relays[0].kill()
                for sender in senders[:2]:
                    sender.join(30)
                relays[0].start()
                relays[1].stop()
                for sender in senders[2:]:
                    sender.join(30)
                relays[1].start()
                assert [None] * 4 == [sender.failure for sender in senders]
                accepted.update(*(sender.accepted for sender in senders))
            drain(relays[0], 60)
        finally:
            for relay in relays:
                if relay.runs:
                    relay.stop()
    found = numbers_in(bucket_lines(server, bucket))
    assert {"missing": [], "twice": []} == wrong(accepted, found)


@pytest.mark.long
@BUCKETS
def test_a_store_that_is_away_holds_up_neither_clients_nor_a_stop(
    relay: Relay, server: Server
) -> None:
    """Events are taken while nothing can be written; the next start writes them."""
    bucket, proxy = server.bucket(), LossyProxy()
    with proxy.before(server.port):
        store = server.store(bucket, port=proxy.port) | {"timeout": "5s"}
        relay.configure(configured(relay.folder, store))
        proxy.refuse = True
        relay.start()
        sender = Events(relay.port, iter(range(1, 101)))
        sender.start()
        sender.join(30)
        until(lambda: sum(relay.count("relay_usage_store_failures_total").values()), "a failure")
        with closing(Client(relay.port)) as client:
            assert 200 == client.send("GET", READY).status
        assert 0 == relay.stop()
        proxy.refuse = False
        relay.start()
        drain(relay)
        assert 0 == relay.stop()
    found = numbers_in(bucket_lines(server, bucket))
    assert (dict.fromkeys(range(1, 101), 1), None) == (dict(found), sender.failure)


@pytest.mark.long
def test_a_stop_writes_what_waits(relay: Relay) -> None:
    """A relay that is asked to end has everything in the store before it is gone."""
    config = configured(relay.folder, {"url": "file:./usage"})
    config["usage"]["batch"]["every"] = "1h"
    relay.configure(config)
    relay.start()
    sender = Events(relay.port, iter(range(1, 21)))
    sender.start()
    sender.join(30)
    assert [] == list(folder_lines(relay.folder / "usage"))
    assert 0 == relay.stop()
    found = numbers_in(folder_lines(relay.folder / "usage"))
    assert (dict.fromkeys(range(1, 21), 1), None) == (dict(found), sender.failure)
