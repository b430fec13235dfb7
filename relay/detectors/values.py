"""Values behind a name: told apart from the sentence that a message goes on with.

`password: hunter2` is a secret, `password: must be longer` is help. Closed lists keep the doubt
small: whatever is not plainly a sentence is taken for a value.
"""

from relay.detectors.spans import NOTHING, Span

_WORDS = frozenset(
    ("a", "an", "at", "available", "cannot", "could", "denied", "device", "disabled", "does",
     "empty", "enabled", "error", "expected", "expired", "failed", "for", "found", "four", "has",
     "in", "incorrect", "invalid", "is", "it", "missing", "mismatch", "must", "no", "none", "not",
     "null", "ok", "only", "please", "required", "see", "should", "success", "the", "this",
     "timeout", "too", "true", "false", "try", "undefined", "unexpected", "unknown", "unsupported",
     "valid", "was", "wrong", "yes")
)  # fmt: skip
_VERBS = frozenset(
    ("cannot", "could", "does", "expected", "has", "is", "must", "none", "should", "too", "was")
)
_SMALL = 3
"""Digits of a number that counts something: no PIN or id is so short."""


def value(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find a value; empty for words and counts that a sentence goes on with after a colon."""
    words = text[start:end].rstrip(".,;:!?").lower().split(None, 1)
    if not words:
        return NOTHING
    first = words[0]
    if first.isdigit() and len(first) <= _SMALL and first.isascii():
        return NOTHING
    known = _WORDS if len(words) == 1 else _VERBS
    return NOTHING if first in known else ((start, end),)
