"""Bech32 and bech32m with any human-readable part.

Sources: BIP173, BIP350, SLIP-173, BOLT 11 and 12, LUD-01, CIP-5, CIP-19, CIP-129, ZIP-316, NIP-19.
Bech32's limit of 90 characters is lifted, as Cardano and Lightning do.
"""

import re

from relay.detectors.encoded import in_base64
from relay.detectors.spans import Span, ascii_alnum, disjoint

CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUE = {char: value for value, char in enumerate(CHARSET)}

_BECH32, _BECH32M = 1, 0x2BC830A3
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_TOP = [0] * 32
for _index in range(32):
    for _bit, _generator in enumerate(_GENERATORS):
        if _index >> _bit & 1:
            _TOP[_index] ^= _generator

_MAX_HRP = 24
"""Longest human-readable part, in characters, that is tried (the standard allows 83)."""
_MIN_DATA = 6 + 8
"""Fewest data characters, checksum included, of an identifier with an unknown name."""
_MIN_SHAPE = 20
"""Fewest data characters of a known name that stands without a valid checksum (cut off)."""
_MIN_TELLING = 8
"""As before, for names that no word of a language or a program ends with."""
_MAX_DATA = 8192
"""Longest data part whose checksum is computed; longer ones go as a whole."""

# Names that are telling by themselves: cut off after a few characters they still are addresses.
_TELLING_NAMES = (
    "bc bcrt ltc tltc ltcmweb tmweb addr addr_test stake stake_test drep script pool asset "
    "addr_vk addr_xvk addr_sk addr_xsk acct_xvk acct_xsk root_xsk root_xvk stake_vk stake_xvk "
    "stake_sk stake_xsk npub nsec nprofile nevent naddr bnb tbnb lnbc lntb lnbcrt lntbs lnurl "
    "lno lni lnr cosmos cosmosvaloper osmo terra inj thor maya kava secret juno celestia "
    "cc_hot cc_cold zs ztestsapling utest utexview uview zxviews zxviewtestsapling grs tgrs dgb "
    "vtc btg tbtg tb sp tsp bitcoincash age age-secret-key- erd"
)
TELLING = frozenset(_TELLING_NAMES.split())
# Names of the coin table that could end a word: these need a longer data part.
_PLAIN_NAMES = (
    "acm btx cpu ert fc flo mona pc tpc qc tq sys xc via vips u one io zil ckb ckt hs rdd nano tex"
)
PLAIN = frozenset(_PLAIN_NAMES.split())
_KNOWN = TELLING | PLAIN
_MIN_PLAIN = {2: 16, 3: 12, 4: 12}
"""Fewest data characters by the letters of such a name; with one letter (`u1`) as any other."""
_HEX = frozenset("0123456789abcdef")
_DIGITS = "0123456789"
_LONGEST_KNOWN = max(map(len, _KNOWN))


def _expand(name: str) -> int:
    """Give the checksum's state after a human-readable part."""
    state = 1
    for value in (*(ord(char) >> 5 for char in name), 0, *(ord(char) & 31 for char in name)):
        state = (state & 0x1FFFFFF) << 5 ^ value ^ _TOP[state >> 25]
    return state


def _valid_end(name: str, data: str) -> int:
    """Give how many characters of `data` make the longest valid checksum with `name`, or 0."""
    state = _expand(name)
    found = 0
    for index, char in enumerate(data, 1):
        state = (state & 0x1FFFFFF) << 5 ^ _VALUE[char] ^ _TOP[state >> 25]
        if state in (_BECH32, _BECH32M) and index >= _MIN_DATA:
            found = index
    return found


_LONGEST_ANY = 256
"""Most data characters whose checksum is tried with names that are on no list."""


def _back(state: int) -> int:
    """Undo one step of the checksum."""
    top = _TOP_OF[state & 31]
    return top << 25 | (state ^ _TOP[top]) >> 5


_TOP_OF = {top & 31: index for index, top in enumerate(_TOP)}


def _way_back() -> tuple[list[tuple[int, ...]], list[tuple[int, int]]]:
    """Give what each value at each place, and each valid end, is when taken back to the start."""
    values, ends = tuple(range(32)), (_BECH32, _BECH32M)
    at_place, at_end = [], [ends]
    for _ in range(_LONGEST_ANY):
        values = tuple(map(_back, values))
        ends = (_back(ends[0]), _back(ends[1]))
        at_place.append(values)
        at_end.append(ends)
    return at_place, at_end


_VALUE_BACK, _ENDS_BACK = _way_back()


def _any_name(head: str, data: str) -> tuple[int, int]:
    """Give the lengths of the name that ends `head` and of the data, if their checksum holds.

    The checksum is linear: one pass over the data says, for every end, which states its beginning
    could have had, and all names are looked for in these at once. (0, 0) where none fits.
    """
    names = {_expand(head[at:]): len(head) - at for at in range(len(head))}
    state = 0
    for index, char in enumerate(data[:_LONGEST_ANY]):
        state ^= _VALUE_BACK[index][_VALUE[char]]
        plain, modified = _ENDS_BACK[index + 1]
        name = names.get(state ^ plain) or names.get(state ^ modified)
        if name and index + 1 >= _MIN_DATA:
            return name, index + 1
    return 0, 0


# The name of a Lightning invoice with its amount (BOLT 11); a closed shape, not a rule pattern.
_WITH_AMOUNT = re.compile("ln(?:bcrt|bc|tbs|tb)[0-9]+[munp]?$")  # noqa: TID251


def _shape(head: str, data: str) -> str:
    """Give the known human-readable part that is enough without a checksum, or an empty string.

    One in hex (`bc`) with data in hex is not: ids hold `bc1` by chance.
    """
    mixed = any(char.isdigit() for char in data) and any(char.isalpha() for char in data)
    amount = _WITH_AMOUNT.search(head)
    if amount and mixed and len(data) >= _MIN_TELLING:
        return amount.group()
    for n in range(min(_LONGEST_KNOWN, len(head)), 0, -1):
        name = head[-n:]
        if name not in _KNOWN or (_HEX.issuperset(name) and _HEX.issuperset(data)):
            continue
        alone = n == len(head) or not ascii_alnum(head[-n - 1])
        if name in TELLING and (
            len(data) >= _MIN_SHAPE or (len(data) >= _MIN_TELLING and alone and mixed)
        ):
            return name
        # A word with a number behind is no data: `cpu1temperature2`.
        digits = len(data) >= _MIN_SHAPE or not data.rstrip(_DIGITS).isalpha()
        short = name in PLAIN and alone and mixed and digits
        if short and len(data) >= _MIN_PLAIN.get(n, _MIN_SHAPE):
            return name
    return ""


def bech32(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find bech32 and bech32m inside a run of letters, digits, `_` and `-` that holds a `1`.

    Any human-readable part with a valid checksum; known ones by shape too, because an address that
    was cut off has no checksum. Two passes over the data for each separator at most.
    """
    run = text[start:end]
    low = run.lower()
    spans: list[Span] = []
    done = 0
    for found in _SEPARATED.finditer(low):
        at, stop = found.span()
        if at > done:
            span = _at_separator(run, low, max(done, at - _MAX_HRP), at, stop)
            if span is None:
                continue
            first, last = start + span[0], start + span[1]
            if span[1] - at > _MIN_SHAPE or not in_base64(text, first, last):
                spans.append((first, last))
                done = span[1]
    return disjoint(spans)


# A fixed shape, not a rule pattern. A data part holds no `1`, so no two of these overlap.
_SEPARATED = re.compile(rf"1[{CHARSET}]{{{_MIN_TELLING},}}")  # noqa: TID251


_UPPER_TAIL = re.compile("[^a-z]*$")  # noqa: TID251
_LOWER_TAIL = re.compile("[^A-Z]*$")  # noqa: TID251
_UPPER_HEAD = re.compile("[^a-z]*")  # noqa: TID251
_LOWER_HEAD = re.compile("[^A-Z]*")  # noqa: TID251


def _one_case(run: str, first: int, at: int, stop: int) -> Span:
    """Narrow a name's beginning and the data's end to the case of the data's first letter.

    A word in the other case that is glued to either side is no part of it.
    """
    data, head = run[at + 1 : stop], run[first:at]
    case = next((char for char in data if char.isalpha()), "")
    if not case:
        return first, stop
    heads, tails = (_LOWER_HEAD, _LOWER_TAIL) if case.islower() else (_UPPER_HEAD, _UPPER_TAIL)
    data_end = heads.match(data)
    head_start = tails.search(head)
    return (
        first + (head_start.start() if head_start else 0),
        at + 1 + (data_end.end() if data_end else 0),
    )


def _at_separator(run: str, low: str, first: int, at: int, stop: int) -> Span | None:
    """Look at one separator; `first` is where a name may begin, `stop` where data ends."""
    first, stop = _one_case(run, first, at, stop)
    data = low[at + 1 : stop]
    head = low[first:at]
    if len(data) < _MIN_TELLING:
        return None
    if len(data) > _MAX_DATA:
        return first, stop
    name = _shape(head, data)
    if name:
        # Where a checksum ends before the run does, what is glued to it stays.
        good = _valid_end(name, data) if len(data) >= _MIN_DATA else 0
        return at - len(name), at + 1 + good if good else stop
    # Digits of hex alone are a piece of an id: of random data of this length one in 40,000.
    if len(data) >= _MIN_DATA and not _HEX.issuperset(data):
        size, good = _any_name(head, data)
        if good:
            return at - size, at + 1 + good
    return None
