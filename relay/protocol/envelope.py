"""The envelope codec: bytes to headers and items, and back.

Grammar: https://develop.sentry.dev/sdk/data-model/envelopes/. Every line ends with LF; CR is
payload. An item with `length` has exactly that many bytes of payload, then LF or the end; one
without ends at the next LF or the end. Empty lines are allowed after the last item only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from relay import jsonio
from relay.errors import EnvelopeError
from relay.protocol.limits import DEFAULT, Limits, check_item, check_together, too_large

_LF = b"\n"
_MOST_HEADERS = 4
"""Times the limit of one header that all headers of items may have together: they are all held."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item.

    Attributes:
        headers: the parsed header object.
        payload: the payload's bytes.
        raw_headers: the header line as it came, without LF; empty when it has to be written anew.
    """

    headers: Mapping[str, Any] = field(repr=False)
    payload: bytes = field(repr=False)
    raw_headers: bytes = field(default=b"", repr=False)

    @classmethod
    def make(cls, headers: Mapping[str, Any], payload: bytes) -> Self:
        """Build a new item; `length` is set when it is serialised."""
        return cls(headers, payload)

    @property
    def kind(self) -> str:
        """The header's `type`, or the empty string where it has none that is text."""
        kind = self.headers.get("type")
        return kind if isinstance(kind, str) else ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope.

    Attributes:
        headers: the parsed header object.
        items: the items, in their order.
        raw_headers: the header line as it came, without LF; empty when it has to be written anew.
    """

    headers: Mapping[str, Any] = field(repr=False)
    items: tuple[Item, ...]
    raw_headers: bytes = field(default=b"", repr=False)

    @classmethod
    def make(cls, headers: Mapping[str, Any], items: tuple[Item, ...]) -> Self:
        """Build a new envelope."""
        return cls(headers, items)


def parse(data: bytes, limits: Limits = DEFAULT) -> Envelope:
    """Parse an envelope and hold it against the limits.

    An item whose header has no usable `type` is kept with the kind `""`: it is one unknown item,
    not a broken envelope.

    Args:
        data: the decompressed body. Payloads are copied out of it once.
        limits: sizes in bytes, and counts.

    Raises:
        EnvelopeError: the framing or a header is broken, or there are two events.
        TooLargeError: the envelope, an item, or several of a kind are over a limit.
    """
    if len(data) > limits.envelope:
        raise too_large("envelope")
    if not data:
        raise EnvelopeError("the body is empty")
    raw_headers, headers, pos = _read_header(data, 0, limits, "the envelope header")
    items: list[Item] = []
    in_headers = 0
    while pos < len(data):
        if data[pos] == _LF[0]:
            if data.count(_LF, pos) != len(data) - pos:
                raise EnvelopeError("an empty line stands between items")
            break
        if len(items) == limits.items:
            raise too_large("envelope")
        item, pos = _read_item(data, pos, limits)
        items.append(item)
        in_headers += len(item.raw_headers)
        if in_headers > _MOST_HEADERS * limits.header:
            raise too_large("envelope")
    check_together(((item.kind, len(item.payload)) for item in items), limits)
    return Envelope(headers, tuple(items), raw_headers)


def serialise(envelope: Envelope) -> bytes:
    """Write an envelope, each payload followed by LF.

    A header that still has its raw bytes is written exactly as it came, as long as it frames its
    payload rightly; any other is written anew, an item's with the right `length`.

    Raises:
        JsonError: a header holds a value that has no JSON form.
    """
    parts = [envelope.raw_headers or jsonio.dumps(envelope.headers), _LF]
    for item in envelope.items:
        parts += (_item_header(item), _LF, item.payload, _LF)
    return b"".join(parts)


def _read_header(
    data: bytes, start: int, limits: Limits, what: str
) -> tuple[bytes, dict[str, Any], int]:
    """Read one header line; return its bytes, the object, and where the next line starts."""
    # One byte more than allowed is enough to know that a line is too long.
    end = data.find(_LF, start, start + limits.header + 1)
    if end < 0:
        if len(data) - start > limits.header:
            raise too_large("envelope")
        end = len(data)
    raw = data[start:end]
    try:
        headers = jsonio.loads(raw)
    except jsonio.JsonError:
        raise EnvelopeError(f"{what} is not JSON") from None
    if not isinstance(headers, dict):
        raise EnvelopeError(f"{what} is not a JSON object")
    return raw, headers, end + 1


def _read_item(data: bytes, start: int, limits: Limits) -> tuple[Item, int]:
    """Read one item; return it and where the next one starts."""
    raw, headers, start = _read_header(data, start, limits, "an item header")
    length = headers.get("length")
    if length is None:
        end = data.find(_LF, start)
        if end < 0:
            end = max(start, len(data))
    else:
        # bool is an int in Python, and `true` is no length.
        if type(length) is not int or length < 0:
            raise EnvelopeError("an item's length is not a whole number")
        end = start + length
        if length and end > len(data):
            raise EnvelopeError("an item is shorter than its length")
        if end < len(data) and data[end] != _LF[0]:
            raise EnvelopeError("an item is longer than its length")
    item = Item(headers, data[start:end], raw)
    check_item(headers, len(item.payload), limits)
    return item, end + 1


def _item_header(item: Item) -> bytes:
    size = len(item.payload)
    if item.raw_headers:
        length = item.headers.get("length")
        if length == size or (length is None and _LF not in item.payload):
            return item.raw_headers
    return jsonio.dumps({**item.headers, "length": size})
