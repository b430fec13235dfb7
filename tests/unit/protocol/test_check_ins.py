"""Check-ins by URL."""

from typing import Any

import pytest

from relay import jsonio
from relay.errors import BodyError
from relay.protocol.check_ins import check_in_envelope
from relay.protocol.envelope import parse

NIL = "0" * 32
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
    ("body", "kind", "query"),
    [
        (b"", "", {}),
        (b"", "", {"status": "fine"}),
        (b"", "", {"status": "ok", "check_in_id": "x"}),
        (b"", "", {"status": "ok", "duration": "long"}),
        (b"", "", {"status": "ok", "duration": "-1"}),
        (b"", "", {"status": "ok", "duration": "nan"}),
        (b"", JSON, {"status": "ok"}),
        (b"[]", JSON, {}),
        (b'{"status":"ok","check_in_id":5}', JSON, {}),
        (b'{"status":["ok"]}', JSON, {}),
    ],
)
def test_no_check_in(body: bytes, kind: str, query: dict[str, str]) -> None:
    """Without a status that Sentry knows, or with a broken value, it is refused."""
    with pytest.raises(BodyError):
        check_in(body, kind, **query)


def test_a_tag_that_stands_twice() -> None:
    """It is refused, for the check-in that is written anew could hold but one of them."""
    body = b'{"status":"ok","tags":{"allowReport":false,"allowReport":true}}'
    with pytest.raises(BodyError, match=r"^a key stands twice$"):
        check_in(body, JSON)
