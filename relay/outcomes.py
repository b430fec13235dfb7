"""Outcome and Reason: what became of an item, in one word of one enum.

Law of this file: every drop in the program has its word here, the same word in answer, metric, log
and docs. A new word needs a line in `DESCRIPTIONS`, or the tests fail.
"""

from dataclasses import dataclass
from enum import StrEnum

from relay.errors import RelayError


class Reason(StrEnum):
    """Why an item or a whole request did not go on. `ACCEPTED` is the one good end."""

    ACCEPTED = "accepted"
    EMPTY = "empty"
    CONSENT_MISSING = "consent_missing"
    CONSENT_DENIED = "consent_denied"
    INVALID = "invalid"
    INVALID_ENVELOPE = "invalid_envelope"
    INVALID_BODY = "invalid_body"
    TOO_LARGE = "too_large"
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    AUTH = "auth"
    UNKNOWN_PROJECT = "unknown_project"
    UNKNOWN_ITEM = "unknown_item"
    UNKNOWN_ROUTE = "unknown_route"
    ITEM_POLICY = "item_policy"
    SCRUB_FAILED = "scrub_failed"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    SPOOL_FULL = "spool_full"
    SPOOL_UNAVAILABLE = "spool_unavailable"
    EXPIRED = "expired"
    REJECTED_UPSTREAM = "rejected_upstream"
    TRIES_EXHAUSTED = "tries_exhausted"
    UNROUTABLE = "unroutable"
    INTERNAL = "internal"


DESCRIPTIONS: dict[Reason, str] = {
    Reason.ACCEPTED: "Scrubbed and written to the spool.",
    Reason.EMPTY: "An envelope without items: answered with 200, and nothing to forward.",
    Reason.CONSENT_MISSING: "Nothing in the request says that the user agreed.",
    Reason.CONSENT_DENIED: "Something in the request says that the user did not agree.",
    Reason.INVALID: "The item is not what its kind says (for instance broken JSON).",
    Reason.INVALID_ENVELOPE: "The bytes are not an envelope.",
    Reason.INVALID_BODY: "The request is not HTTP, or its body is broken, cut off or too slow.",
    Reason.TOO_LARGE: "Over a size or count limit, counted on decompressed bytes.",
    Reason.UNSUPPORTED_ENCODING: "A Content-Encoding that the relay does not know.",
    Reason.AUTH: "No, several or malformed credentials.",
    Reason.UNKNOWN_PROJECT: "Project or key are not configured here.",
    Reason.UNKNOWN_ITEM: "An item kind that the relay does not know how to scrub.",
    Reason.UNKNOWN_ROUTE: "A path or method that the relay does not take.",
    Reason.ITEM_POLICY: "A known item kind that is configured, or by default, dropped.",
    Reason.SCRUB_FAILED: "The scrubber could not finish inside its bounds.",
    Reason.RATE_LIMITED: "The upstream has said that it takes no such items for a while.",
    Reason.OVERLOADED: "Too many bytes of other bodies are under way.",
    Reason.SPOOL_FULL: "The spool has reached its bound.",
    Reason.SPOOL_UNAVAILABLE: "The spool cannot be written.",
    Reason.EXPIRED: "Older than the spool keeps.",
    Reason.REJECTED_UPSTREAM: "The upstream answered that it will never take it.",
    Reason.TRIES_EXHAUSTED: "Tried as often as allowed.",
    Reason.UNROUTABLE: "No upstream is configured for its project any more.",
    Reason.INTERNAL: "A mistake of ours.",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item: its place in the envelope, kind, reason, payload size in bytes."""

    index: int
    kind: str
    reason: Reason
    size: int

    @property
    def accepted(self) -> bool:
        """Whether the item goes on."""
        return self.reason is Reason.ACCEPTED


def reason_of(error: Exception) -> Reason:
    """Return the word to count an error under; what is not an error of a request is our mistake."""
    try:
        return Reason(error.reason) if isinstance(error, RelayError) else Reason.INTERNAL
    except ValueError:
        return Reason.INTERNAL
