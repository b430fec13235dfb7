"""Attachments that are text."""

# ruff: noqa: E501 - a table is read best in rows

from typing import Any

import pytest

from relay import jsonio
from relay.errors import ScrubError
from relay.scrub.items.model import NotForwardedError
from tests.unit.scrub.items.tools import SECRET, FakeTools, scrub


def clean(payload: bytes, **headers: str) -> bytes | None:
    """Scrub an attachment; None if it is not forwarded."""
    tools = FakeTools()
    try:
        clean = scrub("attachment", payload, tools, type="attachment", **headers)
    except NotForwardedError:
        return None
    assert [len(payload)] * len(tools.sizes) == tools.sizes
    return clean


def test_text_is_text_again() -> None:
    """JSON in code page 1252 is known as text by a space or an end of line, and keeps one."""
    once = clean('{"a": "é"}'.encode("cp1252"))
    assert '{"a":"é"}\n'.encode("cp1252") == once
    assert once == clean(once)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"", b""),
        (b"log 203.0.113.77\r\n", b"log [ip]\r\n"),
        ("é 203.0.113.77".encode(), "é [ip]".encode()),
        (b"\xef\xbb\xbf203.0.113.77", b"\xef\xbb\xbf[ip]"),
        (b'{"a": "203.0.113.77"}', b'{"a":"[ip]"}'),
        (b' [ "203.0.113.77" ]', b'["[ip]"]'),
        (b'{"a": "203.0.113.77"', b'{"a": "[ip]"'),
        (b'{"a": 1}\n{"a": "203.0.113.77"}', b'{"a":1}\n{"a":"[ip]"}'),
        (b'\n{"a":1}\r\n\n ["203.0.113.77"] \n', b'\n{"a":1}\r\n\n["[ip]"]\n'),
        (b'{"a": 1}\nat 203.0.113.77', b'{"a": 1}\nat [ip]'),
        (b'{"a": 1}\n{"a": "203.0.113.77"', b'{"a": 1}\n{"a": "[ip]"'),
        (b'\xef\xbb\xbf{"a": "203.0.113.77"}', b'\xef\xbb\xbf{"a":"[ip]"}'),
        ('{"a": 1}\n[]'.encode("utf-16"), '{"a":1}\n[]'.encode("utf-16")),
        ("лог 203.0.113.77\n".encode("utf-16-le"), "лог [ip]\n".encode("utf-16-le")),
        ("日志 203.0.113.77\n".encode("utf-16-be"), "日志 [ip]\n".encode("utf-16-be")),
        ("für Jörg – 203.0.113.77".encode("cp1252"), "für Jörg – [ip]".encode("cp1252")),
        ("журнал 203.0.113.77".encode("cp1251"), "журнал [ip]".encode("cp1251")),
        ("203.0.113.77 ж".encode()[:-1], b"[ip] "),
        (SECRET.encode("utf-16-le"), "[ip]".encode("utf-16-le")),
        (SECRET.encode("utf-16-be"), "[ip]".encode("utf-16-be")),
        (SECRET.encode("utf-16"), "[ip]".encode("utf-16")),
        (b"\xfe\xff" + SECRET.encode("utf-16-be"), b"\xfe\xff" + "[ip]".encode("utf-16-be")),
        ('{"a":"203.0.113.77"}'.encode("utf-16-le"), '{"a":"[ip]"}'.encode("utf-16-le")),
        (b"\x1b[31m203.0.113.77", b"\x1b[31m[ip]"),
    ],
)
def test_text(payload: bytes, expected: bytes) -> None:
    """Text is scrubbed and written as it came: encoding, mark and line ends stay."""
    assert expected == clean(payload)


@pytest.mark.parametrize(
    "payload",
    [b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"\x1f\x8b\x08\x00", b"a\0b", b"\xff\xfe\x00", b"\xc3", b"MDMP\x93\xa7",
     SECRET.encode("utf-32-le"), SECRET.encode("utf-32-be"), SECRET.encode("utf-16-le") + b"x", b"\xff\xfe\x00\xd8",
     bytes(range(256))],
)  # fmt: skip
def test_what_is_not_text_is_not_forwarded(payload: bytes) -> None:
    """Content decides: what does not decode, or holds what no text holds, goes no further."""
    assert clean(payload) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"attachment_type": "event.breadcrumbs"},
        {"attachment_type": "unreal.context"},
        {"attachment_type": "unreal.logs"},
        {"attachment_type": "playstation.prosperodump"},
        {"content_type": "image/png"},
        {"content_type": "application/x-msgpack"},
        {"content_type": "application/vnd.sentry.trace-attachment"},
        {"content_type": "VIDEO/mp4"},
        *({"attachment_type": of} for of in ("nswitch.dying", "event.nv_gpudmp", "event.payload")),
        *(
            {"content_type": media}
            for media in (
                "audio/ogg",
                "font/woff2",
                "application/zip",
                "application/gzip",
                "application/x-gzip",
                "application/zstd",
                "application/pdf",
                "application/x-dmp",
                "application/msgpack",
                "application/x-protobuf",
                "application/vnd.sentry.attachment-ref+json",
            )
        ),
    ],
)
def test_what_says_that_it_is_binary_is_not_forwarded(headers: dict[str, str]) -> None:
    """Headers can only take away."""
    assert clean(b"plain text", **headers) is None
    assert b"plain text" == clean(b"plain text", content_type="text/plain")


@pytest.mark.parametrize("media", ["application/json", "application/octet-stream", "text/plain"])
@pytest.mark.parametrize("of", ["event.attachment", "event.applecrashreport", "of my own"])
def test_headers_do_not_make_text_of_what_is_none(media: str, of: str) -> None:
    """What headers promise counts for nothing: a picture stays one, JSON and text are read so."""
    headers = {"content_type": media, "attachment_type": of}
    assert None is clean(b"\x89PNG\r\n\x1a\n\0", **headers)
    assert b'{"a":"[ip]"}' == clean(b'{"a": "203.0.113.77"}', **headers)
    assert b"at [ip]" == clean(b"at 203.0.113.77", **headers)


@pytest.mark.parametrize("payload", [b'{"a": 1}', b'{"a": 1}\n{"a": 2}', b"text"])
def test_what_needs_too_much_work_is_not_forwarded(payload: bytes) -> None:
    """Over its budget, a document is no text either."""

    class Spent(FakeTools):
        def value(self, value: Any, size: int, *, remarks: bool = False) -> Any:
            raise ScrubError("spent")

        def text(self, text: str) -> str:
            raise ScrubError("spent")

    with pytest.raises(ScrubError):
        scrub("attachment", payload, Spent(), type="attachment")


@pytest.mark.parametrize(
    "payload",
    [
        b"\xff\xfe" + f"log {SECRET} x!".encode(),
        f"log {SECRET} x! ".encode() + f"log {SECRET} x! ".encode("utf-16-le") * 3,
    ],
    ids=["a mark that lies", "appended in another encoding"],
)
def test_bytes_with_two_readings_are_searched_in_both(payload: bytes) -> None:
    """What is UTF-16 only in part is not forwarded when the other reading holds something."""
    assert None is clean(payload)


@pytest.mark.parametrize("payload", [b"[%b1]", b"[%b1", b"[1]\n[%b1]\n"])
def test_json_of_too_many_values(payload: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is neither read, which would take memory, nor taken for text, which has no keys."""
    monkeypatch.setattr(jsonio, "MAX_VALUES", 20)
    with pytest.raises(ScrubError):
        clean(payload % (b"1," * 20))
