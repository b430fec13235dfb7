"""Check-ins by URL."""

from typing import Any

import pytest

from relay import jsonio
from relay.errors import BodyError
from relay.protocol.check_ins import check_in_envelope
from relay.protocol.envelope import parse

NIL = "0" * 32
STATUS = "a check-in needs a status"
ID = "check_in_id is not a UUID"
SECONDS = "duration is not a number of seconds"
JSON = "application/json; charset=utf-8"


def check_in(body: bytes = b"", kind: str = "", **query: str) -> dict[str, Any]:
    (item,) = parse(check_in_envelope("nightly", body, kind, query)).items
    assert "check_in" == item.kind
    made = jsonio.loads(item.payload)
    assert isinstance(made, dict)
    return made


def test_by_query() -> None:
    """The query says all; a check-in without an id gets one that means the open one."""
    expected = {"status": "ok", "check_in_id": NIL, "monitor_slug": "nightly"}
    assert expected == check_in(status="ok")
    assert {**expected, "environment": "e", "duration": 1.5} == check_in(
        status="ok", environment="e", duration="1.5", other="x"
    )
    hyphens = "abababab-abab-abab-abab-abababababab"
    assert "ab" * 16 == check_in(status="error", check_in_id=hyphens)["check_in_id"]


def test_by_body() -> None:
    """A JSON body says all, but for the slug, which is the path's; the query does not count."""
    body = b'{"status":"in_progress","monitor_slug":"x","monitor_config":{"timezone":"UTC"}}'
    assert {
        "status": "in_progress",
        "monitor_slug": "nightly",
        "monitor_config": {"timezone": "UTC"},
        "check_in_id": NIL,
    } == check_in(body, JSON, status="ok")


@pytest.mark.parametrize(
    ("body", "kind", "query", "detail"),
    [
        (b"", "", {}, STATUS),
        (b"", "", {"status": "fine"}, STATUS),
        (b"", "", {"status": "ok", "check_in_id": "x"}, ID),
        (b"", "", {"status": "ok", "duration": "long"}, "duration is not a number"),
        (b"", "", {"status": "ok", "duration": "-1"}, SECONDS),
        (b"", "", {"status": "ok", "duration": "nan"}, SECONDS),
        (b"", "", {"status": "ok", "duration": "inf"}, SECONDS),
        (b"", JSON, {"status": "ok"}, "the check-in is not JSON"),
        (b"[]", JSON, {}, "the check-in is not a JSON object"),
        (b'{"status":"ok","check_in_id":5}', JSON, {}, ID),
        (b'{"status":["ok"]}', JSON, {}, STATUS),
    ],
)
def test_no_check_in(body: bytes, kind: str, query: dict[str, str], detail: str) -> None:
    """Without a status that Sentry knows, or with a broken value, it is refused."""
    with pytest.raises(BodyError) as caught:
        check_in(body, kind, **query)
    assert detail == caught.value.detail


@pytest.mark.parametrize("status", ["ok", "error", "in_progress", "timeout", "missed"])
def test_each_status_that_sentry_knows(status: str) -> None:
    """It passes as it is, in whatever spelling the content type says JSON."""
    assert status == check_in(b"", "text/plain", status=status)["status"]
    body = b'{"status":"%s"}' % status.encode()
    assert status == check_in(body, " Application/JSON ; x=y")["status"]


def test_a_check_in_of_no_time() -> None:
    """Zero seconds are a duration."""
    assert 0.0 == check_in(status="ok", duration="0")["duration"]


def test_the_item_says_that_it_is_json() -> None:
    """As an SDK's check-in does."""
    (item,) = parse(check_in_envelope("nightly", b"", "", {"status": "ok"})).items
    assert "application/json" == item.headers["content_type"]


def test_a_tag_that_stands_twice() -> None:
    """It is refused, for the check-in that is written anew could hold but one of them."""
    body = b'{"status":"ok","tags":{"allowReport":false,"allowReport":true}}'
    with pytest.raises(BodyError, match=r"^a key stands twice$"):
        check_in(body, JSON)
