"""Envelope and item headers."""

from typing import Any

import pytest

from relay.scrub.headers import allowed_envelope_headers, allowed_item_headers

KEY = "a" * 32


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"dsn": "x", "consent": True, "remote_addr": "1.2.3.4", "user_agent": "", "event_id": ""},
         {"event_id": ""}),
        ({"sdk": {"name": "x", "settings": {}, "version": "1"}},
         {"sdk": {"name": "x", "version": "1"}}),
        ({"sdk": "x", "trace": []}, {}),
        ({"trace": {"trace_id": "t", "user_id": "jane", "user_segment": "x", "transaction": "/"}},
         {"trace": {"trace_id": "t", "transaction": "/"}}),
        ({"trace": {"public_key": KEY}}, {"trace": {"public_key": KEY}}),
        ({"trace": {"public_key": "jane"}}, {"trace": {}}),
        ({"trace": {"transaction": {"a": 1}, "release": [[1]], "environment": ["x"]}},
         {"trace": {"environment": ["x"]}}),
        ({"sdk": {"packages": [{"name": "n", "version": "1"}], "integrations": [[["deep"]]]}},
         {"sdk": {"packages": [{"name": "n", "version": "1"}]}}),
        ({"sdk": {"packages": [{"name": {"deep": 1}}], "name": {"deep": 1}}}, {"sdk": {}}),
        ({"event_id": ["x"], "sent_at": {"x": 1}}, {}),
    ],
)  # fmt: skip
def test_envelope_headers(headers: dict[str, Any], expected: dict[str, Any]) -> None:
    """Only what is on the list goes on, in the form that it has by the protocol."""
    assert expected == allowed_envelope_headers(headers, None)


def test_the_upstreams_key_takes_the_clients_place() -> None:
    """The client's public key does not reach the upstream, whatever it was."""
    headers = {"trace": {"public_key": ["x"]}}
    assert {"trace": {}} == allowed_envelope_headers({"trace": {"public_key": [["x"]]}}, KEY)
    assert {"trace": {"public_key": KEY}} == allowed_envelope_headers(headers, KEY)
    assert {"trace": {}} == allowed_envelope_headers({"trace": {}}, KEY)


def test_the_headers_given_stay() -> None:
    """The parsed envelope is not changed."""
    headers = {"trace": {"public_key": "x", "user_id": "y"}}
    allowed_envelope_headers(headers, KEY)
    assert {"trace": {"public_key": "x", "user_id": "y"}} == headers


def test_item_headers() -> None:
    """Of an item's headers a few go on, if they are plain; the length is written anew."""
    headers = {"type": "event", "length": 5, "filename": "f", "content_type": ["x"], "x": 1,
               "item_count": 2, "platform": None, "attachment_type": {"a": 1}}  # fmt: skip
    assert {"type": "event", "filename": "f", "item_count": 2} == allowed_item_headers(headers)
