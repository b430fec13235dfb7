"""The old store endpoint: one event in any of its dresses, and the envelope that it becomes.

The body is JSON, base64(JSON) or base64(zlib(JSON)), by itself or as the form field `sentry_data`.
"""

import base64
import binascii
from typing import Any, Final
from urllib.parse import parse_qsl

from relay import jsonio
from relay.errors import BodyError
from relay.protocol.body import decode
from relay.protocol.envelope import Envelope, Item, serialise
from relay.protocol.limits import DEFAULT, Limits, too_large

_FIELD: Final = "sentry_data"
_FORM: Final = b"sentry_data="
_URL_SAFE: Final = bytes.maketrans(b"-_ ", b"+/+")


def decode_store(body: bytes, limits: Limits = DEFAULT) -> bytes:
    """Return the event's JSON out of a store body, or out of the query's `sentry_data`.

    Args:
        body: the body after its Content-Encoding is undone.
        limits: `body` bounds the body, `event` the event.

    Raises:
        BodyError: it is none of the forms, or not a JSON object.
        TooLargeError: body or event are over their limits.
    """
    if len(body) > limits.body:
        raise too_large("event")
    text = body.strip()
    if text.startswith(_FORM) or (not text.startswith(b"{") and b"&" + _FORM in text):
        text = _form_field(text)
    event = text if text.startswith(b"{") else _open(text, limits)
    if len(event) > limits.event:
        raise too_large("event")
    try:
        document = jsonio.loads(event)
    except jsonio.JsonError:
        raise BodyError("the event is not JSON") from None
    if not isinstance(document, dict):
        raise BodyError("the event is not a JSON object")
    return event


def as_envelope(event_json: bytes, event_id: str | None = None, kind: str = "event") -> bytes:
    """Wrap one event in an envelope.

    Args:
        event_json: the event's JSON.
        event_id: 32 hex digits; None leaves the event its own, or the one that it will get.
        kind: the item's kind.
    """
    headers: dict[str, Any] = {} if event_id is None else {"event_id": event_id}
    return serialise(Envelope.make(headers, (Item.make({"type": kind}, event_json),)))


def _form_field(text: bytes) -> bytes:
    try:
        pairs = parse_qsl(text.decode("ascii"), max_num_fields=16)
    except ValueError:
        raise BodyError("the form does not parse") from None
    given = [value for name, value in pairs if name == _FIELD]
    if len(given) != 1:
        # One of two may say what the other denies, and nobody can say which was meant.
        raise BodyError("sentry_data is empty or given twice")
    return given[0].encode().strip()


def _open(text: bytes, limits: Limits) -> bytes:
    """Undo base64, and zlib where it is inside."""
    # A form turns "+" into a space where the client did not escape it; some clients leave out "=".
    compact = b"".join(text.splitlines()).translate(_URL_SAFE).rstrip(b"=")
    try:
        data = base64.b64decode(compact + b"=" * (-len(compact) % 4), validate=True)
    except binascii.Error:
        raise BodyError("the body is neither JSON nor base64") from None
    if data.lstrip().startswith(b"{"):
        return data
    return decode(data, "deflate", limits.event)
