"""Reading requests: a path and a query string in, what they say out, or an error.

Source: `packages/analytics` of Trezor Suite, which makes the query with URLSearchParams (WHATWG
URL standard, application/x-www-form-urlencoded). Law of this file: strict, bounded, and no error
holds a value. What cannot be understood is refused, never guessed.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, cast

from relay.config import UsageApp
from relay.errors import RequestError
from relay.usage.attributes import BEFORE_RELEASE
from relay.usage.model import NO_ENVIRONMENT, OPT_OUT_TYPES, Channel, Target, UsageRequest

MAX_QUERY: Final = 8_000
"""Characters of a query string; a request line has no more than 8,190 in all."""

MAX_PAIRS: Final = 100
MAX_NAME: Final = 100
MAX_VALUE: Final = 4_000
"""Characters of a name and of a value, decoded: a list of devices is the longest that comes."""

_HEX: Final = "0123456789abcdefABCDEF"
_BYTES: Final = {a + b: bytes((int(a + b, 16),)) for a in _HEX for b in _HEX}
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # noqa: TID251 - one character, bounded

_CONTROL: Final = "a parameter of the query holds a control character"

# All of these are bounded, and nothing in them can match in two ways.
_ID: Final = "[A-Za-z0-9_-]{1,64}"
_SHAPES: Final = {
    "c_type": "[A-Za-z0-9](?:[A-Za-z0-9/_.:-]{0,98}[A-Za-z0-9])?",
    "c_v": rf"[0-9]{{1,5}}(?:\.[0-9]{{1,5}}){{0,2}}(?:{BEFORE_RELEASE})?",
    "c_commit": "[0-9a-f]{7,40}",
    "c_instance_id": _ID,
    "c_session_id": _ID,
    "c_timestamp": "[0-9]{1,16}",
}
"""What every event has."""
_MISSING: Final = ("",) * len(_SHAPES)
_MESSAGE: Final = "c_message_id"
"""What all but old clients give."""
_FIELDS: Final = frozenset({*_SHAPES, _MESSAGE})
_EACH: Final = {
    name: re.compile(shape)  # noqa: TID251 - as said
    for name, shape in {**_SHAPES, _MESSAGE: _ID}.items()
}
_ALL: Final = re.compile(f"{' '.join(_SHAPES.values())} (?:{_ID})?")  # noqa: TID251 - as said
"""All together, in their order: no shape has a space in it."""


class Fields(NamedTuple):
    """What the parameters of an event say, each of its own shape.

    Attributes:
        type: of the event.
        version: of the app's events.
        commit: the app was built from, in hex.
        instance, session, message: ids; the message's is empty where the client gave none.
        timestamp: milliseconds since the Unix epoch, by the client's clock.
        payload: every other parameter by name; None where it is there more than once.
        consent: the parameter that carries consent; None without it.
    """

    type: str
    version: str
    commit: str
    instance: str
    session: str
    message: str
    timestamp: int
    payload: Mapping[str, str | None]
    consent: str | None

    def __repr__(self) -> str:
        return f"Fields(type={self.type!r}, version={self.version!r}, commit={self.commit!r})"


@dataclass(frozen=True, slots=True)
class OptOut:
    """A decision to share nothing; of ids only the message's is read, so that repeats are known."""

    version: str
    message: str = field(repr=False)


def targets_of(apps: Iterable[UsageApp]) -> dict[str, Target]:
    """Return where paths lead, exactly as clients write them, without the query.

    Args:
        apps: those that are configured.
    """
    targets: dict[str, Target] = {}
    for app in apps:
        for channel in Channel:
            file = f"{channel}.log"
            targets[f"/{app.name}/log/{file}"] = Target(app.name, NO_ENVIRONMENT, channel)
            for name in app.environments:
                targets[f"/{app.name}/log/{name}/{file}"] = Target(app.name, name, channel)
    return targets


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
    # The standard passes over nothing at all, as between two ampersands.
    pairs = [part.partition("=")[::2] for part in parts if part]
    if "%" in raw or "+" in raw:
        for place, (name, value) in enumerate(pairs):
            if "%" in value or "+" in value or "%" in name or "+" in name:
                pairs[place] = _decoded(name), _decoded(value)
    if max(map(len, parts)) > MAX_NAME and any(map(_is_too_long, pairs)):
        raise RequestError("a parameter of the query is too long")
    return tuple(pairs)


def _is_too_long(pair: tuple[str, str]) -> bool:
    return len(pair[0]) > MAX_NAME or len(pair[1]) > MAX_VALUE


def _decoded(text: str) -> str:
    if "%" not in text:
        return text.replace("+", " ")
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
    payload: dict[str, str | None] = dict(request.query)
    repeats = len(payload) < len(request.query)
    agreed_twice = repeats and _mark_repeats(request, payload, consent)
    take = payload.pop
    agreed, message = take(consent, None), take(_MESSAGE, None)
    # No value is None, for none of these may be there twice.
    values = cast("list[str]", [*map(take, _SHAPES, _MISSING)])
    decides = OPT_OUT_TYPES.get(values[0])
    if decides is not None and _opts_out(payload.get(decides)):
        _check(request, ("c_v", _MESSAGE))
        # An id that stands for more than the message must not be known by: it would be kept.
        return OptOut(values[1], "" if message is None or message in values[3:5] else message)
    if agreed_twice:
        raise RequestError("the consent is given twice")
    if message == "" or _ALL.fullmatch(" ".join((*values, message or ""))) is None:
        _check(request, _EACH)
    event_type, version, commit, instance, session, timestamp = values
    return Fields(
        event_type,
        version,
        commit,
        instance,
        session,
        message or "",
        int(timestamp),
        payload,
        agreed,
    )


def _mark_repeats(request: UsageRequest, payload: dict[str, str | None], consent: str) -> bool:
    """Take the value from what is there more than once; return whether the consent is.

    Raises:
        RequestError: what every event has is there twice.
    """
    seen: set[str] = set()
    repeated: set[str] = set()
    for name, _ in request.query:
        (repeated if name in seen else seen).add(name)
    for name in repeated:
        if name in _FIELDS:
            raise RequestError(f"{name} is given twice")
        payload[name] = None
    return consent in repeated


def _check(request: UsageRequest, names: Iterable[str]) -> None:
    """Look for what is missing or malformed, and say what it is."""
    given = dict(request.query)
    for name in names:
        value = given.get(name)
        if value is None and name != _MESSAGE:
            raise RequestError(f"{name} is missing")
        if value is not None and _EACH[name].fullmatch(value) is None:
            raise RequestError(f"{name} is malformed")


def _opts_out(decision: str | None) -> bool:
    """Return whether a decision is to share nothing.

    Raises:
        RequestError: nobody can say what was decided.
    """
    match decision:
        case "false" | "0":
            return True
        case "true" | "1":
            return False
        case _:
            raise RequestError("the value of a decision must be true or false")
