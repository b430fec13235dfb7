"""Views: other ways to read a string, so that what hides in an encoding is found.

Law of this package: a view turns a text into other texts with a map back; it knows nothing of
rules. Each has a cheap trigger: an RE2 pattern that rides in the one pass over the document, or,
for look-alikes, "is not ASCII". A new way to hide is a new row in `VIEWS`, never a case in a rule.
"""

from typing import Final

from relay.rules.patterns import compile_pattern
from relay.scrub.views.encodings import BASE32, BASE64, HEX, base32, base64, hexadecimal
from relay.scrub.views.escapes import ESCAPES, escapes
from relay.scrub.views.groups import GROUPS, joined
from relay.scrub.views.lookalikes import fold
from relay.scrub.views.model import View

__all__ = ["VIEWS", "View", "fold", "may_hide"]


def may_hide(text: str) -> bool:
    """Return whether any view could read a text differently; a cheap test for a single text."""
    return (
        len(text) >= _SHORTEST or "%" in text or "\\" in text or "&" in text or not text.isascii()
    )


_SHORTEST: Final = 11
"""Characters of the shortest text that `base64` opens."""

VIEWS: Final[tuple[View, ...]] = (
    View("escapes", compile_pattern(ESCAPES), escapes),
    View("groups", compile_pattern(GROUPS), joined, by_token=True, cost=150),
    View("base64", compile_pattern(BASE64), base64, by_token=True, cost=150),
    View("base32", compile_pattern(BASE32), base32, by_token=True, cost=100),
    View("hex", compile_pattern(HEX), hexadecimal, by_token=True, cost=100),
)
"""All views with a trigger; `fold` goes by "is not ASCII"."""
