"""Limits on sizes and counts, and the pure checks that hold them.

Defaults are Sentry Relay's. Sizes are in bytes after decompression, if not said otherwise.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from relay.errors import EnvelopeError, TooLargeError
from relay.protocol.item_kinds import KINDS, kind_of

KIB: Final = 1024
MIB: Final = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Every limit; the field names are the keys of the configuration.

    Attributes:
        envelope: a whole envelope.
        header: one header line of an envelope or item; JSON costs many times its size in memory.
        body: the bodies of the small routes (store, security, cron).
        ratio: decompressed bytes a compressed byte, looked at from 1 MiB on.
        items: items in an envelope (a count).
        event: an event, transaction, feedback, security or user report.
        attachment: one attachment.
        attachments: attachments in an envelope (a count).
        attachments_total: all attachments of an envelope together.
        client_report: one client report.
        client_reports: client reports in an envelope (a count).
        check_in: one cron check-in.
        sessions: one session or sessions item.
        session_items: session and sessions items in an envelope (a count).
        profile: one profile or profile chunk.
        span: one span that stands alone.
        log: one log or metric that stands alone.
        container: one container of spans, logs or metrics.
        replay_compressed: one replay item as it came.
        replay: one replay recording when it is opened.
    """

    envelope: int = 200 * MIB
    header: int = MIB
    body: int = MIB
    ratio: int = 500
    items: int = 500
    event: int = MIB
    attachment: int = 200 * MIB
    attachments: int = 30
    attachments_total: int = 200 * MIB
    client_report: int = 100 * KIB
    client_reports: int = 100
    check_in: int = 100 * KIB
    sessions: int = 10 * MIB
    session_items: int = 100
    profile: int = 50 * MIB
    span: int = 10 * MIB
    log: int = 2 * MIB
    container: int = 12 * MIB
    replay_compressed: int = 10 * MIB
    replay: int = 100 * MIB


DEFAULT: Final = Limits()


def too_large(kind: str) -> TooLargeError:
    """Make the error for something over its limit; a kind that is no known name is not repeated."""
    name = kind if kind in KINDS or kind == "envelope" else "unknown"
    return TooLargeError(f"envelope exceeded size limits for type '{name}'")


def check_item(headers: Mapping[str, Any], size: int, limits: Limits = DEFAULT) -> None:
    """Hold one item against the limit of its kind.

    An unknown kind has no limit of its own: it is inside of the envelope's, and is dropped anyway.

    Args:
        headers: the item's; one with an `item_count` is a container of many.
        size: bytes of its payload.
        limits: the limits to hold.

    Raises:
        TooLargeError: it is over.
    """
    row = kind_of(headers)
    if row is None:
        return
    container = "item_count" in headers and row.limit in {"span", "log"}
    limit: int = getattr(limits, "container" if container else row.limit)
    if size > limit:
        raise too_large(row.type or row.name)


_EXCLUSIVE: Final = frozenset(kind for kind, row in KINDS.items() if row.exclusive)


def check_together(items: Iterable[tuple[str, int]], limits: Limits = DEFAULT) -> None:
    """Hold the items of an envelope, as pairs of kind and payload size, against what they share.

    Raises:
        TooLargeError: too many of a kind, or too many bytes of attachments.
        EnvelopeError: more than one item of the kinds that make an event.
    """
    counts: Counter[str] = Counter()
    attachment_bytes = 0
    for kind, size in items:
        counts[kind] += 1
        if kind == "attachment":
            attachment_bytes += size
    if counts["attachment"] > limits.attachments or attachment_bytes > limits.attachments_total:
        raise too_large("attachment")
    if counts["client_report"] > limits.client_reports:
        raise too_large("client_report")
    if counts["session"] + counts["sessions"] > limits.session_items:
        raise too_large("sessions")
    # Sentry processes one event an envelope and throws a second one away after its 200; we say so.
    if sum(counts[kind] for kind in _EXCLUSIVE & counts.keys()) > 1:
        raise EnvelopeError("an envelope may hold one event, transaction, feedback or report")
