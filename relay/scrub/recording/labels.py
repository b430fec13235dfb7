"""Labels of a page: what a button says, which stands glued to the address beside it.

Law of this file: a label is a capitalised word or two that can be spoken; the end of an identifier
hardly ever is.
"""

import re
from typing import Final

_SHORTEST, _LONGEST = 3, 24
"""Letters of the word that is glued, and characters of the text."""
_MOST_WORDS: Final = 2
_VOWELS: Final = frozenset("aeiouy")
_FEWEST_VOWELS: Final = 0.25
_UNSPOKEN: Final = re.compile("[^aeiouy]{4}")  # noqa: TID251 - fixed length


def begins_as_label(text: str) -> bool:
    """Return whether a text is one or two words, and the first of them is no piece of a value."""
    return _is_label(text, 0)


def ends_as_label(text: str) -> bool:
    """Return whether a text is one or two words, and the last of them is no piece of a value."""
    return _is_label(text, -1)


def _is_label(text: str, nearest: int) -> bool:
    if len(text) > _LONGEST or not text[:1].isupper():
        return False
    words = text.split()
    return (
        len(words) <= _MOST_WORDS
        and all(word.isalpha() and (word.isupper() or word[1:].islower()) for word in words)
        and len(words[nearest]) >= _SHORTEST
        and _is_spoken(words[nearest].lower())
    )


def _is_spoken(word: str) -> bool:
    vowels = sum(letter in _VOWELS for letter in word)
    return vowels >= _FEWEST_VOWELS * len(word) and not _UNSPOKEN.search(word)
