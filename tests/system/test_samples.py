"""Every request that real SDKs have sent, through the running relay, four times over.

`plain` is the default configuration; `named` also knows the names under which the samples carry
consent; `open` asks for no consent, so that every kind of item is scrubbed and goes on; `replays`
has recordings scrubbed too.
"""

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from tests.fakes import Answer, Received
from tests.system import planted
from tests.system.captured import (
    SAMPLES,
    Channels,
    Expected,
    client_of,
    debugging_facts,
    essentials,
    item_counts,
    load,
    read_items,
)
from tests.system.planted import Leak, Needles
from tests.system.running import KEY, Client, Relay, Reply, project, running, sentry_in_thread

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("samples")]

SETUPS = {
    "plain": Channels("X-Suite-Consent", "consent"),
    "named": Channels("X-Trezor-Consent", "allow_report", flags=("coinjoinReport",)),
    "open": Channels("X-Suite-Consent", "consent", required=False),
    "replays": Channels(
        "X-Suite-Consent", "consent", required=False, scrubbed=frozenset({"replay_recording"})
    ),
}
ALL = load(SAMPLES)

# How many samples are owed which answer, and why: worked out once by reading the table that came
# with the captures, and held here so that a reader that goes wrong does not go unseen.
TABLE: dict[str, dict[tuple[int, str], int]] = {
    "plain": {
        (200, "granted by the tag"): 119,
        (200, "granted by the URL"): 18,
        (200, "the user's own act"): 5,
        (200, "preflight"): 18,
        (403, "denied by the tag"): 4,
        (403, "nothing speaks of consent"): 151,
        (404, "a path prefix that says nothing to the relay"): 16,
    },
    "named": {
        (200, "granted by the HTTP header"): 28,
        (200, "granted by the envelope header"): 35,
        (200, "granted by the tag"): 111,
        (200, "granted by the URL"): 18,
        (200, "the user's own act"): 2,
        (200, "preflight"): 18,
        (403, "denied by the tag"): 4,
        (403, "nothing speaks of consent"): 99,
        (404, "a path prefix that says nothing to the relay"): 16,
    },
    "open": {
        (200, "granted by nobody asks"): 297,
        (200, "preflight"): 18,
        (404, "a path prefix that says nothing to the relay"): 16,
    },
}
TABLE["replays"] = TABLE["open"]


@dataclass(frozen=True)
class Run:
    """What came of sending all samples to one relay."""

    channels: Channels
    expected: dict[str, Expected]
    replies: dict[str, Reply]
    received: list[Received]
    leaks: list[Leak]
    items: Counter[tuple[str, ...]]

    @property
    def documents(self) -> dict[str, dict[str, Any]]:
        """The error events that arrived, by their ids."""
        items = (item for one in self.received for item in read_items(one.body))
        events = (item.document for item in items if item.kind == "event")
        return {event["event_id"]: event for event in events}


@pytest.fixture(scope="module")
def needles() -> Needles:
    return planted.load(SAMPLES)


@pytest.fixture(
    scope="module",
    params=["plain", "named", "open", pytest.param("replays", marks=pytest.mark.long)],
)
def run(
    request: pytest.FixtureRequest, needles: Needles, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Run]:
    """Send everything while the upstream keeps quiet, look at the spool, then let it flow."""
    channels = SETUPS[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    with sentry_in_thread() as sentry:
        sentry.mini.script.append(Answer(hang=True))
        config = {
            "projects": [project(sentry.dsn())],
            "consent": channels.config(),
            "items": dict.fromkeys(channels.scrubbed, "scrub"),
        }
        leaks: list[Leak] = []
        with running(folder, config) as relay:
            replies = _send_all(relay)
            assert relay.waiting() > 100
            leaks += needles.find_in_folder(folder)
            sentry.release()
            relay.drain()
            leaks += needles.find("/metrics", relay.metrics().encode())
            items = relay.count("relay_items_total")
        leaks += needles.find_in_folder(folder)
        for one in sentry.mini.received:
            leaks += needles.find("upstream, headers", json.dumps(one.headers).encode())
            leaks += needles.find("upstream, path", one.path.encode())
            for item in _parts(one):
                leaks += needles.find(*item)
        for name, reply in replies.items():
            leaks += needles.find(f"answer to {name}", repr(reply).encode())
        expected = {sample.name: sample.expected(channels) for sample in ALL}
        yield Run(channels, expected, replies, list(sentry.mini.received), leaks, items)


def _send_all(relay: Relay) -> dict[str, Reply]:
    client = Client(relay.port)
    try:
        return {
            sample.name: client.send(sample.method, sample.path, sample.headers, sample.body)
            for sample in ALL
        }
    finally:
        client.close()


def _parts(received: Received) -> Iterator[tuple[str, bytes]]:
    """Name what arrived by envelope and kind, so that a leak says where it is."""
    head, _, _ = received.body.partition(b"\n")
    name = json.loads(head).get("event_id", "without id")
    yield f"envelope header, {name}", head
    for item in read_items(received.body):
        yield f"item header of {item.kind}, {name}", json.dumps(item.header).encode()
        yield f"{item.kind}, {name}", item.text


@pytest.mark.parametrize("setup", list(SETUPS))
def test_expectations_add_up(setup: str) -> None:
    """What is expected of the samples is what was counted by hand, reason by reason."""
    expected = Counter(
        (one.status, one.why) for one in (sample.expected(SETUPS[setup]) for sample in ALL)
    )
    assert TABLE[setup] == dict(expected)


def test_the_samples_hold_every_planted_value(needles: Needles) -> None:
    """Each planted value is found in what the SDKs have sent: else not finding it shows nothing."""
    found = {leak.name for sample in ALL for leak in needles.find(sample.name, sample.decoded)}
    listed = json.loads((SAMPLES / "planted.json").read_text()).keys()
    assert {"ypub", "ltc"} == listed - found  # given to the apps, but no request carries them


def test_recordings_of_replays_hold_planted_values(needles: Needles) -> None:
    """In all but one, once it is opened: else that none comes out would show nothing."""
    recordings = [item for s in ALL for item in s.items if item.kind == "replay_recording"]
    assert (8, 7) == (len(recordings), sum(bool(needles.find("", one.text)) for one in recordings))


@pytest.mark.parametrize("value", ["xpub6BiVtCpG9fQPxnPmHXG8PhtzQdWC2Su4qWu6XW", "Jane's Trezor"])
@pytest.mark.parametrize(
    "dress",
    [str, str.upper, quote, json.dumps, lambda text: b64encode(f"<{text}>".encode()).decode()],
)
def test_a_value_is_found_in_any_dress(value: str, dress: Callable[[str], str]) -> None:
    """The search sees through case, escapes, percent-encoding and base64 with something around."""
    found = Needles({"it": value}).find("here", f"a {dress(value)} b".encode())
    assert ["it"] == list({leak.name for leak in found})


def test_every_request_is_answered_as_its_consent_says(run: Run) -> None:
    """Each sample gets the status that its own evidence, route and method call for."""
    wrong = {
        name: (one, reply.status, reply.body)
        for name, one in run.expected.items()
        if (reply := run.replies[name]).status != one.status
    }
    assert {} == wrong


def test_nothing_planted_comes_out_anywhere(run: Run) -> None:
    """No planted value, however spelt, is upstream, on disk, in the output, metrics or answers."""
    assert [] == run.leaks


def test_everything_consented_arrives(run: Run) -> None:
    """Each accepted event arrives, and nothing that was not accepted does."""
    accepted = [
        sample for sample in ALL if ("event", "accepted") in run.expected[sample.name].items
    ]
    owed = {sample.event["event_id"] for sample in accepted if sample.event is not None}
    # An event without an id (a coinjoin report) gets one from the relay.
    nameless = sum(sample.event is None for sample in accepted)
    arrived = set(run.documents)
    assert set() == owed - arrived
    assert nameless == len(arrived - owed)


def test_each_item_is_counted_once_under_its_reason(run: Run) -> None:
    """The metrics say of every kind how many items went on, and why the others did not."""
    assert item_counts(list(run.expected.values())) == run.items


def test_what_debugging_needs_survives(run: Run, needles: Needles) -> None:
    """Types, functions, lines, file names, level and release arrive as the SDK sent them."""
    originals = {
        sample.event["event_id"]: debugging_facts(sample.event)
        for sample in ALL
        if sample.event is not None
    }
    arrived = {name: debugging_facts(event) for name, event in run.documents.items()}
    changed = {
        name: _differences(originals[name], arrived[name], needles)
        for name in originals.keys() & arrived.keys()
    }
    assert {} == {name: found for name, found in changed.items() if found}


def test_other_kinds_keep_what_they_are_for(run: Run, needles: Needles) -> None:
    """Sessions, spans, logs, metrics, profiles, replays arrive with their ids, times and values."""
    sent = {
        part
        for sample in ALL
        for item, (_, reason) in zip(sample.items, run.expected[sample.name].items, strict=False)
        if reason == "accepted"
        for part in essentials(item)
        if not needles.find("", part[1].encode())
    }
    arrived = {
        part for one in run.received for item in read_items(one.body) for part in essentials(item)
    }
    assert set() == sent - arrived
    assert {kind for kind, _ in sent} == {kind for kind, _ in arrived}


def _differences(
    original: dict[str, Any], arrived: dict[str, Any], needles: Needles
) -> list[tuple[str, Any, Any]]:
    """Compare fact by fact; one that itself holds a planted value has to be different."""
    found = []
    for name, value in original.items():
        other = arrived[name]
        pairs = [(value, other)]
        if isinstance(value, list):
            if len(value) != len(other):
                return [(name, len(value), len(other))]
            pairs = list(zip(value, other, strict=True))
        found += [
            (name, before, after)
            for before, after in pairs
            if before != after and not needles.find(name, repr(before).encode())
        ]
    return found


def test_the_upstream_sees_the_relay_and_not_the_client(run: Run) -> None:
    """No header of the client goes upstream, nor its key, and nothing asks to infer an address."""
    allowed = {
        "host", "content-type", "content-length", "content-encoding", "x-sentry-auth",
        "user-agent", "accept", "accept-encoding", "transfer-encoding",
    }  # fmt: skip
    assert set() == {name for one in run.received for name in one.headers} - allowed
    assert all("sentry_key=aaaa" in one.headers["x-sentry-auth"] for one in run.received)
    parts = [part for one in run.received for part in _parts(one)]
    assert [] == [name for name, data in parts if "header" in name and KEY.encode() in data]
    settings = {id_: event["sdk"].get("settings") for id_, event in run.documents.items()}
    assert {} == {id_: found for id_, found in settings.items() if found != {"infer_ip": "never"}}
    assert [] == [
        id_ for id_, event in run.documents.items() if "ip_address" in event.get("user", {})
    ]


def test_preflights_let_the_consent_header_pass(run: Run) -> None:
    """A browser's preflight is answered 200 with all that CORS asks for, and without a body."""
    preflights = [sample for sample in ALL if sample.method == "OPTIONS"]
    assert len(preflights) == 18
    for sample in preflights:
        reply = run.replies[sample.name]
        assert (200, b"", "*") == (
            reply.status,
            reply.body,
            reply.headers["access-control-allow-origin"],
        )
        assert "POST" in reply.headers["access-control-allow-methods"]
        allowed = reply.headers["access-control-allow-headers"].split(", ")
        assert {"content-type", run.channels.header.lower()} <= set(allowed)


def test_answers_give_the_event_id_that_was_sent(run: Run) -> None:
    """The id in an answer is the event's own, and an envelope without an event gets none."""
    wrong = {}
    for sample in ALL:
        reply = run.replies[sample.name]
        if reply.status != 200 or sample.method == "OPTIONS" or not sample.is_envelope:
            continue
        own = sample.head.get("event_id", "").replace("-", "") or None
        given = reply.json().get("id")
        has_event = own is not None or any(
            item.kind in ("event", "transaction", "feedback") for item in sample.items
        )
        if (own is not None and given != own) or has_event != (given is not None):
            wrong[sample.name] = (own, given)
    assert {} == wrong


def test_a_minidump_is_answered_with_its_events_id(run: Run) -> None:
    """As text, a UUID with hyphens, and the event of the form arrives under it."""
    dumps = [sample for sample in ALL if sample.route == "minidump"]
    assert 2 == len(dumps)
    for sample in dumps:
        reply = run.replies[sample.name]
        assert "text/plain" == reply.headers["content-type"].partition(";")[0]
        event = run.documents[str(UUID(reply.body.decode())).replace("-", "")]
        assert "trezor-suite@24.11.1" == event["release"]


def test_every_kind_of_every_client_arrives(run: Run) -> None:
    """By client and kind as many items arrive as were accepted, and none of any other kind.

    What an SDK sends again from its offline queue is one (docs/adr/0007).
    """
    once = {tuple(item.payload for item in sample.items): sample for sample in reversed(ALL)}
    sent = Counter(
        (sample.client, kind)
        for sample in once.values()
        for kind, reason in run.expected[sample.name].items
        if reason == "accepted"
    )
    arrived = Counter(
        (client_of(one.headers["x-sentry-auth"]), item.kind)
        for one in run.received
        for item in read_items(one.body)
    )
    assert sent == arrived


def test_a_known_prefix_grants(tmp_path: Path) -> None:
    """The requests with a path prefix pass once the prefix is the relay's own, without a tag."""
    prefixed = [sample for sample in ALL if sample.path.startswith("/consent-yes/")]
    assert len(prefixed) == 16
    with (
        sentry_in_thread() as sentry,
        running(tmp_path / "relay", {"projects": [project(sentry.dsn())]}) as relay,
    ):
        client = Client(relay.port)
        statuses = {
            client.send(
                sample.method,
                sample.path.replace("/consent-yes/", "/consented/"),
                sample.headers,
                sample.body,
            ).status
            for sample in prefixed
        }
        client.close()
        relay.drain()
        kinds = {item.kind for one in sentry.mini.received for item in read_items(one.body)}
    assert {200} == statuses
    assert {item.kind for sample in prefixed for item in sample.items} == kinds
