"""Containers of spans, logs and metrics."""

import json
from typing import Any

import pytest

import relay
from relay.jsonio import JsonError
from relay.scrub.items.address import CLIENT_ATTRIBUTES
from tests.unit.scrub.items.tools import SECRET, FakeTools, clean, scrub


def test_every_string_goes_through_the_rules() -> None:
    """Attributes and body are scrubbed, and Sentry infers nothing."""
    log = {
        "body": "at 203.0.113.77",
        "attributes": {"a": {"type": "string", "value": "203.0.113.77"}},
    }
    settings = {"infer_ip": "auto", "infer_user_agent": "auto", "other": 1}
    expected = {
        "items": [{"body": "at [ip]", "attributes": {"a": {"type": "string", "value": "[ip]"}}}],
        "ingest_settings": {"infer_ip": "never", "infer_user_agent": "never", "other": 1},
        "version": 2,
    }
    assert expected == clean("container", {"items": [log], "ingest_settings": settings})
    assert expected["items"][0] == clean("container", log)  # type: ignore[index]


def test_an_attribute_has_its_type_when_the_rules_look() -> None:
    """A rule about an attribute finds it where its type is missing, which is written beside it."""
    log = {"attributes": {"user.name": {"value": "jane"}, "user.id": "jane", "a": {"value": 1}}}
    envelope = b'{}\n{"type":"log"}\n' + json.dumps({"items": [log]}).encode() + b"\n"
    scrubber = relay.load_scrubber(secret=b"test" * 8, verify=False)
    once = scrubber.scrub_envelope(envelope).body
    assert b"jane" not in once
    assert once == scrubber.scrub_envelope(once).body
    assert {"value": 1} == json.loads(once.splitlines()[2])["items"][0]["attributes"]["a"]


@pytest.mark.parametrize("version", [None, 1, 2, 3, "2"])
@pytest.mark.parametrize("settings", [None, {"infer_ip": "auto"}, []])
def test_sentry_is_told_to_infer_nothing(version: Any, settings: Any) -> None:
    """Settings are read from version 2 on; older containers, and those without, are given both."""
    container = {"items": [], "version": version, "ingest_settings": settings}
    expected = {
        "items": [],
        "version": max(version, 2) if isinstance(version, int) else 2,
        "ingest_settings": {"infer_ip": "never", "infer_user_agent": "never"},
    }
    assert expected == clean("container", container)
    assert {"items": {}} == clean("container", {"items": {}})


@pytest.mark.parametrize("key", sorted(CLIENT_ATTRIBUTES))
def test_the_clients_address_goes_without_any_rule(key: str) -> None:
    """From attributes and from those of links, in a container and alone, and a note says so."""
    address = {"type": "string", "value": "{{auto}}"}
    log = {"attributes": {key: address, "x": 1}, "links": [{"attributes": {key: address}}, 1]}
    gone = {"attributes": {"x": 1}, "links": [{"attributes": {}}, 1]}
    tools = FakeTools()
    assert gone == json.loads(scrub("container", log, tools))
    assert [gone, None] == clean("container", {"items": [log, None]})["items"]
    assert [("attributes", key), ("links", 0, "attributes", key)] == [n.path for n in tools.notes]
    assert {"data": {}} == clean("container", {"data": {key: "{{auto}}"}})


def test_attributes_stay_typed() -> None:
    """What a rule wrote in place of a number, a list or a whole attribute is text, and says so."""
    attributes = {
        "number": {"type": "integer", "value": SECRET},
        "list": {"type": "array", "value": ["a"]},
        "whole": SECRET,
        "fine": {"type": "double", "value": 0.5},
        "odd": None,
    }
    expected = {
        "number": {"type": "string", "value": "[ip]"},
        "list": {"type": "array", "value": ["a"]},
        "whole": {"type": "string", "value": "[ip]"},
        "fine": {"type": "double", "value": 0.5},
        "odd": None,
    }
    container = {"items": [{"attributes": attributes}, {"attributes": 1}, 2]}
    assert [{"attributes": expected}, {"attributes": 1}, 2] == clean("container", container)[
        "items"
    ]


def test_versions_are_no_addresses() -> None:
    """Release and SDK may be four numbers, as in an event; what else they hold is scrubbed."""
    versions = {
        "sentry.release": {"type": "string", "value": SECRET},
        "sentry.sdk.version": {"type": "string", "value": SECRET},
    }
    assert (
        versions
        == clean("container", {"items": [{"attributes": versions}]})["items"][0]["attributes"]
    )
    assert {"release": SECRET} == clean("container", {"data": {"release": SECRET}})["data"]
    for odd in (
        {"sentry.release": {"type": "string", "value": f"at {SECRET}"}},
        {"sentry.release": {"type": "string", "value": "1", "more": SECRET}},
        {"sentry.sdk.version": {"type": "array", "value": [SECRET]}},
        {"sentry.sdk.name": {"type": "string", "value": SECRET}},
        {"release": f"at {SECRET}"},
    ):
        assert SECRET not in str(clean("container", {"items": [{"attributes": odd}, 1]}))


@pytest.mark.parametrize("payload", [b"", b"{", b'"text"', b"12", b"null", b"[]"])
def test_what_is_not_its_kind_is_invalid(payload: bytes) -> None:
    """Broken JSON, and JSON of another form, is refused."""
    with pytest.raises(JsonError):
        scrub("container", payload)
