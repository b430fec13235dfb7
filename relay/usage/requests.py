"""Reading requests: a path and a query string in, what they say out, or an error.

Source: `packages/analytics` of Trezor Suite, which makes the query with URLSearchParams (WHATWG
URL standard, application/x-www-form-urlencoded). Law of this file: strict, bounded, and no error
holds a value. What cannot be understood is refused, never guessed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from relay.config import UsageApp
from relay.errors import RequestError
from relay.usage.model import NO_ENVIRONMENT, OPT_OUT_TYPE, Channel, Target, UsageRequest

MAX_QUERY: Final = 8_000
"""Characters of a query string; a request line has no more than 8,190 in all."""

MAX_PAIRS: Final = 100
MAX_NAME: Final = 100
MAX_VALUE: Final = 4_000
"""Characters of a name and of a value, decoded: a list of devices is the longest that comes."""

_CHANNELS: Final = {f"{channel}.log": channel for channel in Channel}
_LOG: Final = "log"

_FIELDS: Final = frozenset(
    {"c_v", "c_type", "c_commit", "c_instance_id", "c_session_id", "c_timestamp", "c_message_id"}
)

_HEX: Final = "0123456789abcdefABCDEF"
_BYTES: Final = {a + b: bytes((int(a + b, 16),)) for a in _HEX for b in _HEX}
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # noqa: TID251 - one character, bounded

_CONTROL: Final = "a parameter of the query holds a control character"

# Shapes. All of them are bounded, and nothing in them can match in two ways.
_TYPE: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9/_.:-]{0,98}[A-Za-z0-9])?")  # noqa: TID251
_VERSION: Final = re.compile(  # noqa: TID251
    r"[0-9]{1,5}(?:\.[0-9]{1,5}){0,2}(?:-[A-Za-z]{1,10}(?:[.-]?[0-9]{1,5})?)?"
)
_COMMIT: Final = re.compile(r"[0-9a-f]{7,40}")  # noqa: TID251
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")  # noqa: TID251
_TIMESTAMP: Final = re.compile(r"[0-9]{1,16}")  # noqa: TID251


@dataclass(frozen=True, slots=True)
class Fields:
    """What the parameters of an event say, each of its own shape.

    Attributes:
        type: of the event.
        version: of the app's events.
        commit: the app was built from, in hex.
        instance, session, message: ids; the message's is empty where the client gave none.
        timestamp: milliseconds since the Unix epoch, by the client's clock.
        payload: every other parameter by name; None where it is there more than once.
    """

    type: str
    version: str
    commit: str
    instance: str = field(repr=False)
    session: str = field(repr=False)
    message: str = field(repr=False)
    timestamp: int = field(repr=False)
    payload: Mapping[str, str | None] = field(repr=False)


@dataclass(frozen=True, slots=True)
class OptOut:
    """A decision to share nothing; of ids only the message's is read, so that repeats are known."""

    version: str
    message: str = field(repr=False)


def find_target(path: str, apps: Mapping[str, UsageApp]) -> Target | None:
    """Return where a path leads, exactly as clients write it; None if it is no path of an app.

    Args:
        path: as in the request line, without the query.
        apps: those that are configured, by name.
    """
    parts = path.split("/")
    if len(parts) == 5:
        empty, name, log, environment, file = parts
    elif len(parts) == 4:
        empty, name, log, file = parts
        environment = NO_ENVIRONMENT
    else:
        return None
    app, channel = apps.get(name), _CHANNELS.get(file)
    if app is None or channel is None or empty or log != _LOG:
        return None
    if len(parts) == 5 and environment not in app.environments:
        return None
    return Target(name, environment, channel)


def read_query(raw: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs of a query string, decoded, in order, blank values included.

    Args:
        raw: as in the request line, without the question mark.

    Raises:
        RequestError: it is too long, of too many pairs, or not encoded as it should be.
    """
    if len(raw) > MAX_QUERY:
        raise RequestError("the query is too long")
    if not raw.isascii():
        raise RequestError("the query is not percent-encoded")
    if not raw.isprintable():
        raise RequestError(_CONTROL)
    parts = raw.split("&")
    if len(parts) > MAX_PAIRS:
        raise RequestError("the query has too many parameters")
    pairs: list[tuple[str, str]] = []
    for part in parts:
        name, _, value = part.partition("=")
        if "%" in part or "+" in part:
            name, value = _decoded(name), _decoded(value)
        if len(name) > MAX_NAME or len(value) > MAX_VALUE:
            raise RequestError("a parameter of the query is too long")
        # The standard passes over nothing at all, as between two ampersands.
        if part:
            pairs.append((name, value))
    return tuple(pairs)


def _decoded(text: str) -> str:
    first, *others = text.replace("+", " ").split("%")
    try:
        data = first.encode() + b"".join([_BYTES[one[:2]] + one[2:].encode() for one in others])
        decoded = data.decode()
    except (KeyError, UnicodeDecodeError):
        decoded = None
    if decoded is None:  # raised here, for an error remembers the one that it was raised in
        raise RequestError("the query is not percent-encoded UTF-8")
    if not decoded.isprintable() and _CONTROLS.search(decoded) is not None:
        raise RequestError(_CONTROL)
    return decoded


def read_request(request: UsageRequest, consent: str) -> Fields | OptOut:
    """Read the parameters that every event has, and tell apart the rest.

    Args:
        request: as it came.
        consent: the name of the parameter that carries consent, which is not looked at here.

    Raises:
        RequestError: a parameter is missing, twice there, or not of its shape.
    """
    own: dict[str, str] = {}
    payload: dict[str, str | None] = {}
    for name, value in request.query:
        if name in _FIELDS or name == consent:
            if name in own:
                raise RequestError(f"{_named(name, consent)} is given twice")
            own[name] = value
        elif name in payload:
            payload[name] = None
        else:
            payload[name] = value
    event_type = _shaped(own, "c_type", _TYPE)
    version = _shaped(own, "c_v", _VERSION)
    message = _shaped(own, "c_message_id", _ID) if "c_message_id" in own else ""
    if event_type == OPT_OUT_TYPE and _opts_out(payload):
        return OptOut(version, message)
    return Fields(
        event_type,
        version,
        _shaped(own, "c_commit", _COMMIT),
        _shaped(own, "c_instance_id", _ID),
        _shaped(own, "c_session_id", _ID),
        message,
        int(_shaped(own, "c_timestamp", _TIMESTAMP)),
        payload,
    )


def _named(name: str, consent: str) -> str:
    return "the consent" if name == consent else name


def _shaped(own: Mapping[str, str], name: str, shape: re.Pattern[str]) -> str:
    value = own.get(name)
    if value is None:
        raise RequestError(f"{name} is missing")
    if shape.fullmatch(value) is None:
        raise RequestError(f"{name} is malformed")
    return value


def _opts_out(payload: Mapping[str, str | None]) -> bool:
    """Return whether a decision is to share nothing.

    Raises:
        RequestError: nobody can say what was decided.
    """
    match payload.get("value"):
        case "false" | "0":
            return True
        case "true" | "1":
            return False
        case _:
            raise RequestError("the value of a decision must be true or false")
