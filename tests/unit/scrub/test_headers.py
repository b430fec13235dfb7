"""Envelope and item headers."""

import json
from typing import Any

import pytest

import relay
from relay.protocol.envelope import Item
from relay.scrub.headers import allowed_envelope_headers, allowed_item_headers
from relay.scrub.scrubber import Scrubber
from tests.unit.scrub.items.documents import (
    PHRASE,
    PLANTS,
    Spot,
    at,
    changed,
    forms,
    planted,
    texts,
    without,
)

KEY = "a" * 32
ID = "6cf173d587eb48568a9b2e12dcfbea52"

ENVELOPE = {
    "event_id": "3adcb99a1be84a5d8057f2eb9a0161ce",
    "sent_at": "2026-11-23T17:23:09.077Z",
    "sdk": {
        "name": "sentry.javascript.electron",
        "version": "4.24.0",
        "integrations": ["InboundFilters", "FunctionToString"],
        "packages": [{"name": "npm:@sentry/electron", "version": "4.24.0"}],
    },
    "trace": {
        "trace_id": ID,
        "public_key": "6d91ca6e6a5d4de7b47989455858b5f6",
        "org_id": "117836",
        "replay_id": "7e1c3dbf42c24f3d9eeb0b1a5b8b8b60",
        "sample_rate": "0.25",
        "sample_rand": "0.105349",
        "sampled": "true",
        "release": "@trezor/suite-desktop@24.11.1",
        "environment": "desktop",
        "transaction": "/accounts",
        "segment_name": "/accounts",
    },
}
ITEM = {
    "type": "attachment",
    "content_type": "application/vnd.sentry.items.log+json",
    "filename": "trezor-suite-log-20261123.txt",
    "attachment_type": "event.attachment",
    "item_count": 6,
    "platform": "javascript",
    "sentry_release": "suite@24.11.1",
    "sentry_environment": "web",
}


@pytest.fixture(scope="module")
def scrubber() -> Scrubber:
    """The rules that ship."""
    return relay.load_scrubber(verify=False)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"dsn": "x", "consent": True, "remote_addr": "1.2.3.4", "forwarded_for": "1.2.3.4",
          "user_agent": "", "origin": "https://x", "received_at": 1, "retries": 2}, {}),
        ({"event_id": ID}, {"event_id": ID}),
        ({"event_id": "", "sent_at": "now"}, {}),
        ({"event_id": ["x"], "sent_at": {"x": 1}}, {}),
        ({"sdk": {"name": "x", "settings": {}, "version": "1", "client_ip": "1.2.3.4"}},
         {"sdk": {"name": "x", "version": "1"}}),
        ({"sdk": "x", "trace": []}, {}),
        ({"sdk": {"packages": [{"name": "n", "version": "1"}], "integrations": [[["deep"]]]}},
         {"sdk": {"packages": [{"name": "n", "version": "1"}]}}),
        ({"sdk": {"packages": [{"name": {"deep": 1}}], "name": {"deep": 1}, "version": None}},
         {"sdk": {}}),
        ({"sdk": {"packages": ["n"], "integrations": "x"}}, {"sdk": {}}),
    ],
)  # fmt: skip
def test_envelope_headers(headers: dict[str, Any], expected: dict[str, Any]) -> None:
    """Only what is on the list goes on, in the form that it has by the protocol."""
    assert expected == allowed_envelope_headers(headers, None)


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("trace_id", [ID], ["t", 1, None, [ID]]),
        ("public_key", [KEY], ["jane", 1]),
        ("org_id", ["117836", 117836, 0, 10**15 - 1, "1" * 15],
         ["x", -1, True, "1" * 16, 10**15, "", 1.5]),
        ("replay_id", [ID], ["x", ""]),
        ("sample_rate", ["1", "1.0", "0", "0.25", 0, 1, 0.25, "1e-05"],
         ["2", "1.01", 1.5, -1, "x", True, ""]),
        ("sample_rand", ["0.105349", 0.5], ["1.5", "jane"]),
        ("sampled", ["true", "false", True, False], ["yes", "True", 1, 0, None, []]),
        ("release", ["1.0"], [1, None, ["x"], {}]),
        ("environment", ["web"], [["x"]]),
        ("transaction", ["/"], [{"a": 1}]),
        ("segment_name", ["/"], [1]),
        ("user_id", [], ["jane"]),
        ("user_segment", [], ["beta"]),
        ("user", [], [{"id": "jane", "segment": "beta"}]),
        ("other", [], ["x", 1]),
    ],
)  # fmt: skip
def test_headers_of_a_trace(key: str, good: list[Any], bad: list[Any]) -> None:
    """Numbers are numbers, ids are ids, and who the user is goes in any form."""
    for value in good:
        assert {"trace": {key: value}} == allowed_envelope_headers({"trace": {key: value}}, None)
    for value in bad:
        assert {"trace": {}} == allowed_envelope_headers({"trace": {key: value}}, None), value


def test_the_upstreams_key_takes_the_clients_place() -> None:
    """The client's public key does not reach the upstream, whatever it was."""
    for headers in ({"trace": {"public_key": ["x"]}}, {"trace": {"public_key": "b" * 32}}):
        assert {"trace": {"public_key": KEY}} == allowed_envelope_headers(headers, KEY)
    assert {"trace": {}} == allowed_envelope_headers({"trace": {}}, KEY)
    assert {} == allowed_envelope_headers({"trace": "x"}, KEY)


def test_the_headers_given_stay() -> None:
    """The parsed envelope is not changed."""
    headers = {"trace": {"public_key": "x", "user_id": "y"}}
    allowed_envelope_headers(headers, KEY)
    assert {"trace": {"public_key": "x", "user_id": "y"}} == headers


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (ITEM, ITEM),
        ({"type": "event", "length": 5, "x": 1, "sample_rates": [{}]}, {"type": "event"}),
        ({"filename": ["x"], "platform": None, "attachment_type": {"a": 1}, "content_type": 1}, {}),
        ({"item_count": "2", "platform": "Jane's"}, {}),
        ({"item_count": True}, {}),
        ({"item_count": -1}, {}),
        ({"item_count": 0, "platform": "a" * 20}, {"item_count": 0, "platform": "a" * 20}),
        ({"platform": "a" * 21}, {}),
        ({"platform": "py-3_x"}, {"platform": "py-3_x"}),
        ({"attachment_type": "of jane"}, {}),
        ({"attachment_type": "event.view_hierarchy"}, {"attachment_type": "event.view_hierarchy"}),
        ({"content_type": "of jane"}, {}),
        ({"content_type": "text/plain; name=jane"}, {"content_type": "text/plain"}),
        ({"content_type": "text/x;charset=UTF-8"}, {"content_type": "text/x;charset=UTF-8"}),
        # What relays tell each other is theirs.
        ({"fully_normalized": True, "sampled": False, "span_count": 2, "span_id": None,
          "meta_length": 1, "attachment_length": 2}, {}),
    ],
)  # fmt: skip
def test_item_headers(headers: dict[str, Any], expected: dict[str, Any]) -> None:
    """Of an item's headers a few go on, each in its form; the length is written anew."""
    assert expected == allowed_item_headers(headers)


def test_headers_that_are_nobodys_stay(scrubber: Scrubber) -> None:
    """Nothing is lost that Sentry needs."""
    assert {} == changed(ENVELOPE, scrubber.scrub_envelope_headers(ENVELOPE, None)[0])
    assert {} == changed(ITEM, item_headers(scrubber, ITEM))


def item_headers(scrubber: Scrubber, headers: dict[str, Any]) -> dict[str, Any]:
    done = scrubber.scrub_item(0, Item.make(headers, b"text"))
    assert done.item is not None
    return {key: value for key, value in done.item.headers.items() if key != "length"}


def shown(spot: Spot) -> str:
    return ".".join(map(str, spot))


@pytest.mark.parametrize("spot", list(texts(ENVELOPE)), ids=shown)
def test_something_personal_in_an_envelope_header(scrubber: Scrubber, spot: Spot) -> None:
    """It is gone, and the other headers are as they were."""
    for plant, secret in (*PLANTS.values(), PHRASE):
        for value in forms(at(ENVELOPE, spot), plant):
            clean, _ = scrubber.scrub_envelope_headers(planted(ENVELOPE, spot, value), None)
            is_version = value == PLANTS["ipv4"][0] and spot[-1] in ("version", "release")
            assert is_version or secret not in json.dumps(clean)
            spare = spot[:-1] if isinstance(spot[-1], int) else spot
            rest = [without(headers, spare) for headers in (ENVELOPE, clean)]
            assert {} == changed(*rest)


@pytest.mark.parametrize("spot", [spot for spot in texts(ITEM) if spot != ("type",)], ids=shown)
def test_something_personal_in_an_item_header(scrubber: Scrubber, spot: Spot) -> None:
    """It is gone, names of files among them, and the other headers are as they were."""
    for plant, secret in (*PLANTS.values(), PHRASE):
        for value in forms(at(ITEM, spot), plant):
            clean = item_headers(scrubber, planted(ITEM, spot, value))
            assert secret not in json.dumps(clean)
            assert {} == changed(without(ITEM, spot), without(clean, spot))


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        (r"C:\Users\jane\x.log", r"C:\Users\[user]\x.log"),
        ("/home/jane/x.log", "/home/[user]/x.log"),
        ("/Users/jane/Library/x.log", "/Users/[user]/Library/x.log"),
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4.json", "[address].json"),
        ("log-203.0.113.42.txt", "log-[ip].txt"),
    ],
)
def test_names_of_files(scrubber: Scrubber, filename: str, expected: str) -> None:
    """Of a path the user's part goes, of a name the address; what kind of file it is stays."""
    assert (
        expected == item_headers(scrubber, {"type": "attachment", "filename": filename})["filename"]
    )
