"""Crash reports that come as a minidump: alone, in a form, in a container; and files for an event.

Source: the behaviour of Sentry Relay's minidump and attachments endpoints, and
https://docs.sentry.io/platforms/native/guides/minidumps/.
"""

import bz2
import lzma
from collections.abc import Sequence
from typing import Any, Final

from relay import jsonio
from relay.errors import BodyError
from relay.protocol.body import decode
from relay.protocol.envelope import Envelope, Item, serialise
from relay.protocol.form_event import BREADCRUMB_FILES, EVENT_FILE, form_event
from relay.protocol.limits import MIB, Limits, too_large
from relay.protocol.multipart import Part, embedded_boundary, is_multipart, read_parts, split

FIELD: Final = "upload_file_minidump"
RAW_TYPES: Final = ("application/octet-stream", "application/x-dmp")

_MAGIC: Final = (b"MDMP", b"PMDM")
_VIEW_HIERARCHY: Final = "view-hierarchy.json"
_FILE_NAME: Final = "Minidump"
_MINIDUMP: Final = {
    "type": "attachment",
    "attachment_type": "event.minidump",
    "content_type": "application/x-dmp",
}
_CONTAINERS: Final = (".gz", ".xz", ".bz2", ".zst")
_XZ_MEMORY: Final = 128 * 1024 * 1024
"""What an LZMA stream may ask for; `xz -9` asks for 65 MiB."""


def crash_envelope(body: bytes, content_type: str, event_id: str, limits: Limits) -> bytes:
    """Return a crash report as an envelope: the event that its form tells of, dump and files.

    A dump that comes without any field has no event: Sentry makes one of the dump itself.

    Args:
        body: what was posted, decompressed.
        content_type: the request's header.
        event_id: 32 hex digits for the new event.
        limits: sizes and counts.

    Raises:
        BodyError: there is no minidump in it, or it is none; its event is too deep.
        TooLargeError: it is over a limit.
        UnsupportedMediaError: a form without a boundary.
    """
    if not is_multipart(content_type):
        item = Item.make({**_MINIDUMP, "filename": _FILE_NAME}, open_dump(body, limits))
        return serialise(Envelope.make({"event_id": event_id}, (item,)))
    parts = read_parts(body, content_type, limits)
    if not any(part.name == FIELD and part.filename is not None for part in parts):
        raise BodyError("missing minidump")
    items: list[Item] = []
    event = form_event(parts, limits)
    if event:
        # Never the client's: the answer's id is the one to find it under.
        whole = {**event, "event_id": event_id}
        whole.setdefault("platform", "native")
        whole.setdefault("level", "fatal")
        try:
            payload = jsonio.dumps(whole)
        except jsonio.JsonError:
            # What is nested deeply can be read, and not written.
            raise BodyError("the event is nested too deeply") from None
        items.append(Item.make({"type": "event"}, payload))
    items += _files(parts, limits)
    return serialise(Envelope.make({"event_id": event_id}, tuple(items)))


def files_envelope(body: bytes, content_type: str, event_id: str, limits: Limits) -> bytes:
    """Return a form's files as an envelope of attachments for an event that was sent before.

    Raises:
        BodyError, TooLargeError, UnsupportedMediaError: as `multipart.read_parts`.
    """
    parts = [p for p in read_parts(body, content_type, limits) if p.filename is not None]
    items = tuple(_attachment(part, "event.attachment") for part in parts)
    return serialise(Envelope.make({"event_id": event_id}, items))


def open_dump(data: bytes, limits: Limits) -> bytes:
    """Return a minidump out of the containers that it may stand in.

    Raises:
        BodyError: it is none.
        TooLargeError: opened it is over the limit `attachment`; no more than that is ever opened.
    """
    boundary = embedded_boundary(data)
    if boundary is not None:
        # Old Electron on Linux sends a form inside of the form.
        inner = [part for part in split(data, boundary, limits) if part.name == FIELD]
        if inner:
            data = inner[0].data
    try:
        data = _opened(data, limits)
    except (OSError, EOFError, ValueError, lzma.LZMAError):
        raise BodyError("invalid compression container") from None
    if not data.startswith(_MAGIC):
        raise BodyError("invalid minidump")
    return data


def _files(parts: Sequence[Part], limits: Limits) -> list[Item]:
    items: list[Item] = []
    seen = False
    for part in parts:
        if part.filename is None or part.name == EVENT_FILE or part.name in BREADCRUMB_FILES:
            continue  # what these say is in the event
        if part.name == FIELD and not seen:
            seen = True
            name = next(
                (
                    part.filename.removesuffix(end)
                    for end in _CONTAINERS
                    if part.filename.endswith(end)
                ),
                part.filename,
            )
            items.append(Item.make({**_MINIDUMP, "filename": name}, open_dump(part.data, limits)))
        else:
            kind = "view_hierarchy" if part.name == _VIEW_HIERARCHY else "attachment"
            items.append(_attachment(part, f"event.{kind}"))
    return items


def _attachment(part: Part, attachment_type: str) -> Item:
    headers: dict[str, Any] = {"type": "attachment", "attachment_type": attachment_type}
    if part.content_type:
        headers["content_type"] = part.content_type
    headers["filename"] = part.filename or ""
    return Item.make(headers, part.data)


def _opened(data: bytes, limits: Limits) -> bytes:
    """Undo one container, told by its first bytes; a bomb ends where its ratio tells."""
    limit = min(limits.attachment, max(MIB, limits.ratio * len(data)))
    if data.startswith(b"\x1f\x8b"):
        return decode(data, "gzip", limit)
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        return decode(data, "zstd", limit)
    opener: bz2.BZ2Decompressor | lzma.LZMADecompressor
    if data.startswith(b"BZh"):
        opener = bz2.BZ2Decompressor()
    elif data.startswith(b"\xfd7zXZ\0"):
        opener = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
    else:
        return data
    opened = opener.decompress(data, limit + 1)
    if len(opened) > limit:
        raise too_large("attachment")
    if not opener.eof:
        raise EOFError
    return opened
