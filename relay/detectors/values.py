"""Values behind a name: told apart from the sentence that a message goes on with.

`password: hunter2` is a secret, `password: must be longer` is help. Closed lists keep the doubt
small: whatever is not plainly a sentence is taken for a value.
"""

import re

from relay.detectors.spans import NOTHING, Span

SENTENCE_WORDS = frozenset(
    ("a", "an", "and", "as", "at", "available", "by", "cannot", "could", "denied", "device",
     "disabled", "does", "empty", "enabled", "error", "expected", "expired", "failed", "flag",
     "for", "found", "four", "from", "has", "in", "incorrect", "invalid", "is", "it", "missing",
     "mismatch", "must", "no", "none", "not", "null", "of", "ok", "on", "only", "option", "options",
     "or", "please", "redacted", "required", "see", "should", "success", "the", "this", "timeout",
     "to", "too", "true", "false", "try", "undefined", "unexpected", "unknown", "unsupported",
     "valid", "via", "was", "with", "wrong", "yes")
)  # fmt: skip
"""What a sentence goes on with."""
_VERBS = frozenset(
    ("cannot", "could", "does", "expected", "has", "is", "must", "none", "should", "too", "was")
)
_NAMES = ("token", "password", "passphrase", "secret", "key")
_SMALL = 3
"""Digits of a number that counts something: no PIN or id is so short."""


def value(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find a value; empty for words and counts that a sentence goes on with after a colon."""
    words = text[start:end].rstrip(".,;:!?").lower().split(None, 1)
    if not words:
        return NOTHING
    first = words[0]
    if len(words) == len(first) == 1 and not first.isalnum():
        return NOTHING
    if _is_placeholder(first):
        return NOTHING
    if first.isdigit() and len(first) <= _SMALL and first.isascii():
        return NOTHING
    known = SENTENCE_WORDS if len(words) == 1 else _VERBS
    return NOTHING if first in known else ((start, end),)


# A closed shape, not a rule pattern: what documentation shows, and the rest of its line.
_REDACTED = re.compile(r"redacted[`\\].*")  # noqa: TID251


def _is_placeholder(word: str) -> bool:
    """Tell what stands for a value in help and in examples: `YOUR_TOKEN`, `<your-token>`."""
    if _REDACTED.fullmatch(word):
        return True
    if word.startswith("your_"):
        return word.endswith((*_NAMES, "here"))
    name, _, rest = word[1:].partition(">")
    if rest[:1].isalnum():
        return False
    return word.startswith("<") and (name.startswith("your") or name.endswith(_NAMES))
