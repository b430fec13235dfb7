"""What a message of the streams holds: an envelope and what is known of it, as MessagePack.

Law of this file: what is not exactly what we write is None, and never becomes an envelope.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgpack

from relay.limit_memory import KeyLimit
from relay.outcomes import Reason
from relay.protocol.enforcement import Limit
from relay.protocol.rate_limits import Scope
from relay.scrub.permit import ScrubbedEnvelope, restore

VERSION: Final = 1
_FIELDS: Final = 12
_LIMIT_FIELDS: Final = 8


@dataclass(frozen=True, slots=True)
class Letter:
    """An envelope in a stream.

    Attributes:
        envelope: without its body, where that lies elsewhere.
        stored_at: when it was put, in seconds since the Unix epoch.
        size: of its body, in bytes.
        body_name: where its body lies; empty for in the message itself.
        attempts: sends before it was buried; 0 for what was not.
        reason: what it was buried for.
    """

    envelope: ScrubbedEnvelope = field(repr=False)
    stored_at: float
    size: int
    body_name: str = ""
    attempts: int = 0
    reason: Reason = Reason.ACCEPTED

    def with_body(self, body: bytes) -> ScrubbedEnvelope:
        """Return the envelope with the body that lay elsewhere."""
        return _with_body(self.envelope, body)


def letter_of(envelope: ScrubbedEnvelope, stored_at: float, body_name: str = "") -> Letter:
    """Make the letter of an envelope that was just put."""
    size = len(envelope.body)
    return Letter(_with_body(envelope, b"") if body_name else envelope, stored_at, size, body_name)


def buried(letter: Letter, attempts: int, reason: Reason) -> Letter:
    """Make a dead letter of it."""
    return replace(letter, attempts=attempts, reason=reason)


def revived(letter: Letter, now: float) -> Letter:
    """Make a letter of a dead one, as if just put."""
    return replace(letter, stored_at=now, attempts=0, reason=Reason.ACCEPTED)


def pack(letter: Letter) -> bytes:
    """Write a letter."""
    envelope = letter.envelope
    return _pack(
        [
            VERSION,
            envelope.envelope_id,
            envelope.project,
            envelope.key,
            envelope.client,
            list(envelope.categories),
            letter.stored_at,
            letter.size,
            letter.body_name,
            letter.attempts,
            letter.reason.value,
            envelope.body,
        ]
    )


def unpack(data: bytes) -> Letter | None:
    """Read a letter; None for anything else."""
    match _unpack(data, _FIELDS):
        case [
            1,
            str(envelope_id),
            str(project),
            str(key),
            str(client),
            list(categories),
            float(stored_at),
            int(size),
            str(body_name),
            int(attempts),
            str(reason),
            bytes(body),
        ] if all(isinstance(one, str) for one in categories) and (body_name or size == len(body)):
            pass
        case _:
            return None
    try:
        word = Reason(reason)
    except ValueError:
        return None
    envelope = restore(
        body=body,
        envelope_id=envelope_id,
        project=project,
        key=key,
        client=client,
        categories=tuple(categories),
    )
    return Letter(envelope, stored_at, size, body_name, attempts, word)


def pack_limit(one: KeyLimit) -> bytes:
    """Write a limit."""
    limit = one.limit
    fields = (*one.where, limit.until, limit.category, limit.scope, limit.reason, limit.namespace)
    return _pack([VERSION, *fields])


def unpack_limit(data: bytes) -> KeyLimit | None:
    """Read a limit; None for anything else."""
    match _unpack(data, _LIMIT_FIELDS):
        case [
            1,
            str(upstream),
            str(key),
            float(until),
            str(category),
            str(scope),
            str(reason),
            str(namespace),
        ] if scope in {one.value for one in Scope}:
            limit = Limit(until, category, Scope(scope), reason, namespace)
            return KeyLimit((upstream, key), limit)
        case _:
            return None


def _with_body(envelope: ScrubbedEnvelope, body: bytes) -> ScrubbedEnvelope:
    return restore(
        body=body,
        envelope_id=envelope.envelope_id,
        project=envelope.project,
        key=envelope.key,
        client=envelope.client,
        categories=envelope.categories,
    )


def _pack(fields: list[Any]) -> bytes:
    packed: bytes = msgpack.packb(fields, unicode_errors="replace")
    return packed


def _unpack(data: bytes, fields: int) -> list[Any] | None:
    try:
        read = msgpack.unpackb(data, strict_map_key=True)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, the error would hold a part of it
        return None
    return read if type(read) is list and len(read) == fields else None
