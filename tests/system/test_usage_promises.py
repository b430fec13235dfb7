"""What docs/promises.md says of usage events, tried out on the running relay.

As `test_promises`: short, to be read by strangers. The relay and its store are a process and a
folder on this machine.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import duckdb
import pytest
import zstandard

from tests.system.running import (
    AUTH,
    ENVELOPE,
    Client,
    Headers,
    Relay,
    Sentry,
    envelope,
    event,
    project,
    sentry_in_thread,
    until,
)

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("usage_promises")]

SECRET = "one-secret-for-both-sets"
PATH = "/suite/log/web/stable.log"
YES = {"c_consent": "true"}


@pytest.fixture(scope="module")
def sentry() -> Iterator[Sentry]:
    with sentry_in_thread() as one:
        yield one


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory, sentry: Sentry) -> Iterator[Relay]:
    """A relay that takes both kinds of data, with the same secret for both."""
    config: dict[str, Any] = {
        "projects": [project(sentry.dsn())],
        "hash": {"secret": SECRET},
        "usage": {
            "apps": [{"name": "suite"}, {"name": "connect", "consent": "implied"}],
            "hash": {"secret": SECRET},
            "batch": {"every": "1s"},
        },
    }
    made = Relay(tmp_path_factory.mktemp("usage"), config, arguments=["--debug"])
    with made.running():
        yield made


class Sender:
    """Sends events as Suite does, each with ids of its own."""

    def __init__(self, relay: Relay, name: str) -> None:
        self.relay = relay
        self.number = 0
        self.name = name
        self.ids: list[str] = []

    def send(
        self, path: str = PATH, headers: Headers = (), *, without: str = "", **more: str
    ) -> int:
        """Send an event; return the status."""
        self.number += 1
        ids = {f"c_{one}_id": f"{one[:2]}{self.name}{self.number:03}" for one in _IDS}
        self.ids += ids.values()
        query = {
            "c_v": "1.39",
            "c_type": "settings/analytics",
            "c_commit": "04cafc8c8a72",
            **ids,
            "c_timestamp": str(int(time.time() * 1000)),
            "value": "true",
            **more,
        }
        query.pop(without, None)
        client = Client(self.relay.port)
        try:
            return client.send("GET", f"{path}?{urlencode(query)}", headers).status
        finally:
            client.close()


_IDS = ("instance", "session", "message")


def records(relay: Relay) -> list[dict[str, Any]]:
    """Return all that is in the store."""
    found = []
    for path in sorted((relay.folder / "usage-data").rglob("*.ndjson.zst")):
        with suppress(OSError):
            data = zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes())
            found += [json.loads(line) for line in data.splitlines()]
    return found


def written(relay: Relay, number: int, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Wait for records that are new, and return these."""
    until(lambda: len(records(relay)) >= len(before) + number, "records in the store")
    after = records(relay)
    for one in before:
        after.remove(one)
    return after


def everything(relay: Relay) -> bytes:
    """Return all bytes below the relay's folder, objects unpacked, and its metrics."""
    files = [path.read_bytes() for path in relay.folder.rglob("*") if path.is_file()]
    lines = [json.dumps(record).encode() for record in records(relay)]
    return b"\n".join([*files, *lines, relay.metrics().encode()])


def traces(relay: Relay, sender: Sender) -> list[str]:
    """Return the ids that came to lie somewhere."""
    kept = everything(relay)
    return [one for one in sender.ids if one.encode() in kept]


# --- permission ----------------------------------------------------------------------------------


def test_without_permission_no_usage_event_is_kept(relay: Relay) -> None:
    """One that says nothing is refused, and of it there is a number and nothing else."""
    sender, before = Sender(relay, "nothing"), records(relay)
    counted = relay.count("relay_usage_events_total")["suite", "consent_missing"]
    assert [403, 204] == [sender.send(c_commit="badbadbad0"), sender.send(**YES)]
    (kept,) = written(relay, 1, before)
    assert "04cafc8c8a72" == kept["commit"]
    assert b"badbadbad0" not in everything(relay)
    assert counted + 1 == relay.count("relay_usage_events_total")["suite", "consent_missing"]


def test_one_no_outweighs_every_yes_for_usage_events(relay: Relay) -> None:
    """In the query, in the header, twice, and of a client that is believed if it says nothing."""
    sender, before = Sender(relay, "denied"), records(relay)
    no, yes = ("X-Suite-Consent", "false"), ("X-Suite-Consent", "true")
    implied = "/connect/log/web/stable.log"
    refused = [
        sender.send(c_consent="false"),
        sender.send(c_consent="TRUE"),
        sender.send(headers=[yes], c_consent="false"),
        sender.send(headers=[no], **YES),
        sender.send(headers=[yes, no]),
        sender.send(implied, c_type="app/ready", c_consent="false"),
        sender.send(implied, [no], c_type="app/ready"),
    ]
    assert [403] * 7 == refused
    assert 204 == sender.send(implied, c_type="app/ready")
    assert 1 == len(written(relay, 1, before))


def test_an_opt_out_is_the_decision_and_nothing_else(relay: Relay) -> None:
    """Of who says no to usage data four words are kept, whatever else was sent."""
    sender, before = Sender(relay, "optout"), records(relay)
    phone = {"c_type": "settings/data_permission", "analyticsPermission": "false"}
    assert [204] * 3 == [
        sender.send(value="false", c_consent="false", extra="x", c_commit="badbadbad1"),
        sender.send(value="false", headers=[("X-Suite-Consent", "false")], without="c_instance_id"),
        sender.send(**phone),
    ]
    kept = written(relay, 3, before)
    today = datetime.now(UTC).date().isoformat()
    decision = {"decision": "opt_out", "day": today, "app": "suite", "version": "1.39"}
    assert [decision] * 3 == kept
    assert [] == traces(relay, sender)
    assert b"badbadbad1" not in everything(relay)
    folders = (relay.folder / "usage-data" / "opt_outs").rglob("*.zst")
    assert {f"dt={today}"} == {path.parent.name for path in folders}


# --- content -------------------------------------------------------------------------------------


def test_of_a_usage_event_only_the_list_is_kept(relay: Relay) -> None:
    """What is not on the list is dropped: types, attributes, and all that a request says beside."""
    sender, before = Sender(relay, "listed"), records(relay)
    headers = [
        ("User-Agent", "agent-of-jane"),
        ("Referer", "http://jane.example/"),
        ("X-Forwarded-For", "203.0.113.99"),
        ("Cookie", "jane=1"),
    ]
    assert [204, 204] == [
        sender.send(c_type="jane/was-here", **YES),
        sender.send(headers=headers, walletLabel="savings-of-jane", jane="1", amount="0.5", **YES),
    ]
    (kept,) = written(relay, 1, before)
    assert ({"value": True}, "1.39", "stable") == (
        kept.pop("attributes"), kept.pop("version"), kept.pop("channel"),
    )  # fmt: skip
    assert ("settings/analytics", "04cafc8c8a72") == (kept.pop("type"), kept.pop("commit"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:00:00Z", kept.pop("time"))
    assert {"instance", "session", "message"} == set(kept)
    assert all(re.fullmatch("[0-9a-f]{32}", text) for text in kept.values())
    assert [] == [
        word for word in (b"jane", b"203.0.113.99", b"amount") if word in everything(relay)
    ]
    assert [] == traces(relay, sender)


def test_the_two_sets_cannot_be_joined(relay: Relay, sentry: Sentry) -> None:
    """A user's report of an error and usage events have no id in common, by one secret even.

    The report holds the URL of the usage event, as Suite's breadcrumbs do; of it the path stays.
    """
    sender, before = Sender(relay, "joined"), records(relay)
    assert 204 == sender.send(**YES)
    instance, session, message = sender.ids
    url = f"https://relay.example{PATH}?" + urlencode(
        {"c_type": "settings/analytics", "c_instance_id": instance, "c_session_id": session,
         "c_timestamp": "1763800000123", "c_message_id": message, "value": "true"}
    )  # fmt: skip
    crumbs = [{"category": "fetch", "data": {"url": url, "method": "GET"}}]
    body = event(7001, user={"id": instance}, breadcrumbs=crumbs, extra={"c_message_id": message})
    client = Client(relay.port)
    reply = client.send("POST", ENVELOPE, [("X-Sentry-Auth", AUTH)], envelope(body))
    client.close()
    assert 200 == reply.status
    report = sentry.arrival(body["event_id"])
    (usage,) = written(relay, 1, before)
    assert f"https://relay.example{PATH}?[usage]" == report["breadcrumbs"][0]["data"]["url"]
    assert report["user"]["id"].startswith("hash:")
    words = set(re.findall(r"[0-9a-zA-Z]{8,}", json.dumps(report)))
    pseudonyms = {usage[name] for name in _IDS}
    assert 3 == len(pseudonyms)
    assert set() == {one for one in words for two in pseudonyms if one in two or two in one}
    assert [] == [one for one in sender.ids if one in json.dumps([report, usage])]


# --- kept so long, and shown so ------------------------------------------------------------------


def command(relay: Relay, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `relay` in the relay's folder, with its configuration."""
    call = [sys.executable, "-m", "relay", *words]
    return subprocess.run(
        call, cwd=relay.folder, capture_output=True, text=True, timeout=120, check=False
    )


def put(relay: Relay, day: date, number: int, lines: list[dict[str, Any]]) -> Path:
    """Put an object of a day into the store, as the relay writes it."""
    folder = f"usage-data/events/app=suite/environment=web/dt={day}/hh=10"
    path = relay.folder / folder / f"{number:032x}.ndjson.zst"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    path.write_bytes(zstandard.ZstdCompressor().compress(text.encode()))
    return path


def line(person: int, day: date, **attributes: Any) -> dict[str, Any]:
    """A record as the relay makes it."""
    return {
        "type": "device-connect",
        "version": "1.39",
        "commit": "04cafc8c8a72",
        "channel": "stable",
        "instance": f"{person:032x}",
        "session": f"{person + 5000:032x}",
        "message": f"{person + 9000:032x}",
        "time": f"{day}T10:00:00Z",
        "attributes": attributes,
    }


def test_what_is_older_than_ninety_days_is_deleted(relay: Relay) -> None:
    """By its day: what is of the ninety-first day before goes, and nothing younger."""
    today = datetime.now(UTC).date()
    old = put(relay, today - timedelta(days=91), 1, [line(1, today)])
    young = put(relay, today - timedelta(days=88), 2, [line(2, today)])
    done = command(relay, "usage", "expire")
    assert (0, False, True) == (done.returncode, old.exists(), young.exists()), done.stderr
    young.unlink()


def test_a_set_shows_no_small_group(relay: Relay, tmp_path: Path) -> None:
    """What twelve people have in common is shown; what three have, is not."""
    day = datetime.now(UTC).date() - timedelta(days=5)
    many = [line(100 + n, day, language="en") for n in range(12)]
    few = [line(200 + n, day, language="is") for n in range(3)]
    path = put(relay, day, 3, many + few)
    done = command(relay, "usage", "export", "--day", str(day), "--to", str(tmp_path))
    path.unlink()
    assert 0 == done.returncode, done.stderr
    (table,) = tmp_path.rglob("device-connect/*.parquet")
    with duckdb.connect(":memory:") as base:
        rows = base.execute("SELECT * FROM read_parquet(?)", [str(table)]).fetchall()
    text = "\n".join(map(str, rows))
    assert 12 == text.count("'en'")
    assert "'is'" not in text
