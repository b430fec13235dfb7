"""Rate limits both ways, and client reports, seen from outside."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sentry_sdk

from tests.fakes import Answer
from tests.system.running import (
    AUTH,
    ENVELOPE,
    FEW_RULES,
    KEY,
    PROJECT,
    Client,
    Relay,
    Reply,
    Sentry,
    event,
    project,
    running,
    until,
)

pytestmark = pytest.mark.system

SESSION = {"sid": "7c7b6585-f901-4351-bf8d-02711b721929", "status": "ok", "init": True}
OTHER_PROJECT, OTHER_KEY = "42", "4" * 32
QUIET = {"client_reports": {"enabled": False}}


@dataclass(frozen=True)
class Setup:
    """One relay before one Sentry, with two projects there."""

    relay: Relay
    client: Client
    sentry: Sentry

    def send(self, *items: tuple[str, Any], to: str = PROJECT, auth: str = AUTH) -> Reply:
        """Send JSON items of some kinds, with the user's consent."""
        lines: list[Any] = [{"consent": True}]
        for kind, document in items:
            lines += [{"type": kind}, document]
        path = ENVELOPE.replace(PROJECT, to)
        body = "\n".join(map(json.dumps, lines)).encode()
        return self.client.send("POST", path, [("X-Sentry-Auth", auth)], body)

    def teach(self, answer: Answer, number: int) -> None:
        """Let the upstream answer an event so, and return when the relay has learned from it."""
        before = sum(self.relay.count("relay_rate_limits_total").values())
        self.sentry.mini.script.append(answer)
        assert 200 == self.send(("event", event(number))).status
        until(
            lambda: sum(self.relay.count("relay_rate_limits_total").values()) > before,
            "the relay to learn",
        )

    def reported(self) -> Counter[tuple[str, str, str]]:
        """Sum up what client reports have told: list, reason and category."""
        found: Counter[tuple[str, str, str]] = Counter()
        for body in list(self.sentry.mini.delivered):
            lines = body.split(b"\n")
            for head, payload in zip(lines[1::2], lines[2::2], strict=False):
                if json.loads(head)["type"] == "client_report":
                    for name, entries in json.loads(payload).items():
                        for entry in entries if isinstance(entries, list) else []:
                            key = (name, entry["reason"], entry["category"])
                            found[key] += entry["quantity"]
        return found


@pytest.fixture
def setup(tmp_path: Path, sentry: Sentry) -> Iterator[Setup]:
    with running(
        tmp_path / "relay", {"projects": projects(sentry), "rules": FEW_RULES, **QUIET}
    ) as relay:
        client = Client(relay.port)
        yield Setup(relay, client, sentry)
        client.close()


def projects(sentry: Sentry) -> list[dict[str, Any]]:
    """Two projects of one Sentry, under keys of their own."""
    other = sentry.dsn(OTHER_PROJECT).replace("aa", "bb")
    return [
        project(sentry.dsn("7")),
        project(other, id=OTHER_PROJECT, key=OTHER_KEY),
    ]


def limits(text: str, status: int = 200, **more: str) -> Answer:
    return Answer(status, {"X-Sentry-Rate-Limits": text, **more})


@pytest.mark.parametrize(
    ("answer", "told", "others"),
    [
        (Answer(429), "60::key:generic", 429),
        (Answer(429, {"Retry-After": "90"}), "90::key:generic", 429),
        (limits("90:error:organization:quota", 429), "90:error:organization:quota", 200),
        (limits("90:error:project"), "90:error:project", 200),
        (limits("5:session:key, 90:error;transaction:key", 413), "90:error:key", 429),
        (limits("90::organization:x"), "90::organization:x", 429),
        (limits("90:error;new_category:key:<b>"), "90:error:key:generic", 200),
    ],
)
def test_what_the_upstream_says_the_client_hears(
    setup: Setup, answer: Answer, told: str, others: int
) -> None:
    """From any answer limits are learned; they hold for their categories and their key alone."""
    setup.teach(answer, 1)
    reply = setup.send(("event", event(2)))
    seconds, _, rest = told.partition(":")
    heard, _, heard_rest = reply.headers["x-sentry-rate-limits"].partition(":")
    assert (429, rest) == (reply.status, heard_rest)
    assert int(seconds) - 30 < int(heard) == int(reply.headers["retry-after"]) <= int(seconds)
    assert others == setup.send(("session", SESSION)).status
    elsewhere = setup.send(("event", event(3)), to=OTHER_PROJECT, auth=AUTH.replace(KEY, OTHER_KEY))
    assert 200 == elsewhere.status
    assert "x-sentry-rate-limits" not in elsewhere.headers
    counted = setup.relay.count("relay_items_total")
    assert 1 == counted["event", "rate_limited"]


def test_the_rest_of_an_envelope_goes_on(setup: Setup) -> None:
    """With 200, and the limit that stopped the event; a refusal for consent says nothing of it."""
    setup.teach(limits("90:error:key"), 1)
    reply = setup.send(("event", event(2)), ("session", SESSION))
    assert 200 == reply.status
    assert reply.headers["x-sentry-rate-limits"].endswith(":error:key")
    until(lambda: b'"session"' in setup.sentry.mini.delivered[-1], "the session to arrive")
    assert b'"event"' not in setup.sentry.mini.delivered[-1]
    silent = b"{}\n" + json.dumps({"type": "event"}).encode() + b"\n{}"
    refused = setup.client.send("POST", ENVELOPE, [("X-Sentry-Auth", AUTH)], silent)
    assert 403 == refused.status
    assert not {"x-sentry-rate-limits", "retry-after"} & refused.headers.keys()


def test_metrics_are_limited_by_namespace(setup: Setup) -> None:
    """A limit of one namespace stops metrics there, and no others."""
    setup.teach(limits("90:metric_bucket:organization:quota:spans"), 1)

    def bucket(namespace: str) -> tuple[str, Any]:
        name = f"c:{namespace}/things@none"
        return "metric_buckets", [
            {"timestamp": 1, "width": 1, "name": name, "type": "c", "value": 1}
        ]

    stopped = setup.send(bucket("spans"))
    assert 429 == stopped.status
    assert stopped.headers["x-sentry-rate-limits"].endswith(
        "metric_bucket:organization:quota:spans"
    )
    assert 200 == setup.send(bucket("custom")).status
    assert 200 == setup.send(("event", event(2))).status


def test_what_was_accepted_waits_for_the_end(setup: Setup) -> None:
    """A refused event stays in the spool, is not sent while the limit holds, and then arrives."""
    started = time.monotonic()
    setup.teach(limits("3:error:key", 429), 1)
    assert 429 == setup.send(("event", event(2))).status
    assert 200 == setup.send(("session", SESSION)).status
    until(lambda: len(setup.sentry.mini.delivered) == 1, "the session to arrive")
    setup.sentry.arrival(event(1)["event_id"])
    assert time.monotonic() - started >= 2.9
    assert 3 == len(setup.sentry.mini.received)
    later = setup.send(("event", event(3)))
    assert 200 == later.status
    assert "x-sentry-rate-limits" not in later.headers
    setup.sentry.arrival(event(3)["event_id"])


def test_a_real_sdk_stops_sending(setup: Setup) -> None:
    """sentry_sdk sends no more errors after our answer, and goes on with check-ins."""
    setup.teach(limits("90:error:key"), 1)
    dsn = f"http://{KEY}@127.0.0.1:{setup.relay.port}/consented/{PROJECT}"
    client = sentry_sdk.Client(dsn, default_integrations=False, auto_session_tracking=False)
    check_in = {"type": "check_in", "check_in_id": "a" * 32, "monitor_slug": "x", "status": "ok"}

    for number in range(10, 14):
        client.capture_event(event(number))
        client.flush(10)
    client.capture_event(check_in)
    client.close(10)
    until(lambda: setup.relay.count("relay_items_total")["check_in", "accepted"], "the check-in")
    events = setup.relay.count("relay_items_total")
    assert (1, 1) == (events["event", "rate_limited"], events["event", "accepted"])
    told = {("discarded_events", "ratelimit_backoff", "error"): 3}
    until(lambda: setup.reported() == told, "the SDK's own report to arrive")


def make_losses(setup: Setup) -> None:
    """Lose some things for different reasons."""
    attachment = json.dumps({"type": "attachment", "length": 5}).encode() + b"\n\x89PNG\xff\n"
    head = json.dumps({"consent": True}).encode() + b"\n"
    for _ in range(2):  # refused for want of consent
        silent = b"{}\n" + json.dumps({"type": "event"}).encode() + b"\n{}"
        assert 403 == setup.client.send("POST", ENVELOPE, [("X-Sentry-Auth", AUTH)], silent).status
    answer = setup.client.send("POST", ENVELOPE, [("X-Sentry-Auth", AUTH)], head + attachment)
    assert 200 == answer.status
    logs = json.dumps({"type": "log", "item_count": 3, "content_type": "x"}).encode()
    answer = setup.client.send(
        "POST", ENVELOPE, [("X-Sentry-Auth", AUTH)], head + logs + b"\n{broken"
    )
    assert 200 == answer.status
    assert 200 == setup.send(("made_up", {}), ("replay_video", {})).status
    assert 403 == setup.send(("event", event(9)), to="999").status


LOST = {
    ("filtered_events", "consent_missing", "error"): 2,
    ("filtered_events", "item_policy", "attachment"): 5,
    ("filtered_events", "item_policy", "attachment_item"): 1,
    ("filtered_events", "item_policy", "replay"): 1,
    ("discarded_events", "invalid", "log_byte"): 7,
    ("discarded_events", "invalid", "log_item"): 3,
}


def test_losses_are_reported(tmp_path: Path, sentry: Sentry) -> None:
    """Each loss once, in Sentry's quantities; what is limited or was refused upstream, too."""
    reports = {"interval": "1s"}
    config = {"projects": projects(sentry), "rules": FEW_RULES, "client_reports": reports}
    with running(tmp_path / "relay", config) as relay:
        setup = Setup(relay, Client(relay.port), sentry)
        make_losses(setup)
        until(lambda: setup.reported() == LOST, "the losses to be reported")
        sentry.mini.script.append(limits("90:error:key", 400))
        assert 200 == setup.send(("event", event(1))).status
        until(lambda: relay.count("relay_rate_limits_total"), "the relay to learn")
        assert 429 == setup.send(("event", event(2))).status
        more = {
            ("discarded_events", "rejected_upstream", "error"): 1,
            ("rate_limited_events", "rate_limited", "error"): 1,
        }
        until(lambda: setup.reported() == LOST | more, "the other losses to be reported")
        reports = [r for r in sentry.mini.received if b"client_report" in r.body]
        assert {"/api/7/envelope/"} == {report.path for report in reports}
        setup.client.close()


@pytest.mark.parametrize("enabled", [True, False])
def test_at_the_end_of_a_run_what_was_lost_is_kept(
    tmp_path: Path, sentry: Sentry, enabled: bool
) -> None:
    """The last report of a run goes out with the next start; switched off, there is none."""
    reports = {"interval": "1h", "enabled": enabled}
    config = {"projects": projects(sentry), "rules": FEW_RULES, "client_reports": reports}
    relay = Relay(tmp_path / "relay", config)
    with relay.running():
        setup = Setup(relay, Client(relay.port), sentry)
        make_losses(setup)
        setup.client.close()
    assert [] == sentry.mini.received
    with relay.running():
        setup = Setup(relay, Client(relay.port), sentry)
        assert 200 == setup.send(("event", event(1))).status
        sentry.arrival(event(1)["event_id"])
        relay.drain()
        assert (LOST if enabled else {}) == setup.reported()
        setup.client.close()


def test_a_folder_gets_no_reports(tmp_path: Path, sentry: Sentry) -> None:
    """What a newcomer finds in the inbox is what was sent, and nothing else."""
    config = {"client_reports": {"interval": "1h"}, "projects": [project("file:./inbox")]}
    relay = Relay(tmp_path / "relay", config)
    inbox = tmp_path / "relay" / "inbox"
    for number in (1, 2):
        with relay.running():
            setup = Setup(relay, Client(relay.port), sentry)
            make_losses(setup)
            assert 200 == setup.send(("event", event(number))).status
            found = f"*{event(number)['event_id']}.envelope"
            until(lambda found=found: list(inbox.glob(found)), "the event to be written")
            setup.client.close()
    assert 2 == len(list(inbox.glob("*.envelope")))
