"""X-Sentry-Rate-Limits and Retry-After: read from an upstream, written for clients.

Law of this file: whatever an upstream writes, what comes out is bounded in number, seconds and
characters, for it is kept and goes on to clients. Source: develop.sentry.dev, "Rate Limiting", and
Sentry Relay's reading of it.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Final

HEADER: Final = "x-sentry-rate-limits"
RETRY_AFTER: Final = "retry-after"

ALL: Final = ""
"""Stands for all categories."""

METRIC_BUCKET: Final = "metric_bucket"
"""The one category that has namespaces."""

UNKNOWN: Final = "unknown"
"""Stands for categories that are none of ours: a limit of those alone stops nothing."""

GENERIC: Final = "generic"
"""The reason of a limit that has none that could be passed on; Relay's word."""

CATEGORIES: Final = frozenset({
    "default", "error", "transaction", "security", "attachment", "session", "profile",
    "profile_indexed", "replay", "transaction_processed", "transaction_indexed", "monitor",
    "monitor_seat", "span", "span_indexed", "feedback", METRIC_BUCKET, "metric_second",
    "profile_duration", "profile_duration_ui", "profile_chunk", "profile_chunk_ui",
    "profile_backend", "profile_ui", "replay_video", "uptime", "attachment_item", "log_item",
    "log_byte", "trace_metric", "trace_metric_byte", "size_analysis", "installable_build",
    "snapshot_image",
})  # fmt: skip
"""Sentry Relay's data categories that a client may meet."""

MAX_LIMITS: Final = 64
"""So many limits of one header are read."""
MAX_NAMESPACES: Final = 16
"""So many namespaces of one limit are read."""
MAX_SECONDS: Final = 86_400
"""The longest limit that is believed: a day. It is learned anew if it still holds then."""
DEFAULT_SECONDS: Final = 60
"""How long a bare 429 holds."""

_ALIASES: Final = {"user_report_v2": "feedback"}
_WORD: Final = re.compile(  # noqa: TID251 - our own, bounded, not a rule's
    r"(?:[A-Za-z]{1,20}[0-9]{0,3}|[0-9]{1,3})(?:[_.-](?:[A-Za-z]{1,20}[0-9]{0,3}|[0-9]{1,3})){0,5}"
)
_WORD_LENGTH: Final = 64
_WORD_DIGITS: Final = 3
"""An address, an id or a key has more of them, and a phrase has more parts than a word may."""
_FRACTION_OF_SECONDS: Final = frozenset("0123456789.")


class Scope(StrEnum):
    """For whom a limit holds; it is passed on as it came."""

    ORGANIZATION = "organization"
    PROJECT = "project"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """One limit, as it stands in the header.

    Attributes:
        seconds: how long it holds from now, 0 to `MAX_SECONDS`.
        categories: words of `CATEGORIES`; empty for all, `unknown` alone for none that we know.
        scope: for whom.
        reason: one word of the upstream's; may be empty.
        namespaces: of metrics; they narrow the category `metric_bucket`, and no other.
    """

    seconds: int
    categories: frozenset[str] = frozenset()
    scope: Scope = Scope.KEY
    reason: str = ""
    namespaces: frozenset[str] = frozenset()


def parse_rate_limits(header: str) -> tuple[RateLimit, ...]:
    """Read X-Sentry-Rate-Limits; what cannot be read is left out, limit by limit.

    Several headers are joined by commas before.
    """
    limits = map(_limit, header.split(",")[:MAX_LIMITS])
    return tuple(limit for limit in limits if limit is not None)


def format_rate_limits(limits: Iterable[RateLimit]) -> str:
    """Write X-Sentry-Rate-Limits, as Relay does."""
    return ", ".join(map(_formatted, limits))


def parse_retry_after(value: str, now: float) -> float | None:
    """Read a Retry-After header: seconds to wait, 0 for what is past; None if not understood.

    Seconds or an HTTP date (RFC 9110, section 10.2.3); a fraction of seconds is taken as well.
    """
    value = value.strip()
    if value and _FRACTION_OF_SECONDS.issuperset(value):
        try:
            return float(value)
        except ValueError:
            return None
    try:
        date = parsedate_to_datetime(value)
        if date.tzinfo is None:
            date = date.replace(tzinfo=UTC)
        return max(0.0, date.timestamp() - now)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def limits_of_answer(status: int, headers: Mapping[str, str], now: float) -> tuple[RateLimit, ...]:
    """Return the limits that an upstream's answer sets, each for a second or more.

    Args:
        status: of the answer; the header counts on any.
        headers: names in lower case.
        now: seconds since the Unix epoch, for a date in Retry-After.

    Returns:
        Those of X-Sentry-Rate-Limits. Where it sets none, a 429 stops every category until its
        Retry-After, or for `DEFAULT_SECONDS` when that is missing or not understood.
    """
    limits = tuple(limit for limit in parse_rate_limits(headers.get(HEADER, "")) if limit.seconds)
    if limits or status != HTTPStatus.TOO_MANY_REQUESTS:
        return limits
    asked = parse_retry_after(headers.get(RETRY_AFTER, ""), now)
    seconds = DEFAULT_SECONDS if asked is None else _bounded(asked)
    return (RateLimit(seconds, reason=GENERIC),) if seconds else ()


def _limit(text: str) -> RateLimit | None:
    parts = [part.strip() for part in text.split(":")]
    seconds = _seconds(parts[0])
    if seconds is None:
        return None
    named, scope, reason, spaces, *_ = [*parts[1:], "", "", "", ""]
    given = {_ALIASES.get(word, word) for word in _words(named)}
    categories = given & CATEGORIES
    if given and not categories:
        categories = {UNKNOWN}
    namespaces = {word if _is_word(word) else UNKNOWN for word in _words(spaces)[:MAX_NAMESPACES]}
    return RateLimit(
        seconds,
        frozenset(categories),
        Scope(scope) if scope in list(Scope) else Scope.KEY,
        reason if not reason or _is_word(reason) else GENERIC,
        frozenset(namespaces),
    )


def _formatted(limit: RateLimit) -> str:
    parts = [str(limit.seconds), ";".join(sorted(limit.categories)), limit.scope.value]
    if limit.reason or limit.namespaces:
        parts.append(limit.reason)
    if limit.namespaces:
        parts.append(";".join(sorted(limit.namespaces)))
    return ":".join(parts)


def _seconds(text: str) -> int | None:
    if not text or not _FRACTION_OF_SECONDS.issuperset(text):
        return None
    try:
        return _bounded(float(text))
    except ValueError:
        return None


def _bounded(seconds: float) -> int:
    return math.ceil(min(seconds, MAX_SECONDS))


def _words(text: str) -> list[str]:
    return [word for part in text.split(";") if (word := part.strip())]


def _is_word(text: str) -> bool:
    """Tell a short word: it is kept, and clients get it, so there is no room for what was sent."""
    digits = sum(map(str.isdigit, text))
    return len(text) <= _WORD_LENGTH and digits <= _WORD_DIGITS and bool(_WORD.fullmatch(text))
