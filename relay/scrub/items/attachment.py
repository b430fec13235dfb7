"""Attachments that are text: read as JSON where they are JSON, as text else, written as they came.

Law of this file: content decides, not the name. What does not decode, or holds what no text holds,
is not text, and is not forwarded.
"""

import codecs
from typing import Any, Final

from relay import jsonio
from relay.protocol.envelope import Item
from relay.scrub.items.model import NotForwardedError, Tools

_BINARY_TYPES: Final = frozenset({
    "unreal.context", "unreal.logs", "event.payload", "event.breadcrumbs",
})  # fmt: skip
_BINARY_MEDIA: Final = ("image/", "video/", "audio/", "font/", "application/zip", "application/pdf")
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL: Final = frozenset(map(chr, range(32))) - set("\t\n\r\f\v\b\x1b")


def scrub(item: Item, document: Any, tools: Tools) -> bytes:  # noqa: ARG001 - it may be no JSON
    """Scrub an attachment; see `model.ItemScrubber`. What is not text is not forwarded."""
    headers, payload = item.headers, item.payload
    if headers.get("attachment_type") in _BINARY_TYPES:
        raise NotForwardedError
    media = headers.get("content_type")
    if isinstance(media, str) and media.lower().startswith(_BINARY_MEDIA):
        raise NotForwardedError
    if not payload:
        return payload
    decoded = _decode(payload)
    if decoded is None:
        raise NotForwardedError
    bom, encoding, text = decoded
    if text.lstrip()[:1] in ("{", "["):
        try:
            value = jsonio.loads(text)
        except jsonio.JsonError:
            pass
        else:
            clean = jsonio.dumps(tools.value(value, len(payload)))
            return bom + (clean if encoding == "utf-8" else clean.decode().encode(encoding))
    clean = bom + tools.text(text).encode(encoding, "replace")
    if encoding != "utf-8":
        # Bytes that are UTF-16 only in part, or not at all, are text in this reading.
        other = clean.replace(b"\0", b"").decode("latin-1")
        if tools.text(other) != other:
            raise NotForwardedError
    return clean


def _decode(payload: bytes) -> tuple[bytes, str, str] | None:
    """Return (byte-order mark, encoding, text), or None if it is not text."""
    for bom, encoding in _BOMS:
        if payload.startswith(bom):
            return _try(payload, bom, encoding)
    if b"\0" not in payload:
        return _try(payload, b"", "utf-8")
    # UTF-16 without a mark: every other byte of Latin text is zero.
    if len(payload) % 2 == 0:
        zeros = len(payload) // 4
        if payload[1::2].count(0) > zeros:
            return _try(payload, b"", "utf-16-le")
        if payload[::2].count(0) > zeros:
            return _try(payload, b"", "utf-16-be")
    return None


def _try(payload: bytes, bom: bytes, encoding: str) -> tuple[bytes, str, str] | None:
    try:
        text = payload[len(bom) :].decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if _CONTROL.intersection(text) else (bom, encoding, text)
