"""From a request of Suite's to a row of Parquet, through a bucket: each event is there once."""

import json
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import duckdb
import pytest

from tests.s3 import Server
from tests.system.running import FEW_RULES, Relay, until

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("usage-export")]

LIST = """
events:
  test/number:
    description: An event that is known by its number.
    attributes:
      number: {type: integer, max: 1000, description: Its number.}
    examples:
      - {query: 'number=7', keeps: {number: 7}}
"""
EVENTS = 60
PEOPLE = 12


def configured(folder: Path, server: Server, bucket: str) -> dict[str, Any]:
    (folder / "numbers.yaml").write_text(LIST)
    return {
        "rules": FEW_RULES,
        "usage": {
            "apps": [{"name": "suite"}],
            "events": [str(folder / "numbers.yaml")],
            "hash": {"secret": "made-up-" * 4},
            "store": server.store(bucket),
            "batch": {"every": "1s"},
            "min_group": 1,
        },
    }


def send(relay: Relay, numbers: range) -> None:
    """Send events as Suite does; every fifth again, as after an answer that was lost."""
    connection = HTTPConnection("127.0.0.1", relay.port, timeout=30)
    for number in numbers:
        query = {
            "c_v": "1.40",
            "c_type": "test/number",
            "c_commit": "0087cd603d6a28b8d3f2b2a9fbb1c0c3c9d0a111",
            "c_instance_id": f"instance{number % PEOPLE:02}",
            "c_session_id": f"session{number % PEOPLE:03}",
            "c_timestamp": str(int(time.time() * 1_000)),
            "c_message_id": f"m{number:09}",
            "c_consent": "true",
            "number": str(number),
        }
        for _ in range(2 if number % 5 == 0 else 1):
            connection.request("GET", f"/suite/log/web/stable.log?{urlencode(query)}")
            with connection.getresponse() as answer:
                answer.read()
            assert 204 == answer.status
    connection.close()


def in_objects(server: Server, bucket: str) -> int:
    return sum(1 for name, _ in server.objects(bucket) if name.startswith("usage/events/"))


def export(relay: Relay, *more: str) -> list[dict[str, Any]]:
    """Make the sets of yesterday and today, for it may be midnight; return what was told."""
    today = datetime.now(UTC).date()
    days = f"{today - timedelta(days=1)}..{today}"
    done = subprocess.run(
        [sys.executable, "-m", "relay", "usage", "export", "--days", days, "--json", *more],
        cwd=relay.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    told: list[dict[str, Any]] = json.loads(done.stdout)
    return told


def fetched(server: Server, bucket: str, folder: Path) -> Path:
    """A folder with the sets of a bucket."""
    for name, content in server.objects(bucket):
        if name.startswith("usage/sets/"):
            file = folder / name.removeprefix("usage/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    return folder


def numbers_in(folder: Path) -> Counter[int]:
    """How often each event is in the sets of a folder."""
    files = [str(path) for path in (folder / "sets").rglob("test.number/*.parquet")]
    with duckdb.connect() as connection:
        query = "SELECT number, count(*) FROM read_parquet(?) GROUP BY number"
        return Counter(dict(connection.execute(query, [files]).fetchall()))


ELSEWHERE = [pytest.param(name, marks=pytest.mark.long) for name in ("azure", "google")]


@pytest.mark.parametrize("server", ["s3", *ELSEWHERE], indirect=True)
def test_each_event_once(relay: Relay, server: Server, tmp_path: Path) -> None:
    """Over HTTP, spool, bucket and export, into the same bucket; with retries."""
    bucket = server.bucket()
    relay.configure(configured(tmp_path, server, bucket))
    with relay.running():
        send(relay, range(EVENTS))
    told = export(relay)
    assert Counter(range(EVENTS)) == numbers_in(fetched(server, bucket, tmp_path / "sets"))
    assert EVENTS == sum(day["tables"].get("test.number", 0) for day in told)


@pytest.mark.long
@pytest.mark.parametrize("server", ["s3", "azure", "google"], indirect=True)
def test_each_event_once_after_a_kill(relay: Relay, server: Server, tmp_path: Path) -> None:
    """A process that is killed, and clients that send again to one that knows nothing of it."""
    bucket = server.bucket()
    relay.configure(configured(tmp_path, server, bucket))
    relay.start()
    send(relay, range(EVENTS // 2))
    until(lambda: in_objects(server, bucket) > 0, "the first object")
    send(relay, range(EVENTS // 2, EVENTS))
    relay.kill()
    relay.start()
    send(relay, range(EVENTS - 20, EVENTS))
    relay.stop()
    export(relay, "--to", str(tmp_path / "out"))
    assert Counter(range(EVENTS)) == numbers_in(tmp_path / "out")
