"""The running program over each provider's store: what it writes, deletes and says.

What stands in for them: `tests.s3`, `tests.azure`, `tests.google`.
"""

import json
import re
import subprocess
import sys
from contextlib import closing
from typing import Any

import pytest

from tests.azure import KEY, AzureServer
from tests.google import GoogleServer, another_key
from tests.s3 import Server
from tests.system.running import READY, Client, Relay, until
from tests.system.test_usage_kill import (
    Events,
    bucket_lines,
    configured,
    drain,
    numbers_in,
    query,
)

pytestmark = [pytest.mark.system, pytest.mark.long, pytest.mark.xdist_group("usage-stores")]

BUCKETS = pytest.mark.parametrize("server", ["s3", "azure", "google"], indirect=True)
NOBODY = "bWFkZS11cC1rZXktb2Ytbm9ib2R5"  # a key of no account

OBJECT = re.compile(
    r"usage/events/app=suite/environment=web/dt=\d{4}-\d\d-\d\d/hh=\d\d/[0-9a-f]{32}\.ndjson\.zst"
    r"|usage/opt_outs/app=suite/dt=\d{4}-\d\d-\d\d/[0-9a-f]{32}\.ndjson\.zst"
)


def send(relay: Relay, count: int) -> None:
    """Send events with the numbers from 1 on, which are all taken."""
    sender = Events(relay.port, iter(range(1, count + 1)))
    sender.start()
    sender.join(30)
    assert (None, count) == (sender.failure, len(sender.accepted))


def opt_out(relay: Relay) -> None:
    path = f"/suite/log/web/stable.log?{query(1).replace('test%2Fnumber', 'settings%2Fanalytics')}"
    with closing(Client(relay.port)) as client:
        assert 204 == client.send("GET", f"{path}&value=false").status


def command(relay: Relay, *arguments: str) -> dict[str, Any]:
    """Run `relay usage …` beside it; return what it told as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "relay", "usage", *arguments],
        cwd=relay.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def told_by(relay: Relay) -> str:
    """All that it has printed."""
    return "".join(path.read_text() for path in sorted(relay.output.iterdir()))


def fails(relay: Relay) -> bool:
    return "usage_store_failed" in told_by(relay)


@BUCKETS
def test_what_is_written_stands_by_day_and_hour(relay: Relay, server: Server) -> None:
    """Events and opt-outs are in objects by day and hour, and no note is left but the probe."""
    bucket = server.bucket()
    relay.configure(configured(relay.folder, server.store(bucket)))
    with relay.running():
        send(relay, 20)
        opt_out(relay)
        drain(relay)
    names = [name for name, _ in server.objects(bucket) if name != "usage/_pending/probe"]
    assert [] == [name for name in names if not OBJECT.fullmatch(name)]
    assert {"events", "opt_outs"} == {name.split("/")[1] for name in names}
    lines = [line for line in bucket_lines(server, bucket) if b'"opt_out"' not in line]
    assert dict.fromkeys(range(1, 21), 1) == numbers_in(iter(lines))


@BUCKETS
def test_what_is_too_old_goes(relay: Relay, server: Server) -> None:
    """The command deletes what is too old below the prefix, and nothing else."""
    bucket = server.bucket()
    relay.configure(configured(relay.folder, server.store(bucket)))
    place = "events/app=suite/environment=web/dt=2020-01-01/hh=03"
    old = [f"usage/{place}/{number:032x}.ndjson.zst" for number in range(45)]
    for name in (*old, f"other/{place}/{1:032x}.ndjson.zst", "usage/readme.txt"):
        server.put(bucket, name, b"x")
    would = command(relay, "expire", "--json", "--dry-run")
    assert 47 == len(list(server.objects(bucket)))
    told = command(relay, "expire", "--json")
    left = [name for name, _ in server.objects(bucket)]
    assert [f"other/{place}/{1:032x}.ndjson.zst", "usage/readme.txt"] == sorted(left)
    assert (would["sets"], None) == (told["sets"], told.get("error"))


@BUCKETS
def test_a_bucket_that_is_made_later_gets_everything(relay: Relay, server: Server) -> None:
    """Until then events wait, and the log says what is missing; nobody has to start anything."""
    name = "made-later"
    relay.configure(configured(relay.folder, server.store(name)))
    with relay.running():
        send(relay, 20)
        until(lambda: fails(relay), "a failure")
        with closing(Client(relay.port)) as client:
            assert 200 == client.send("GET", READY).status
        server.bucket(name)
        drain(relay, 60)
    assert dict.fromkeys(range(1, 21), 1) == numbers_in(bucket_lines(server, name))
    assert "the store has no such bucket" in told_by(relay)
    assert name not in told_by(relay)


@pytest.mark.parametrize("server", ["azure", "google"], indirect=True)
def test_wrong_credentials_lose_and_show_nothing(
    relay: Relay, server: AzureServer | GoogleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was taken meanwhile is written after a start with the right ones."""
    bucket = server.bucket()
    with monkeypatch.context() as wrong:
        if isinstance(server, GoogleServer):
            account = server.account("wrong", another_key())
            wrong.setenv("GOOGLE_SERVICE_ACCOUNT", str(account))
            secret = json.loads(account.read_text())["private_key"].splitlines()[1]
        else:
            wrong.setenv("AZURE_STORAGE_ACCOUNT_KEY", secret := NOBODY)
        relay.configure(configured(relay.folder, server.store(bucket)))
        relay.start()
        send(relay, 20)
        until(lambda: fails(relay), "a failure")
        assert 0 == relay.stop()
    assert "the store refuses the credentials" in told_by(relay)
    with relay.running():
        drain(relay, 60)
    assert dict.fromkeys(range(1, 21), 1) == numbers_in(bucket_lines(server, bucket))
    assert [] == [one for one in (secret, KEY, bucket, "Bearer") if one in told_by(relay)]


def test_an_account_that_is_not_named_is_told_at_the_start(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relay that could never write does not begin to take events."""
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    relay.configure(configured(relay.folder, {"url": "az://box/usage"}))
    done = subprocess.run(
        [sys.executable, "-m", "relay", "serve"],
        cwd=relay.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode not in {0, -6}
    assert "usage.store: AZURE_STORAGE_ACCOUNT_NAME is not set" in done.stderr
