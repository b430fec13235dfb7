"""What of a picture is taken out of a recording, and what around it stays."""

from typing import Any

import pytest

from relay.scrub.recording.pictures import drop_pictures


def dropped(value: Any) -> Any:
    """What is left of one value of an attribute."""
    events = [{"type": 2, "data": {"a": value}}]
    drop_pictures(events)
    return events[0]["data"]["a"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data:image/png;base64,QUJD", "data:,"),
        (" \n data:image/png;base64,QUJD", "data:,"),
        (" data:image/png;base64,QUJD more", " data:, more"),
        ("DATA:IMAGE/PNG;BASE64,QUJD", "data:,"),
        ("data:,abc", "data:,"),
        ("data:;charset=x,abc", "data:,"),
        ("no data: here", "no data: here"),
        ("url('data:image/png,a b') c", "url('data:,') c"),
        ('url("data:image/png,a b") c', 'url("data:,") c'),
        ("url(data:image/png,a b) c", "url(data:,) c"),
        ("x url('data:image/png,a b", "x url('data:,"),
        ("x url(data:image/png,a b", "x url(data:,"),
        ("\u2588\u2588 ok \u28ff", "   ok  "),
        ("\u257f\u25a0", "\u257f\u25a0"),
    ],
)
def test_what_is_left_of_a_text(text: str, expected: str) -> None:
    """The bytes go, to where the URL ends; that there was one stays."""
    assert expected == dropped(text)


@pytest.mark.parametrize(
    ("slot", "value", "expected"),
    [
        ("srcdoc", "<p>a</p>", ""),
        ("rr_dataURL", "blob:1", "data:,"),
        ("rr_dataURL", "", ""),
        ("style", "a" * 2_000, "a" * 2_000),
        ("style", "a" * 2_001, ""),
        ("class", "a" * 2_001, "a" * 2_001),
        ("b", {"rr_type": "Blob", "data": [1]}, {"rr_type": "Blob", "data": []}),
        ("b", {"rr_type": "A", "base64": "QUJD"}, {"rr_type": "A", "base64": ""}),
        ("b", {"base64": "QUJD", "data": [1]}, {"base64": "QUJD", "data": [1]}),
    ],
)
def test_what_is_left_of_a_place(slot: str, value: Any, expected: Any) -> None:
    """Documents, images of a canvas, long styles, and what rrweb has serialised."""
    events = [{"data": {slot: value}}]
    drop_pictures(events)
    assert [{"data": {slot: expected}}] == events


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"source": 9, "property": "fill", "args": [1], "setter": True, "id": 1}, {"commands": []}),
        ({"source": 9, "commands": [{"args": [1]}], "id": 1}, {"commands": []}),
        ({"source": 10, "buffer": True, "fontSource": "[1]", "id": 1}, {"fontSource": "[]"}),
        ({"source": 10, "buffer": False, "fontSource": "a", "id": 1}, {"fontSource": "a"}),
    ],
)
def test_what_is_left_of_a_change(data: dict[str, Any], expected: dict[str, Any]) -> None:
    """Commands of a canvas and bytes of a font, in an event of that kind."""
    kept = {key: data[key] for key in ("source", "buffer", "id") if key in data}
    as_it_came = dict(data)
    events = [{"type": 3, "data": data}, {"type": 4, "data": dict(as_it_came)}]
    drop_pictures(events)
    assert [{"type": 3, "data": kept | expected}, {"type": 4, "data": as_it_came}] == events
