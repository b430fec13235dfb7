"""IPv4 and IPv6 addresses in running text, and not versions, times or C++ names.

Sources: RFC 791, RFC 4291, RFC 5952, RFC 4007 (zones). Loopback and unspecified addresses stay:
they say nothing of anyone.
"""

import re
from ipaddress import AddressValueError, IPv6Address

from relay.detectors.four_numbers import PARTS, is_address, is_version, says_address
from relay.detectors.spans import NOTHING, Span, after, ascii_alnum, before

_OCTET = 255
_OCTET_DIGITS = 3
_V6_CHARS = frozenset("0123456789abcdefABCDEF:.")
_V6_LETTERS = "abcdefABCDEF."
_V6_LONGEST = 45
_V6_MIN_COLONS = 2
_V6_DIGITS = 4
_V6_GROUPS = 8
_ZONE_LONGEST = 15
_LOOPBACK = 127
_GLUED_GROUPS = 4
_SLICE_LOOK_BACK = 32
_SLICE_GROUPS = 2
"""Most numbers around the `::` of a slice; with one in the middle it has no two colons in a row."""
# A closed shape, not a rule pattern: an open bracket behind a name, and an expression in it.
_SLICE = re.compile(r"[\w)\]]\[[\w+\-*:., ]*$")  # noqa: TID251
# Short ones that are told from names in C++: mapped, link-local, unique local, global; a digit in
# what follows. A closed shape.
_TELLING = re.compile(  # noqa: TID251
    r"::ffff:|64:ff9b:|fe80::[0-9a-f]|(?:fe80|f[cd][0-9a-f]{2}|[23][0-9a-f]{3}):[a-f:]*[0-9]"
    r"|[0-9a-f]{3,}:[0-9a-f]{3,}::[0-9a-f]{2,}",
    re.IGNORECASE,
)


def _octets(word: str) -> list[int] | None:
    parts = word.split(".")
    if len(parts) != PARTS:
        return None
    octets = []
    for part in parts:
        if not part.isdigit() or not part.isascii() or len(part) > _OCTET_DIGITS:
            return None
        value = int(part)
        if value > _OCTET or (len(part) > 1 and part[0] == "0"):
            return None
        octets.append(value)
    return octets


def _ipv4(text: str, start: int, end: int) -> Span | None:
    octets = _octets(text[start:end])
    if octets is None or octets[0] == _LOOPBACK or octets == [0, 0, 0, 0]:
        return None
    left, right = before(text, start), after(text, end)
    if left == "." and before(text, start - 1).isdigit():
        return None
    if right == "." and after(text, end + 1).isdigit():
        return None
    if left.isdigit() or right.isdigit():
        return None
    glued = (
        ascii_alnum(left)
        or ascii_alnum(right)
        or (left in ("-", "@", "_", ".") and ascii_alnum(before(text, start - 1)))
    )
    if glued and not is_address(text, start, end, octets) and not says_address(text, start, end):
        return None
    if is_version(text, start, end, octets):
        return None
    return start, end


def _v6_bounds(text: str, start: int, end: int) -> Span:
    """Widen a candidate to the maximal run of the alphabet, without a sentence's punctuation."""
    while start > 0 and text[start - 1] in _V6_CHARS and end - start <= _V6_LONGEST:
        start -= 1
    while end < len(text) and text[end] in _V6_CHARS and end - start <= _V6_LONGEST:
        end += 1
    while end > start and text[end - 1] == ".":
        end -= 1
    if text[end - 1 : end] == ":" and (text[end - 2 : end] != "::" or text[end - 3 : end] == ":::"):
        end -= 1
    if text[start : start + 1] == ":" and (
        text[start : start + 2] != "::" or text[start : start + 3] == ":::"
    ):
        start += 1
    return start, end


def _ipv6(text: str, start: int, end: int) -> Span | None:
    start, end = _v6_bounds(text, start, end)
    end = _without_word(text, start, end)
    while end > start and text[end - 1] == ".":
        end -= 1
    while text[start : start + 1] == ".":
        start += 1
    first = text.find(":", start, end)
    # A word that ends in letters of hex is glued on: `acc.2001:…`, `acc2001:…`, `acc:2001:…`.
    dot = text.rfind(".", start, first)
    begins = [start]
    if dot >= 0 and any(char.isalpha() for char in text[start:dot]):
        begins = [dot + 1]
    elif first - start > _V6_DIGITS:
        begins = [first - _V6_DIGITS]
    elif text[start:first].isalpha():
        begins.append(first + 1)
    for begin in begins:
        span = _ipv6_at(text, begin, end)
        if span is not None:
            return span
    return _ipv6_of_nine(text, start, end)


def _ipv6_of_nine(text: str, start: int, end: int) -> Span | None:
    """Look at nine groups: an address with a port behind, or with a number or a word before."""
    if text.count(":", start, end) != _V6_GROUPS or text.find("::", start, end) >= 0:
        return None
    if all(len(group) <= 2 for group in text[start:end].split(":")):
        return None  # a key's dump, octet by octet
    first, last = text.find(":", start) + 1, text.rfind(":", start, end)
    if _ipv6_at(text, first, end):
        return (first if text[start : first - 1].isalpha() else start), end
    return (start, end) if _ipv6_at(text, start, last) else None


def _without_word(text: str, start: int, end: int) -> int:
    """Give the end of an address whose last group runs into a word: `…:2fc0account`."""
    last = text.rfind(":", start, end) + 1
    if text.find(".", last, end) >= 0:
        while end > last and text[end - 1].isalpha():
            end -= 1
    elif end - last > _V6_DIGITS and text[last + _V6_DIGITS : end].isalpha():
        end = last + _V6_DIGITS
    return end


def _ipv6_at(text: str, start: int, end: int) -> Span | None:
    word = text[start:end]
    if not len("::1") <= len(word) <= _V6_LONGEST or word.count(":") < _V6_MIN_COLONS:
        return None
    left, right = before(text, start), after(text, end)
    groups = sum(bool(group) for group in word.split(":"))
    glued = ascii_alnum(left) or ascii_alnum(right) or left in ("$", ".")
    if glued and groups < _GLUED_GROUPS and not _TELLING.match(word):
        return None
    try:
        address = IPv6Address(word)
    except AddressValueError:
        return None
    mapped = address.ipv4_mapped
    if address.is_loopback or address.is_unspecified or (mapped and mapped.is_loopback):
        return None
    # No name in an expression begins like `fe80` or `2a02`; numbers of four digits stand there.
    telling = _TELLING.match(word) and not word.replace(":", "").isdigit()
    if groups <= _SLICE_GROUPS and not telling and _in_slice(text, start):
        return None
    if not any(char.isdigit() for char in word) and not _letters_are_address(text, start, end):
        return None
    return start, _zone_end(text, end)


def _in_slice(text: str, start: int) -> bool:
    """Tell whether an open bracket right behind a name stands before: `toks[1::2]`."""
    return _SLICE.search(text[max(0, start - _SLICE_LOOK_BACK) : start]) is not None


def _zone_end(text: str, end: int) -> int:
    """Give the end of the zone (`%eth0`) that stands at `end`, or `end`."""
    stop = end + 1
    if after(text, end) == "%":
        while stop < len(text) and stop - end <= _ZONE_LONGEST and ascii_alnum(text[stop]):
            stop += 1
    return stop if stop > end + 1 else end


def _letters_are_address(text: str, start: int, end: int) -> bool:
    """Decide about letters only: `dead::beef` is C++ more often than a network.

    It counts with eight groups, with three or more groups, in brackets, or with a prefix length.
    """
    groups = [group for group in text[start:end].split(":") if group]
    if len(groups) >= 3:
        return True
    if before(text, start) == "[" and after(text, end) in ("]", "%"):
        return True
    return after(text, end) == "/" and after(text, end + 1).isdigit()


def ip(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find the IPv4 or IPv6 address that a candidate is; empty for versions, times and names.

    The candidate is a run of digits and dots, or of hex digits, colons and dots; the check widens
    it to at most 45 characters. A zone id goes with the address, a port or prefix length stays.
    """
    word = text[start:end]
    if ":" not in word:
        start, end = end - len(word.lstrip(_V6_LETTERS)), start + len(word.rstrip(_V6_LETTERS))
        span = _ipv4(text, start, end)
    else:
        span = _ipv6(text, start, end)
        if span is None:
            return _v4_inside(text, start, end)
    return (span,) if span is not None else NOTHING


def _v4_inside(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Look for `203.0.113.42:8080` in a run that is no IPv6 address."""
    at = start
    spans = []
    for part in text[start:end].split(":"):
        if "." in part:
            bare = part.strip(".")
            first = at + part.index(bare) if bare else at
            span = _ipv4(text, first, first + len(bare))
            if span is not None:
                spans.append(span)
        at += len(part) + 1
    return tuple(spans)
