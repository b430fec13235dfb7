"""What can be wrong with an envelope: one thing at a time, each with a name that is counted.

Law of this file: `DRAFTS` are done to an envelope before it is written, `BYTES` to what was
written. What is wrong on purpose is wrong in one place; `broken` knows no measure.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any, Final

from tests.fuzz.grammar_items import Part, part_of
from tests.fuzz.grammar_values import ODD, mapping, scalar, text, value
from tests.fuzz.planted import hidden
from tests.system import captured


@dataclass(slots=True)
class Draft:
    """An envelope before it is written."""

    headers: Any
    parts: list[Part] = field(default_factory=list)


OnDraft = Callable[[Random, Draft], None]
OnBytes = Callable[[Random, bytes], bytes]


def _part(chance: Random, draft: Draft) -> Part:
    if not draft.parts:
        draft.parts.append(part_of(chance, "event"))
    return chance.choice(draft.parts)


def _length(*choices: Any) -> OnDraft:
    def spoil(chance: Random, draft: Draft) -> None:
        part = _part(chance, draft)
        length = chance.choice(choices)
        part.length = len(part.payload) + length[0] if isinstance(length, tuple) else length

    return spoil


def _payload(change: Callable[[Random, bytes], bytes]) -> OnDraft:
    def spoil(chance: Random, draft: Draft) -> None:
        part = _part(chance, draft)
        part.payload = change(chance, part.payload)

    return spoil


def _field(make: Callable[[Random], Any]) -> OnDraft:
    """Put a value of another type at some place of a document."""

    def spoil(chance: Random, draft: Draft) -> None:
        part = _part(chance, draft)
        if not isinstance(part.document, dict | list) or not part.document:
            part.document = {"extra": {"a": 1}}
        here: Any = part.document
        while True:
            slots = list(here) if isinstance(here, dict) else list(range(len(here)))
            slot = chance.choice(slots)
            below = here[slot]
            if not isinstance(below, dict | list) or not below or chance.random() < 0.4:
                break
            here = below
        here[slot] = make(chance)
        part.payload = json.dumps(part.document).encode()

    return spoil


def _raw_field(*texts: bytes) -> OnDraft:
    """Put bytes that `json` would not write where a value stands."""

    def spoil(chance: Random, draft: Draft) -> None:
        marked = "\x01here\x01"
        _field(lambda _: marked)(chance, draft)
        written = json.dumps(marked).encode()
        for part in draft.parts:
            part.payload = part.payload.replace(written, chance.choice(texts))

    return spoil


def _header(name: str, make: Callable[[Random], Any]) -> OnDraft:
    def spoil(chance: Random, draft: Draft) -> None:
        _part(chance, draft).headers[name] = make(chance)

    return spoil


def _duplicate_key(chance: Random, payload: bytes) -> bytes:
    name = chance.choice(("tags", "message", "extra", "event_id", "user"))
    one = json.dumps({name: {"allowReport": False} if name == "tags" else value(chance)}).encode()
    return one[:-1] + b"," + payload[1:] if payload.startswith(b"{") and len(payload) > 2 else one


def _deep(chance: Random) -> Any:
    made: Any = text(chance)
    for _ in range(chance.choice((30, 120, 260, 600))):
        made = [made] if chance.random() < 0.5 else {"a": made}
    return made


def _json_in_json(chance: Random) -> Any:
    made: Any = hidden(chance)
    for _ in range(chance.randint(2, 6)):
        made = json.dumps({"a": made})
    return made


def _two_events(chance: Random, draft: Draft) -> None:
    draft.parts += [part_of(chance, "event"), part_of(chance, chance.choice(("event", "feedback")))]


def _another_payload(chance: Random, draft: Draft) -> None:
    _part(chance, draft).payload = part_of(chance, chance.choice(("attachment", "log"))).payload


def _many_items(chance: Random, draft: Draft) -> None:
    kind = chance.choice(("session", "attachment", "client_report"))
    draft.parts += [Part({"type": kind}, b"{}") for _ in range(chance.choice((31, 101, 501)))]


def _strange_envelope_header(chance: Random, draft: Draft) -> None:
    name = chance.choice(("event_id", "sdk", "trace", "dsn", "sent_at", "consent"))
    draft.headers = {**draft.headers, name: value(chance)}


def _no_object(chance: Random, draft: Draft) -> None:
    draft.headers = chance.choice(([], 1, None, "x", [draft.headers], scalar(chance)))


DRAFTS: Final[dict[str, OnDraft]] = {
    "length off by one": _length((1,), (-1,)),
    "length far off": _length((1000,), 0, 10**12),
    "length of another type": _length("5", True, 1.0, [], {}, -1, 10**400),
    "type of another type": _header("type", lambda c: c.choice((None, 5, [], {}, "", "x" * 500))),
    "unknown type": _header("type", hidden),
    "no type": lambda c, draft: (_part(c, draft).headers.pop("type", None), None)[1],
    "type of another case": lambda c, d: _part(c, d).headers.update(type="Event"),
    "attachment type unknown": _header("attachment_type", scalar),
    "header is deep": _header("x", _deep),
    "header is large": _header("filename", lambda c: f"{hidden(c)} " * 300),
    "header of another type": _header("content_type", value),
    "no payload": _payload(lambda c, payload: b""),
    "payload cut": _payload(lambda c, payload: payload[: c.randint(0, len(payload))]),
    "payload is garbage": _payload(lambda c, payload: c.randbytes(c.randint(1, 40))),
    "trailing comma": _payload(lambda c, payload: payload[:-1] + b"," + payload[-1:]),
    "something behind": _payload(lambda c, payload: payload + hidden(c).encode()),
    "single quotes": _payload(lambda c, payload: payload.replace(b'"', b"'")),
    "duplicate key": _payload(_duplicate_key),
    "BOM in a payload": _payload(lambda c, payload: b"\xef\xbb\xbf" + payload),
    "NUL in a payload": _payload(lambda c, payload: payload + b"\0"),
    "wrong charset": _payload(
        lambda c, payload: payload.decode("utf-8", "replace").encode(
            c.choice(("utf-16", "utf-16-be", "utf-32", "latin-1", "utf-7")), "replace"
        )
    ),
    "field of another type": _field(
        lambda c: c.choice((None, [], {}, True, 7, [[]], "", mapping(c), [value(c)], text(c)))
    ),
    "odd character": _field(lambda c: c.choice(ODD) + hidden(c) + c.choice(ODD)),
    "deep nesting": _field(_deep),
    "JSON in JSON": _field(_json_in_json),
    "long text": _field(lambda c: (text(c) + " ") * c.randint(20, 200)),
    "huge number": _raw_field(b"1e999", b"1" * 400, b"-1e-999", b"1" * 20, b"1" * 4301),
    "no number of JSON": _raw_field(b"NaN", b"-Infinity", b"01", b"0x1", b"+1", b"1.", b".5"),
    "lone surrogate": _raw_field(b'"\\ud800"', b'"\xed\xa0\x80"', b'"a\\udc00 203.0.113.77"'),
    "broken UTF-8": _raw_field(b'"\xff\xfe"', b'"\xc3"', b'"\xc0\x80"', b'"\xf8\x88\x80\x80\x80"'),
    "control character": _raw_field(b'"\x00"', b'"a\nb"', b'"\x1f"', b'"\t"'),
    "two events": _two_events,
    "payload of another kind": _another_payload,
    "too many items": _many_items,
    "envelope header of another type": _strange_envelope_header,
    "envelope header is no object": _no_object,
}  # fmt: skip


def _at_a_line(put: bytes) -> OnBytes:
    """Put bytes behind some end of a line."""

    def spoil(chance: Random, data: bytes) -> bytes:
        lines = data.split(b"\n")
        at = chance.randint(0, len(lines) - 1)
        return b"\n".join([*lines[:at], put + lines[at], *lines[at + 1 :]])

    return spoil


def _without_a_newline(chance: Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    if len(lines) < 2:
        return data
    at = chance.randint(1, len(lines) - 1)
    return b"\n".join([*lines[: at - 1], lines[at - 1] + lines[at], *lines[at + 1 :]])


def _duplicate_header(chance: Random, data: bytes) -> bytes:
    name = chance.choice((b'"consent":false', b'"type":"event"', b'"length":1', b'"dsn":1'))
    return data.replace(b"{", b"{" + name + b",", 1)


BYTES: Final[dict[str, OnBytes]] = {
    "cut": lambda c, data: data[: c.randint(0, len(data))],
    "no newline": _without_a_newline,
    "empty line": _at_a_line(b"\n"),
    "CRLF": lambda c, data: data.replace(b"\n", b"\r\n"),
    "BOM": lambda c, data: c.choice((b"\xef\xbb\xbf", b"\xff\xfe")) + data,
    "NUL": _at_a_line(b"\0"),
    "space before": _at_a_line(b" "),
    "duplicate key in a header": _duplicate_header,
    "UTF-16": lambda c, data: data.decode("utf-8", "replace").encode("utf-16"),
    "twice": lambda c, data: data + data,
    "something behind all": lambda c, data: data + b"\n" + hidden(c).encode(),
    "empty": lambda c, data: b"",
    "newlines behind": lambda c, data: data + b"\n" * c.randint(1, 5),
}
"""What is done to the written bytes."""

WRONG: Final = (*DRAFTS, *BYTES)


# --- broken ---------------------------------------------------------------------------------------


@cache
def samples() -> tuple[bytes, ...]:
    """Return the envelopes that real SDKs have sent, decompressed; without the largest."""
    every = captured.load(captured.SAMPLES)
    return tuple(one.decoded for one in every if one.is_envelope and len(one.decoded) < 40_000)


_PIECES: Final = (
    b"{", b"}", b"[", b"]", b'"', b"\\", b",", b":", b"\n", b"\0", b"\xff", b"0", b"-", b"e", b"\r",
    b'{"type":"event"}\n', b'"length":', b"\\u0000", b"\\ud83d", b"null", b"\xe2\x80\x8b", b"%00",
)  # fmt: skip


def broken(chance: Random, data: bytes) -> bytes:
    """Change some bytes anywhere: flips, pieces in and out, a part of something else."""
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        at = chance.randint(0, len(made))
        match chance.randint(0, 5):
            case 0 if made:
                made[at % len(made)] ^= 1 << chance.randint(0, 7)
            case 1:
                made[at:at] = chance.choice(_PIECES)
            case 2:
                del made[at : at + chance.randint(1, 12)]
            case 3:
                made[at:at] = made[chance.randint(0, len(made)) :][: chance.randint(1, 60)]
            case 4:
                other = chance.choice(samples())
                start = chance.randint(0, len(other))
                made[at:at] = other[start : start + chance.randint(1, 120)]
            case _:
                made[at:at] = hidden(chance).encode()
    return bytes(made)
