"""All of `/metrics`, after a relay was driven through every end that is reached from outside."""

import gzip
import json
import re
import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import Answer
from tests.system.running import (
    KEY,
    Client,
    Headers,
    Relay,
    Sentry,
    event,
    project,
    running,
    sentry_in_thread,
    until,
)

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
MAIN, MINIMAL, LIMITED, DEAD, OTHER = "1", "2", "3", "4", "77"
SECRET = "203.0.113.77"
RULE = """\
description: d
why: w
match: {pattern: '%s'}
redact: {method: replace, text: '[%s]'}
examples:
  scrubs: [{in: '%s', out: '%s'}, {in: 'x %s y', out: 'x %s y'}]
  leaves: [nothing, near]
"""
CONFIG: dict[str, Any] = {
    "rules": ["rules"],
    "items": {"session": "drop"},
    "limits": {"envelope": "200kB", "event": "100kB"},
    "spool": {"backend": "sqlite", "path": "spool.db", "max_bytes": "150kB"},
    "client_reports": {"enabled": False},
}
NOT_FROM_HERE = {
    "overloaded": "many large bodies at one time",
    "spool_unavailable": "a disk that cannot be written",
    "expired": "a second relay below",
    "unroutable": "a second relay below",
    "tries_exhausted": "a thousand tries",
    "internal": "a mistake of ours, which is not known",
}
"""Reasons that this test does not reach, and why."""

TRIED = f'relay_upstream_responses_total{{project="{DEAD}",status="error"}}'
CIRCUIT = "relay_upstream_circuit"
NAMES = ("relay_envelopes_total", "relay_items_total", "relay_buried_total")
Samples = dict[str, float]


def free_port() -> int:
    """A port at which nobody answers."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def rule(word: str, out: str, **more: str) -> str:
    """A rule that replaces a word."""
    text = RULE % (re.escape(word), out, word, f"[{out}]", word, f"[{out}]")
    return text + "".join(f"{key}: {value}\n" for key, value in more.items())


def write_rules(folder: Path) -> None:
    """One rule, and one on trial."""
    rules = folder / "rules" / "t"
    rules.mkdir(parents=True)
    (rules / "address.yaml").write_text("id: t/address\n" + rule(SECRET, "address"))
    trial = rule("perhaps", "trial", status="shadow")
    (rules / "trial.yaml").write_text("id: t/trial\n" + trial)


def samples(text: str) -> Samples:
    """Every sample of the page that is not 0, by name and labels."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            if float(value):
                found[name] = float(value)
    return found


@dataclass
class Drive:
    """One relay, and what its metrics have to say of all that was sent."""

    relay: Relay
    sentry: Sentry
    client: Client
    want: Counter[str] = field(default_factory=Counter)

    def send(
        self,
        body: bytes,
        status: int,
        outcome: str | None,
        *,
        to: str = MAIN,
        label: str | None = None,
        taken: bool = True,
        headers: Headers = (),
        path: str = "/api/{}/envelope/",
        route: str = "envelope",
        method: str = "POST",
        key: str = KEY,
    ) -> None:
        """Send something; `taken` says that it gets as far as to be taken apart."""
        query = f"?sentry_key={key}" if key else ""
        reply = self.client.send(method, path.format(to) + query, headers, body)
        assert (status, body[:80]) == (reply.status, body[:80])
        self.want[f'relay_requests_total{{route="{route}",status="{status}"}}'] += 1
        if outcome is not None:
            name = to if label is None else label
            self.want[f'relay_envelopes_total{{outcome="{outcome}",project="{name}"}}'] += 1
        self.want["relay_scrub_seconds_count"] += taken
        if taken or outcome == "invalid_envelope":
            self.want["relay_envelope_bytes_count"] += 1
            self.want["relay_envelope_bytes_sum"] += len(body)
            size = next((s for s in (1024, 4096, 16384, 65536, 262144) if len(body) <= s), 0)
            for bound in (1024, 4096, 16384, 65536, 262144):
                if size <= bound:
                    self.want[f'relay_envelope_bytes_bucket{{le="{float(bound)}"}}'] += 1

    def items(self, verdict: str | None, *ends: tuple[str, str]) -> None:
        """Expect a verdict, and items that came to an end each."""
        if verdict is not None:
            self.want[f'relay_consent_total{{verdict="{verdict}"}}'] += 1
        for kind, reason in ends:
            self.want[f'relay_items_total{{kind="{kind}",reason="{reason}"}}'] += 1

    def answered(self, status: str, *, to: str = MAIN, arrived: bool = True) -> None:
        """Expect an answer of the upstream."""
        name = "relay_upstream_responses_total"
        self.want[f'{name}{{project="{to}",status="{status}"}}'] += 1
        self.want["relay_upstream_send_seconds_count"] += 1
        self.want["relay_delivery_seconds_count"] += arrived

    def found(self) -> Samples:
        """What the page says, but what hangs on time, and what a process needs."""
        found = samples(self.relay.metrics())
        for name in list(found):
            if re.search(
                r"_seconds(_bucket|_sum)|_timestamp_seconds|_bytes_bucket\{le=\"(\+Inf|\d\.\d+e)",
                name,
            ):
                del found[name]
        return found


def write(*items: tuple[dict[str, Any], bytes], **head: Any) -> bytes:
    """Write an envelope."""
    lines = [json.dumps(head).encode()]
    for header, payload in items:
        lines += [json.dumps({**header, "length": len(payload)}).encode(), payload]
    return b"\n".join(lines)


def of(number: int, **more: Any) -> tuple[dict[str, Any], bytes]:
    """An item with an event."""
    return {"type": "event"}, json.dumps(event(number, **more)).encode()


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Drive]:
    folder = tmp_path / "relay"
    write_rules(folder)
    with sentry_in_thread() as sentry:
        nobody = f"http://{KEY}@127.0.0.1:{free_port()}/9"
        projects = [
            project(sentry.dsn("10"), id=MAIN),
            project(sentry.dsn("20"), id=MINIMAL, consent={"missing": "minimal"}),
            project(sentry.dsn("30").replace("aa", "bb"), id=LIMITED),
            project(nobody, id=DEAD),
            project(
                f"http://127.0.0.1:{sentry.port}", id="*", key="*", consent={"required": False}
            ),
        ]
        with running(folder, {**CONFIG, "projects": projects}) as relay:
            client = Client(relay.port)
            yield Drive(relay, sentry, client)
            client.close()


def reasons() -> set[str]:
    """Every reason that there is, from the page about operation."""
    page = (ROOT / "docs" / "operate.md").read_text("utf-8")
    table = page.partition("| reason | meaning |")[2].partition("\n\n")[0]
    return set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))


def test_everything_is_counted(drive: Drive) -> None:
    """After every end that can be reached, the page says exactly that, and no word of a payload."""
    refused_at_the_door(drive)
    refused_for_consent(drive)
    items_that_fall(drive)
    redactions(drive)
    what_upstreams_do(drive)
    a_spool_that_is_full(drive)
    until(lambda: TRIED in samples(drive.relay.metrics()), "a try to send to the one that is away")
    until(lambda: "relay_requests_under_way" not in drive.found(), "the last answer to end")
    found = drive.found()
    for name in ("relay_memory_bytes", "relay_cpu_seconds_total", "relay_start_time_seconds"):
        assert found.pop(name) > 0
    assert found.pop("relay_connections", 1) == 1  # looked at every second
    looks = 'relay_admin_requests_total{outcome="done",scope="metrics"}'
    assert found.pop(looks) > 1  # each look is one
    state(drive, found)
    assert dict(drive.want) == found
    counted = {
        reason
        for name in found
        if name.startswith(NAMES)
        for reason in re.findall(r'(?:reason|outcome)="(\w+)"', name)
    }
    assert reasons() == counted | NOT_FROM_HERE.keys()
    assert not counted & NOT_FROM_HERE.keys()
    assert SECRET not in drive.relay.metrics()


def refused_at_the_door(drive: Drive) -> None:
    """What is refused before it is taken apart."""
    good = write(of(1))
    drive.send(good, 401, "auth", taken=False, key="")
    drive.send(good, 403, "unknown_project", taken=False, key="f" * 32)
    drive.send(good, 403, "unknown_project", to="x", label="unknown", taken=False)
    drive.send(
        good, 415, "unsupported_encoding", taken=False, headers=(("Content-Encoding", "lzw"),)
    )
    broken = gzip.compress(good)[:-9]
    drive.send(broken, 400, "invalid_body", taken=False, headers=(("Content-Encoding", "gzip"),))
    drive.send(b"x" * 300_000, 413, "too_large", taken=False)
    drive.send(b"not an envelope", 400, "invalid_envelope", taken=False)
    path = "/api/{}/nothing/"
    drive.send(good, 404, "unknown_route", label="unknown", taken=False, path=path, route="unknown")
    drive.send(b"", 405, "unknown_route", taken=False, method="GET")
    drive.send(b"", 200, None, taken=False, method="OPTIONS")


def refused_for_consent(drive: Drive) -> None:
    """No word of it, and a no; where a project takes skeletons, those; a feedback is its own."""
    drive.send(write(of(2, tags={})), 403, "consent_missing")
    drive.items("missing", ("event", "consent_missing"))
    drive.send(write(of(3, tags={"allowReport": False})), 403, "consent_denied")
    drive.items("denied", ("event", "consent_denied"))
    drive.send(write(of(4, tags={})), 200, "accepted", to=MINIMAL)
    drive.items("minimal", ("event", "accepted"))
    drive.answered("200", to=MINIMAL)
    drive.send(write(of(5, tags={})), 200, "accepted", to=OTHER, label="*")
    drive.items("not_required", ("event", "accepted"))
    drive.answered("200", to="*")
    words = {"contexts": {"feedback": {"message": "slow"}}, "event_id": f"{6:032x}"}
    drive.send(write(({"type": "feedback"}, json.dumps(words).encode())), 200, "accepted")
    drive.items("explicit", ("feedback", "accepted"))
    drive.answered("200")


def items_that_fall(drive: Drive) -> None:
    """One envelope whose event goes on, and of which all else falls; and one of nothing."""
    deep = b'{"a":' * 300 + b"1" + b"}" * 300
    body = write(
        of(7),
        ({"type": "a new kind"}, b"{}"),
        ({"type": "session"}, b"{}"),
        ({"type": "check_in"}, b"{broken"),
        ({"type": "user_report"}, deep),
    )
    drive.send(body, 200, "accepted")
    ends = [("event", "accepted"), ("unknown", "unknown_item"), ("session", "item_policy")]
    drive.items("granted", *ends, ("check_in", "invalid"), ("user_report", "scrub_failed"))
    drive.answered("200")
    drive.send(b"{}", 200, "empty")


def redactions(drive: Drive) -> None:
    """By the rule; what a rule on trial would do; and the same envelope once more."""
    body = write(of(8, message=f"{SECRET} perhaps", extra={"a": SECRET, "b": "perhaps, perhaps"}))
    for _ in range(2):
        drive.send(body, 200, "accepted")
        drive.items("granted", ("event", "accepted"))
        drive.want['relay_redactions_total{rule="t/address"}'] += 2
        drive.want['relay_shadow_hits_total{rule="t/trial"}'] += 3
    drive.want["relay_repeats_total"] += 1
    drive.answered("200")
    drive.relay.drain()


def what_upstreams_do(drive: Drive) -> None:
    """Refuse one for ever, set a limit, break down once; and one that is not there."""
    drive.sentry.mini.script.append(Answer(400))
    drive.send(write(of(9)), 200, "accepted")
    drive.items("granted", ("event", "accepted"))
    drive.answered("400", arrived=False)
    drive.want['relay_buried_total{reason="rejected_upstream"}'] += 1
    drive.relay.drain()
    drive.sentry.mini.script.append(Answer(200, {"X-Sentry-Rate-Limits": "900:error:key"}))
    drive.send(write(of(10)), 200, "accepted", to=LIMITED)
    drive.items("granted", ("event", "accepted"))
    drive.answered("200", to=LIMITED)
    drive.want['relay_rate_limits_total{category="error"}'] += 1
    drive.relay.drain()
    drive.send(write(of(11)), 429, "rate_limited", to=LIMITED)
    drive.items("granted", ("event", "rate_limited"))
    drive.sentry.mini.script.append(Answer(503))
    drive.send(write(of(12)), 200, "accepted")
    drive.items("granted", ("event", "accepted"))
    drive.answered("503", arrived=False)
    drive.want["relay_upstream_retries_total"] += 1
    drive.answered("200")
    drive.relay.drain()


def a_spool_that_is_full(drive: Drive) -> None:
    """Two large events for an upstream that is away: there is room for one."""
    drive.send(write(of(13, extra={"a": "x" * 90_000})), 200, "accepted", to=DEAD)
    drive.send(write(of(14, extra={"a": "x" * 90_000})), 429, "spool_full", to=DEAD)
    drive.items("granted", ("event", "accepted"))
    drive.items("granted", ("event", "spool_full"))


def state(drive: Drive, found: Samples) -> None:
    """What stands at the end; sends to the one that is away go on, so they are as many as seen."""
    tries = found[TRIED]
    drive.want[TRIED] = int(tries)
    drive.want["relay_upstream_retries_total"] += int(tries)
    drive.want["relay_upstream_send_seconds_count"] += int(tries)
    drive.want["relay_spool_bytes"] = int(found["relay_spool_bytes"])
    assert 90_000 < found["relay_spool_bytes"] <= 150_000
    ready, claimed = (f'relay_spool_envelopes{{state="{s}"}}' for s in ("ready", "claimed"))
    found[ready] = found.get(ready, 0) + found.pop(claimed, 0)  # it may be on its way just now
    for name in ("oldest_seconds", "limited_until_seconds"):
        key = next(key for key in found if name in key)
        assert found.pop(key) > 0
    circuits = {name for name in found if name.startswith(f'{CIRCUIT}{{project="{DEAD}"')}
    assert circuits & {f'{CIRCUIT}{{project="{DEAD}",state="{s}"}}' for s in ("open", "half_open")}
    for name in circuits:
        del found[name]
    closed = {
        f'{CIRCUIT}{{project="{p}",state="closed"}}': 1 for p in (MAIN, MINIMAL, LIMITED, "*")
    }
    drive.want.update(closed)
    version = next(name for name in found if name.startswith("relay_build_info"))
    (digest,) = [name for name in found if name.startswith("relay_rules_workers{")]
    assert re.fullmatch(r'relay_rules_workers\{digest="[0-9a-f]{12}"\}', digest)
    drive.want.update(
        {
            'relay_spool_envelopes{state="buried"}': 1,
            'relay_spool_envelopes{state="ready"}': 1,
            "relay_spool_max_bytes": 150_000,
            'relay_consent_not_required{project="*"}': 1,
            "relay_rules_loaded": 2,
            digest: 1,
            "relay_workers": 1,
            'relay_ready{part="serving"}': 1,
            'relay_ready{part="spool"}': 1,
            'relay_ready{part="forwarder"}': 1,
            version: 1,
        }
    )


def test_what_is_given_up_later_is_counted(tmp_path: Path) -> None:
    """An envelope that waits too long; one of a project that is gone after a restart; damage."""
    nobody = f"http://{KEY}@127.0.0.1:{free_port()}/9"
    base: dict[str, Any] = {**CONFIG, "spool": {"path": "spool.db", "max_age": "1s"}}
    write_rules(tmp_path / "relay")
    relay = Relay(tmp_path / "relay", {**base, "projects": [project(nobody, id=MAIN)]})
    with relay.running():
        client = Client(relay.port)
        body = write(of(1))
        path = f"/api/{MAIN}/envelope/?sentry_key={KEY}"
        assert 200 == client.send("POST", path, (), body).status
        client.close()
        until(lambda: relay.count("relay_spool_dropped_total"), "it to expire")
        assert {("expired",): 1} == relay.count("relay_spool_dropped_total")
    base["spool"]["max_age"] = "1h"
    relay.configure({**base, "projects": [project(nobody, id=MAIN)]})
    with relay.running():
        client = Client(relay.port)
        assert 200 == client.send("POST", path, (), write(of(2))).status
        client.close()
    relay.configure({**base, "projects": [project(nobody, id=DEAD)]})
    with relay.running():
        until(lambda: relay.count("relay_buried_total"), "it to be buried")
        assert {("unroutable",): 1} == relay.count("relay_buried_total")
        assert {(): 0} == relay.count("relay_spool_damaged_total")
    spool = tmp_path / "relay" / "spool.db"
    spool.write_bytes(b"x" * 100_000)
    for companion in ("-wal", "-shm"):
        spool.with_name(spool.name + companion).unlink(missing_ok=True)
    with relay.running():
        assert {(): 1} == relay.count("relay_spool_damaged_total")
