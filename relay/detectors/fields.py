"""What stands under a key: tokens told apart from words of code, people from shared accounts.

Law of this file: it is asked only for values whose key is telling; the doubt is about the value.
"""

from relay.detectors.spans import NOTHING, Span
from relay.detectors.values import value

_SEPARATORS = frozenset("._~+/=-")
_WORD_DIGITS = 3
"""Digits at the end of a word of code (`HTTP2`, `step12`), or alone between its separators."""


def _is_word(part: str) -> bool:
    """Tell whether a part is letters, with at most a few digits behind them, or a short number."""
    letters = part.rstrip("0123456789")
    return len(part) - len(letters) <= _WORD_DIGITS and (not letters or letters.isalpha())


def token(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find a token: letters and digits mixed, and not words with dots, dashes or `_` between.

    Codes (`ERR_TLS_CERT_ALTNAME_INVALID`), names of messages (`accounts.detail.header`) and states
    (`waiting-for-device`) are words. The candidate is the whole value.
    """
    word = text[start:end]
    if not (any(c.isdigit() for c in word) and any(c.isalpha() for c in word)):
        return NOTHING
    parts = "".join(" " if c in _SEPARATORS else c for c in word).split()
    return NOTHING if len(parts) > 1 and all(map(_is_word, parts)) else ((start, end),)


_SHARED = frozenset(
    ("anonymous", "default", "guest", "public", "root", "shared", "user", "username")
)


def account(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find the name of somebody's account; names that every machine has, and sentences, stay."""
    name = text[start:end].rstrip(".,;:!?)]}").lower()
    return NOTHING if name in _SHARED else value(text, start, end)
