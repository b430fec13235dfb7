"""What must hold of whatever came out, whatever went in: asked by targets, of bytes and texts.

Law of this file: an oracle raises `Broken`, says which one it is, and reads by itself: with `json`
and the tests' own reader of envelopes, and nothing of the relay.
"""

import json
import logging
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any, Final

from sentry_sdk.envelope import Envelope as SdkEnvelope

from tests.fuzz.planted import leaks
from tests.system import captured


class Broken(AssertionError):  # noqa: N818 - what is broken is a promise
    """An oracle that does not hold: which, and how."""

    def __init__(self, oracle: str, how: object = "") -> None:
        super().__init__(f"{oracle}: {how}")
        self.oracle = oracle


def hold(oracle: str, truth: object, how: object = "") -> None:
    """Raise unless something is true."""
    if not truth:
        raise Broken(oracle, how)


def one_in(share: int, data: bytes, salt: bytes = b"") -> bool:
    """Tell whether an input is among one in so many: by its bytes, so that it is so again."""
    return int.from_bytes(blake2b(data, digest_size=4, key=salt).digest()) % share == 0


def no_secret(place: str, shown: bytes | str, given: bytes | None) -> None:
    """Hold that no planted secret stands in what is shown."""
    raw = shown if isinstance(shown, bytes) else shown.encode("utf-8", "surrogatepass")
    found = leaks(place, raw, given)
    hold("a secret survives", not found, found)


def no_secret_in_error(error: BaseException, given: bytes) -> None:
    """Hold that an error tells nothing: its text, its parts, and all that a traceback shows."""
    shown = "".join(traceback.format_exception(error))
    parts = [repr(error), str(error), repr(vars(error))]
    no_secret("error", "\n".join([*parts, shown]), given)


# --- what is forwarded ----------------------------------------------------------------------------


def parsed(body: bytes) -> list[captured.Item]:
    """Read a forwarded envelope as others do; hold that it is one, and its JSON is JSON."""
    try:
        head = json.loads(body.partition(b"\n")[0], parse_constant=_no_number)
        items = list(captured.read_items(body))
    except (ValueError, KeyError, TypeError) as error:
        raise Broken("what is forwarded does not parse", repr(error)) from None
    hold("what is forwarded does not parse", isinstance(head, dict), "the header")
    size = body.find(b"\n") + 1
    for item in items:
        hold("what is forwarded does not parse", isinstance(item.header, dict), "an item's header")
        length = item.header.get("length")
        hold("what is forwarded does not parse", length == len(item.payload), "a length")
        end = body.find(b"\n", size) + 1 + len(item.payload)
        hold("what is forwarded does not parse", body[end : end + 1] == b"\n", "the end of an item")
        size = end + 1
    hold("what is forwarded does not parse", size == len(body), "something behind the last item")
    return items


def strict_json(data: bytes) -> Any:
    """Read JSON as RFC 8259 has it; no lone surrogates, no NaN.

    Raises:
        Broken: it is none.
    """
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        if isinstance(error, RecursionError):
            return None
        raise Broken("what is forwarded is not JSON", repr(error)) from None


def _no_number(name: str) -> None:
    raise ValueError(name)


def read_by_sdk(body: bytes, count: int) -> None:
    """Hold that sentry_sdk reads the same number of items."""
    try:
        read = SdkEnvelope.deserialize(body)
    except Exception as error:  # noqa: BLE001 - any is a finding
        raise Broken("sentry_sdk does not read what is forwarded", repr(error)) from None
    hold("sentry_sdk reads other items", count == len(read.items), (count, len(read.items)))


# --- consent --------------------------------------------------------------------------------------

_GRANTS: Final = (True, "true", "1", "granted")
_TAGGED: Final = frozenset({
    "event", "transaction", "feedback", "security", "user_report", "check_in", "profile",
    "replay_event",
})  # fmt: skip
_OWN_ACT: Final = frozenset({"feedback", "user_report"})


def may_go_on(data: bytes) -> str:
    """Say what an envelope that parses says of consent: granted, denied, or own act, or nothing.

    Read by the words of docs/consent.md: one denial denies all, nothing is no consent.
    """
    said: list[bool] = []
    head = _object(data.partition(b"\n")[0])
    said += [value for key, value in head if key == "consent"]
    said = [_grants(value) for value in said]
    if len(said) > 1:
        said = [False]
    for key, value in head:
        if key == "dsn" and isinstance(value, str) and "/consented/" in value:
            said.append(True)
    own_act = False
    for item in captured.read_items(_without_ends(data)):
        kind = str(item.header.get("type"))
        if kind not in _TAGGED:
            continue
        own_act = own_act or kind in _OWN_ACT or b'"feedback"' in item.payload
        said += _said_in(item.payload)
    if said:
        return "granted" if all(said) else "denied"
    return "own act" if own_act else "nothing"


def _without_ends(data: bytes) -> bytes:
    """Leave out the empty lines behind the last item, of which the tests' reader knows nothing."""
    plain = data.rstrip(b"\n")
    return plain + b"\n" if len(plain) < len(data) else plain


def _said_in(payload: bytes) -> Iterator[bool]:
    top = _object(payload)
    tags = [value for key, value in top if key == "tags"]
    if len(tags) > 1:
        yield from ([False] if any(map(_named, tags)) else [])
    for pairs in tags:
        given = list(_named(pairs))
        yield from given
        if len(given) > 1:
            yield all(given)


def _named(tags: Any) -> list[bool]:
    if not isinstance(tags, list):
        return []
    found = []
    for one in tags:
        match one:
            case (("key" | "name", name), ("value", value)) if name == "allowReport":
                found.append(_grants(value))
            case ("allowReport", value):
                found.append(_grants(value))
            case _:
                pass
    return found


def _grants(value: Any) -> bool:
    return (isinstance(value, str) and value in _GRANTS) or (
        isinstance(value, int | float) and value == 1
    )


def _object(data: bytes) -> list[tuple[str, Any]]:
    """Read an object as its pairs, also those below, so that doubled keys are seen."""
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode()
        read = json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return []
    is_pairs = isinstance(read, list) and all(isinstance(one, tuple) for one in read)
    return read if is_pairs else []


# --- logs -----------------------------------------------------------------------------------------


class _Kept(logging.Handler):
    def __init__(self, shown: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._shown = shown

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("relay"):  # of others' records no text is written: `relay.logs`
            self._shown.append(f"{record.getMessage()} {vars(record)!r}")


@contextmanager
def logged() -> Iterator[Sequence[str]]:
    """Keep all log records, of every level, while it lasts."""
    shown: list[str] = []
    handler, root = _Kept(shown), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield shown
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
