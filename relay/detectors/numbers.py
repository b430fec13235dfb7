"""Numbers of people and machines with check digits: cards, accounts, network cards.

Sources: ISO/IEC 7812 (Luhn), ISO 13616 (IBAN, mod 97), IEEE 802 (MAC).
"""

from relay.detectors.spans import NOTHING, Span, edges_free

_CARD_DIGITS = range(13, 20)
_CARD_LEADS = "3456"
_NINE = 9


def luhn(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find a payment card number: 13 to 19 digits, single spaces or dashes between, Luhn holds."""
    digits = [int(char) for char in text[start:end] if char.isdigit() and char.isascii()]
    if len(digits) not in _CARD_DIGITS or str(digits[0]) not in _CARD_LEADS:
        return NOTHING
    if len(set(digits)) == 1 or not edges_free(text, start, end):
        return NOTHING
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = digit * 2 if index % 2 else digit
        total += value - _NINE if value > _NINE else value
    return ((start, end),) if total % 10 == 0 else NOTHING


_IBAN_LENGTHS = range(15, 35)
_IBAN_REMAINDER = 1
_IBAN_HEX = {"AD": 24, "AE": 23, "BA": 20, "BE": 16, "BF": 28, "CF": 27, "DE": 22, "EE": 20}
"""Countries with letters of hex (ISO 13616 registry): any other number in hex digits is an id."""
_IBAN_DIGITS = ("AE", "BA", "BE", "CF", "DE", "EE")
"""Of these, countries whose numbers have digits only."""
_IBAN_WINDOW = 48
"""Characters from the start that can belong to one number: 34, and a space after every four."""


def iban(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find an IBAN, in groups or not, by its remainder of 97.

    A candidate that swallowed the next word loses words until the number holds.
    """
    if not edges_free(text, start, end):
        return NOTHING
    stop = min(end, start + _IBAN_WINDOW)
    while stop - start >= _IBAN_LENGTHS[0]:
        word = text[start:stop].replace(" ", "").upper()
        if len(word) in _IBAN_LENGTHS and word.isalnum() and word.isascii():
            if _HEX.issuperset(word) and _IBAN_HEX.get(word[:2]) != len(word):
                return NOTHING
            plausible = word[2:].isdigit() or word[:2] not in _IBAN_DIGITS
            if plausible and _remainder(word) == _IBAN_REMAINDER:
                return ((start, stop),)
        cut = text.rfind(" ", start, stop)
        if cut <= start:
            return NOTHING
        stop = cut
    return NOTHING


def _remainder(word: str) -> int:
    """Give the remainder by 97 of an IBAN with its head at its end, letters as numbers."""
    return int("".join(str(int(char, 36)) for char in word[4:] + word[:4])) % 97


_MAC_PARTS = 6
_PAIR, _GROUP = 2, 4
_HEX = frozenset("0123456789abcdefABCDEF")
_MAC_SPECIAL = frozenset(("000000000000", "ffffffffffff"))


def _goes_on(text: str, start: int, end: int, separator: str) -> bool:
    """Tell whether another pair stands on either side: a fingerprint, not an address."""
    head, tail = text[max(0, start - 4) : start], text[end : end + 4]
    left = head[-3:-1] if head.endswith(separator) else ""
    right = tail[1:3] if tail.startswith(separator) else ""
    if len(left) == _PAIR and _HEX.issuperset(left) and not head[:-3].isalnum():
        return True
    return len(right) == _PAIR and _HEX.issuperset(right) and not tail[3:].isalnum()


def _runs_on(text: str, end: int) -> bool:
    """Tell whether hex goes on at `end`, and not a word of letters: `…:e0account`."""
    if text[end : end + 1] not in _HEX:
        return False
    stop = end
    while stop < len(text) and stop - end < _WORD and text[stop].isalnum():
        stop += 1
    return not (text[end:stop].isalpha() and stop - end > _PAIR)


_WORD = 16
"""Letters of a word that are looked at."""


def _follows_word(text: str, start: int, end: int) -> bool:
    """Tell whether the first of three groups ends a word, and another one stands behind."""
    if text[start + _GROUP : start + _GROUP + 1] != ".":
        return False
    behind = text[end : end + _GROUP + 1]
    more = len(behind) == _GROUP + 1 and behind[0] == "." and _HEX.issuperset(behind[1:])
    return more and (text[start - 1 : start].isalnum() or text[start : start + _GROUP].isalpha())


def mac(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find a MAC address: six pairs of hex with one kind of separator, or Cisco's three groups.

    The null and the broadcast address stay.
    """
    if text[start - 1 : start] in _HEX and text[start + _PAIR : start + _PAIR + 1] in ":-":
        # A word that ends in letters of hex stands before: the first pair is its end.
        start, end = start + _PAIR + 1, end + _PAIR + 1
    elif _follows_word(text, start, end):
        start, end = start + _GROUP + 1, end + _GROUP + 1
    word = text[start:end]
    separators = {char for char in word if not char.isalnum()}
    if len(separators) != 1 or text[start - 1 : start] in _HEX or _runs_on(text, end):
        return NOTHING
    separator = separators.pop()
    parts = word.split(separator)
    if separator == ".":
        shape = [4, 4, 4]
    elif separator in ":-":
        shape = [2] * _MAC_PARTS
    else:
        return NOTHING
    digits = "".join(parts).lower()
    if [len(part) for part in parts] != shape or not set(digits) <= set("0123456789abcdef"):
        return NOTHING
    if digits in _MAC_SPECIAL or _goes_on(text, start, end, separator):
        return NOTHING
    if separator != ":" and digits.isdigit():
        return NOTHING
    if separator == "." and digits.isalpha():
        return NOTHING  # names in a program: `face.cafe.babe`
    return ((start, end),)
