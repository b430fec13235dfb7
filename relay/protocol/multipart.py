"""multipart/form-data (RFC 7578): the parts of a body that has been read and decompressed.

Law of this file: no name and no byte of a part goes into an error.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from relay.errors import BodyError, UnsupportedMediaError
from relay.protocol.limits import Limits, too_large

_LONGEST_BOUNDARY: Final = 70
"""RFC 2046, 5.1.1."""
_MULTIPART: Final = b"multipart/form-data"
_MOST_PADDING: Final = 100
"""Blanks behind a boundary."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part.

    Attributes:
        name: of the form's field; empty where it has none.
        filename: None for a field that is no file.
        content_type: as the client gave it; empty where it gave none.
        data: the bytes.
    """

    name: str = field(repr=False)
    filename: str | None = field(repr=False)
    content_type: str = field(repr=False)
    data: bytes = field(repr=False)


def is_multipart(content_type: str) -> bool:
    """Tell whether a Content-Type says multipart/form-data."""
    return _header(content_type)[0] == _MULTIPART


def read_parts(body: bytes, content_type: str, limits: Limits) -> Sequence[Part]:
    """Return the parts of a body.

    Args:
        body: all of it, decompressed.
        content_type: the request's header.
        limits: `items` bounds the number of parts, `event` all fields that are no files together,
            `attachment` one file.

    Raises:
        UnsupportedMediaError: the header does not say multipart/form-data with a boundary.
        BodyError: it is not framed as it says.
        TooLargeError: it is over a limit.
    """
    kind, options = _header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != _MULTIPART or not 0 < len(boundary) <= _LONGEST_BOUNDARY:
        raise UnsupportedMediaError("multipart/form-data with a boundary is expected")
    return split(body, boundary, limits)


def split(body: bytes, boundary: bytes, limits: Limits) -> Sequence[Part]:
    """Return the parts between boundaries; see `read_parts`."""
    _check_boundaries(body, boundary, limits)
    collected = _Collected(limits)
    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": collected.begin,
            "on_part_data": collected.data,
            "on_part_end": collected.end,
            "on_header_field": collected.header_name,
            "on_header_value": collected.header_value,
            "on_header_end": collected.header_end,
            "on_end": collected.finish,
        },
    )
    try:
        parser.write(body)
        parser.finalize()
    except FormParserError:
        raise BodyError("the multipart body is broken") from None
    if not collected.finished:
        raise BodyError("the multipart body is cut off")
    return collected.parts


def _check_boundaries(body: bytes, boundary: bytes, limits: Limits) -> None:
    """Refuse what the parser would go through byte by byte: many boundaries, and long padding."""
    line = b"\r\n--" + boundary
    # One at the end; a first one may stand behind a preamble.
    if body.count(line) > limits.items + 1:
        raise too_large("envelope")
    at = body.find(line)
    while at >= 0:
        at += len(line)
        if not body[at : at + _MOST_PADDING].strip(b" \t") and at + _MOST_PADDING < len(body):
            raise BodyError("the multipart body is broken")
        at = body.find(line, at)


def embedded_boundary(data: bytes) -> bytes | None:
    """Return the boundary of a multipart body that stands inside of a part; None if none does."""
    if not data.startswith(b"--"):
        return None
    line = data[2 : 2 + _LONGEST_BOUNDARY + 2].partition(b"\r\n")
    return line[0] if line[1] and line[0] else None


class _Collected:
    """The parts as the parser tells of them."""

    def __init__(self, limits: Limits) -> None:
        self.parts: list[Part] = []
        self.finished = False
        self._limits = limits
        self._fields = 0
        self._begin()

    def _begin(self) -> None:
        self._name, self._value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._chunks: list[bytes] = []

    def begin(self) -> None:
        if len(self.parts) == self._limits.items:
            raise too_large("envelope")
        self._begin()

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name, self._value = b"", b""

    def data(self, data: bytes, start: int, end: int) -> None:
        self._chunks.append(data[start:end])

    def end(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        filename = options.get(b"filename")
        part = Part(
            _text(options.get(b"name", b"")),
            # Of a path only the name (RFC 7578, 4.2): quotes take one of the two backslashes that
            # a share is known by.
            None if filename is None else _text(filename.rpartition(b"\\")[2]),
            _text(self._headers.get(b"content-type", b"")),
            b"".join(self._chunks),
        )
        if filename is None:
            self._fields += len(part.data) + len(part.name)
            if self._fields > self._limits.event:
                raise too_large("form_data")
        elif len(part.data) > self._limits.attachment:
            raise too_large("attachment")
        self.parts.append(part)

    def finish(self) -> None:
        self.finished = True


def _header(content_type: str) -> tuple[bytes, dict[bytes, bytes]]:
    """Return the type in small letters and its parameters; of a type that is not ASCII, nothing."""
    return parse_options_header(content_type) if content_type.isascii() else (b"", {})


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
