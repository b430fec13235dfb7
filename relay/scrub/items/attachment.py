"""Attachments that are text: read as JSON where they are JSON, as text else, written as they came.

Law of this file: content decides, not the name; headers can only take away. What does not decode,
or holds what no text holds, is not text, and is not forwarded.
"""

from typing import Any, Final

from relay import jsonio
from relay.errors import ScrubError
from relay.protocol.envelope import Item
from relay.scrub.items.encodings import Decoded, decode
from relay.scrub.items.model import NotForwardedError, Tools

_BINARY_TYPES: Final = (
    "unreal.", "playstation.", "nswitch.", "event.nv_", "event.payload", "event.breadcrumbs",
)  # fmt: skip
_BINARY_MEDIA: Final = (
    "image/", "video/", "audio/", "font/", "application/zip", "application/gzip",
    "application/x-gzip", "application/zstd", "application/pdf", "application/x-dmp",
    "application/x-msgpack", "application/msgpack", "application/x-protobuf",
    # Text with a part of its own in front, and a pointer to what is stored elsewhere.
    "application/vnd.sentry.trace-attachment", "application/vnd.sentry.attachment-ref",
)  # fmt: skip


def scrub(item: Item, document: Any, tools: Tools) -> bytes:  # noqa: ARG001 - it may be no JSON
    """Scrub an attachment; see `model.ItemScrubber`. What is not text is not forwarded."""
    headers, payload = item.headers, item.payload
    of, media = headers.get("attachment_type"), headers.get("content_type")
    if isinstance(of, str) and of.startswith(_BINARY_TYPES):
        raise NotForwardedError
    if isinstance(media, str) and media.lower().startswith(_BINARY_MEDIA):
        raise NotForwardedError
    if not payload:
        return payload
    decoded = decode(payload)
    if decoded is None:
        raise NotForwardedError
    clean = _json(decoded, len(payload), tools)
    if clean is None:
        clean = _text(decoded, tools)
    return clean


def _json(decoded: Decoded, size: int, tools: Tools) -> bytes | None:
    """Return a scrubbed JSON document, or a document a line; None if it is neither.

    Raises:
        ScrubError: it has more values than are read.
    """
    text = decoded.text
    if text.lstrip()[:1] not in ("{", "["):
        return None
    if jsonio.count_values(text.encode("utf-8", "replace")) > jsonio.MAX_VALUES:
        # Not as text either: its keys say what its values are.
        raise ScrubError("a document has too many values")
    try:
        value = jsonio.loads(text)
    except jsonio.JsonError:
        pass
    else:
        return decoded.encode(jsonio.dumps(tools.value(value, size)).decode())
    lines = text.split("\n")
    at = [number for number, line in enumerate(lines) if line.strip()]
    try:
        documents = [_document(lines[number]) for number in at]
    except jsonio.JsonError:
        return None
    # All at once: one budget for the work that they make.
    for number, clean in zip(at, tools.value(documents, size), strict=True):
        end = "\r" if lines[number].endswith("\r") else ""
        lines[number] = jsonio.dumps(clean).decode() + end
    return decoded.encode("\n".join(lines))


def _document(line: str) -> Any:
    if line.lstrip()[:1] not in ("{", "["):
        raise jsonio.JsonError("not a document a line")
    return jsonio.loads(line)


def _text(decoded: Decoded, tools: Tools) -> bytes:
    clean = decoded.encode(tools.text(decoded.text))
    if decoded.is_wide:
        # Bytes that are UTF-16 only in part, or not at all, are text in this reading.
        other = clean.replace(b"\0", b"").decode("latin-1")
        if tools.again([other], len(other)) != [other]:
            raise NotForwardedError
    return clean
