"""What is told of a spool and its dead letters, to whoever runs the relay.

Law of this file: plain data for JSON, made of counts, sizes, times, ids and words of ours; never of
a payload. The command line and the admin port say the same.
"""

from collections import Counter
from typing import Any, Final

from relay.errors import RelayError
from relay.outcomes import Reason
from relay.ports import DeadLetter, Spool
from relay.protocol.envelope import parse
from relay.protocol.item_kinds import KINDS
from relay.scrub.permit import ScrubbedEnvelope

PAGE: Final = 1_000
"""So many dead letters are read at one time."""


async def tell_status(spool: Spool, max_bytes: int) -> dict[str, Any]:
    """Return how much is held.

    Raises:
        SpoolUnavailableError: it cannot be read.
    """
    status = await spool.status()
    reasons: Counter[Reason] = Counter()
    after = 0
    while letters := await spool.dead.list(PAGE, after):
        reasons.update(letter.reason for letter in letters)
        after = letters[-1].number
    return {
        "ready": status.ready,
        "claimed": status.claimed,
        "dead": status.buried,
        "dead_by_reason": {reason.value: count for reason, count in reasons.most_common()},
        "bytes": status.bytes,
        "max_bytes": max_bytes,
        "share": round(status.bytes / max_bytes, 4),
        "oldest_seconds": round(status.oldest_age, 3),
    }


async def find_dead(
    spool: Spool,
    limit: int,
    *,
    after: int = 0,
    reason: Reason | None = None,
    project: str | None = None,
) -> list[DeadLetter]:
    """Return up to `limit` dead letters with a number above `after`, the lowest first.

    Args:
        spool: where they are.
        limit: at most so many.
        after: the number to go on from.
        reason: only those buried for it.
        project: only those of it.

    Raises:
        SpoolUnavailableError: it cannot be read.
    """
    found: list[DeadLetter] = []
    while len(found) < limit and (letters := await spool.dead.list(PAGE, after)):
        found += [
            one
            for one in letters
            if reason in (None, one.reason) and project in (None, one.project)
        ]
        after = letters[-1].number
    return found[:limit]


async def read_dead(spool: Spool, number: int) -> tuple[DeadLetter, ScrubbedEnvelope] | None:
    """Return a dead letter and its envelope; None if there is none of that number.

    Raises:
        SpoolUnavailableError: it cannot be read.
    """
    letters = await spool.dead.list(1, number - 1)
    envelope = await spool.dead.read(number)
    if envelope is None or not letters or letters[0].number != number:
        return None
    return letters[0], envelope


def facts(letter: DeadLetter) -> dict[str, Any]:
    """Return what is told of one in a list."""
    return {
        "number": letter.number,
        "envelope_id": letter.envelope_id,
        "project": letter.project,
        "key": letter.key,
        "categories": list(letter.categories),
        "bytes": letter.size,
        "stored_at": letter.stored_at,
        "attempts": letter.attempts,
        "reason": letter.reason.value,
    }


def all_facts(letter: DeadLetter, envelope: ScrubbedEnvelope) -> dict[str, Any]:
    """Return what is told of one alone: the client, and kind and size of each item, too."""
    return {**facts(letter), "client": envelope.client, "items": _items(envelope.body)}


def _items(body: bytes) -> list[dict[str, Any]]:
    try:
        items = parse(body).items
    except RelayError:
        return []
    return [
        {"kind": item.kind if item.kind in KINDS else "unknown", "bytes": len(item.payload)}
        for item in items
    ]
