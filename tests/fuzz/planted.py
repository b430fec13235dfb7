"""The secrets that inputs hold, fixed for good: any target knows them in whatever comes out.

Law of this file: each secret is found wherever it stands, by what it is, as THREAT_MODEL.md says.
Of those that only their key gives away, key and value together are what may not come out: a
mutation that parts them makes it none. What has to be excused is in `EXCUSES`, with its reason.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final
from urllib.parse import quote

import re2

from benchmarks.identifiers import MAKERS, Identifier
from benchmarks.skips import skipped
from benchmarks.spellings import FIRST, SPELLINGS
from tests.fuzz.tally import note
from tests.strategies import HIDINGS, KEYED, SECRETS
from tests.system.planted import LONG, in_base64, spellings

_BY_NAME: Final = frozenset({"path", "host", "uri", "mail", "script"})
"""Kinds of which a part alone is secret: a name, a key inside of it."""

_VARIANTS: Final = 2


@dataclass(frozen=True, slots=True)
class Hidden:
    """A secret in one spelling."""

    name: str
    hiding: str
    text: str


@dataclass(frozen=True, slots=True)
class Leak:
    """A secret that came through: which, how it was spelt, where."""

    name: str
    spelling: str
    place: str
    around: str


def _identifiers() -> Iterator[Identifier]:
    """Yield one identifier of each family that its own form gives away."""
    chance = Random("known for good")
    families: set[str] = set()
    taken = {secret.name for secret in SECRETS}
    for maker in MAKERS:
        made = maker(chance)
        alone = not made.key and not made.lead and made.kind not in ("array", "number")
        if alone and made.family not in families | taken:
            families.add(made.family)
            yield made


KEYED_BY: Final = ("walletLabel", "device_id", "password", "addressLabel")
"""Keys whose values are secrets, whatever they are."""

IDENTIFIERS: Final = {made.family: made for made in _identifiers()}


def _forbidden() -> dict[str, tuple[str, ...]]:
    known = {secret.name: secret.forbidden for secret in SECRETS}
    for key in KEYED_BY:
        known[f"under {key}"] = (f'"{key}":"{KEYED}"', f'"{key}": "{KEYED}"')
    for family, made in IDENTIFIERS.items():
        known[family] = made.secrets[:1] if made.kind in _BY_NAME and made.secrets else (made.text,)
    return known


FORBIDDEN: Final = _forbidden()
"""By name of a secret: the words that may not come out."""


def _wholes() -> dict[str, str]:
    texts = {secret.name: secret.text for secret in SECRETS}
    texts |= {f"under {key}": f'"{key}":"{KEYED}"' for key in KEYED_BY}
    texts |= {family: made.text for family, made in IDENTIFIERS.items()}
    paths = {"folder", "windows", *(name for name in IDENTIFIERS if name.startswith("path"))}
    for name in paths:  # what stands behind the name does not matter
        word = FORBIDDEN[name][0]
        texts[name] = texts[name][: texts[name].index(word) + len(word)]
    return texts


WHOLES: Final = _wholes()
"""By name of a secret: what must stand there for it to be known."""


def _hidden() -> Iterator[Hidden]:
    """Yield each secret in each spelling that must be found."""
    for secret in SECRETS:
        for how, hide in HIDINGS.items():
            yield Hidden(secret.name, how, hide(secret.text))
    for key in KEYED_BY:
        held = json.dumps({"a": 1, key: KEYED})
        for how in ("plain", "json 1", "json 2", "query", "percent"):
            yield Hidden(f"under {key}", f"key, {how}", HIDINGS[how](held))
    chance = Random("spellings")
    for family, made in IDENTIFIERS.items():
        for spelling in SPELLINGS:
            if spelling.block != FIRST or spelling.structured or skipped(spelling, made):
                continue
            for _ in range(_VARIANTS):
                yield Hidden(family, spelling.name, str(spelling.write(made, chance)))


HIDDEN: Final = tuple(_hidden())
_IPV4: Final = ("ipv4", "ipv6 with ipv4", "url of an address", "backend")


def _named(every: Iterable[Hidden]) -> dict[str, list[Hidden]]:
    by_name: dict[str, list[Hidden]] = {}
    for one in every:
        by_name.setdefault(one.name, []).append(one)
    return by_name


_NAMED: Final = _named(HIDDEN)
_NO_VERSIONS: Final = _named(one for one in HIDDEN if not one.name.startswith(_IPV4))
"""Without four numbers, which are a version where versions stand."""


def hidden(chance: Random, *, version: bool = False) -> str:
    """Draw a secret in a spelling; `version` where four numbers would be a version."""
    names = _NO_VERSIONS if version else _NAMED
    one = chance.choice(names[chance.choice(tuple(names))])
    note("secret", one.name)
    note("hiding", one.hiding)
    return one.text


def keyed(chance: Random) -> dict[str, str]:
    """Draw a map with a value that its key makes a secret."""
    key = chance.choice(KEYED_BY)
    note("secret", f"under {key}")
    return {key: KEYED}


# --- looking for them -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Needle:
    """What is looked for: of which secret, how it is spelt, and its whole in the same spelling."""

    name: str
    spelling: str
    whole: re.Pattern[bytes]


@cache
def _needles() -> dict[bytes, Needle]:
    found: dict[bytes, Needle] = {}
    for name, forbidden in FORBIDDEN.items():
        given = _as_given(name)
        wholes = dict(_spelt(WHOLES[name]))
        for word in forbidden:
            for spelling, spelt in _spelt(word):
                plain = spelling in _PLAINLY or spelling not in wholes
                whole = given if plain else re.compile(re.escape(wholes[spelling]))
                known = found.get(spelt)
                if known is None:
                    found[spelt] = Needle(name, spelling, whole)
                elif known.name != name:  # two secrets have a name in common
                    either = re.compile(known.whole.pattern + b"|" + whole.pattern)
                    found[spelt] = Needle(name, known.spelling, either)
            if len(word) >= LONG and len(forbidden) == 1:
                half = len(word) // 2
                for part, text in (("first", word[:half]), ("last", word[half:])):
                    found[text.encode()] = Needle(name, f"{part} half", given)
    return found


_PLAINLY: Final = frozenset({"plain", "JSON", "JSON in JSON", "backslashes doubled"})


def _spelt(word: str) -> Iterator[tuple[str, bytes]]:
    for spelling, needle in spellings(word):
        yield spelling, needle
        if spelling in ("percent, each byte", "hex"):
            yield f"{spelling}, large", needle.upper()
    yield "zero width", HIDINGS["zero width"](word).encode()
    for shift, needle in enumerate(in_base64(word)):
        yield f"base64 {shift}", needle


@cache
def _pattern() -> "re2._Regexp[bytes]":
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = 1 << 28
    longest = sorted(_needles(), key=len, reverse=True)
    return re2.compile(b"|".join(re2.escape(needle) for needle in longest), options)


def leaks(place: str, data: bytes, given: bytes | None = b"") -> list[Leak]:
    """Return the secrets that stand in these bytes, but for those that are excused.

    Args:
        place: for the finding.
        data: what came out.
        given: what it was made of; a part is a leak only where the whole was given each time. None
            where that is not known any more: then only wholes are looked for.
    """
    found = []
    read = given and given + b"\n" + _without_escapes(given)
    for hit in _pattern().finditer(data):
        text = bytes(hit[0])
        needle = _needles()[text]
        name, spelling = needle.name, needle.spelling
        around = data[max(0, hit.start() - 60) : hit.end() + 40]
        if spelling.startswith("base64"):
            # At one alignment it is the whole, of a secret that is one word.
            if given and len(FORBIDDEN[name]) > 1 and not _packs(name, given):
                continue
        elif read is None:
            if needle.whole.fullmatch(text) is None:
                continue
        elif read.count(text) > sum(1 for _ in needle.whole.finditer(read)):
            continue
        if any(excuse.holds(name, around) for excuse in EXCUSES):
            continue
        found.append(Leak(name, spelling, place, around.decode("utf-8", "backslashreplace")))
    return found


_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]{24,}")


def _packs(name: str, given: bytes) -> bool:
    """Tell whether the whole of a secret stands in something in base64."""
    whole = WHOLES[name].encode()
    for run in _BASE64.finditer(given):
        text = run[0].translate(_STANDARD)
        for start in range(4):
            piece = text[start : start + (len(text) - start) // 4 * 4]
            if whole in base64.b64decode(piece):
                return True
    return False


_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_ESCAPE: Final = re.compile(rb"\\u([0-9a-fA-F]{4})")


def _without_escapes(data: bytes) -> bytes:
    """Return what it says: a part of a secret may have come in escapes, and go on without."""
    return _ESCAPE.sub(lambda one: chr(int(one[1], 16)).encode("utf-8", "surrogatepass"), data)


@cache
def _as_given(name: str) -> re.Pattern[bytes]:
    """Return what finds the whole of a secret, spelt so that its words stand there."""
    texts: set[str] = set()
    for whole in (WHOLES[name], *(FORBIDDEN[name] if name.startswith("under ") else ())):
        once, raw = json.dumps(whole)[1:-1], json.dumps(whole, ensure_ascii=False)[1:-1]
        twice, quoted = json.dumps(once)[1:-1], quote(whole, safe="")
        texts |= {whole, once, twice, raw, quoted, repr(whole)[1:-1]}
    spelt = b"|".join(re.escape(text.encode()) for text in sorted(texts, key=len)[::-1])
    before, behind = _BOUNDS.get(_kind(name), (b"", b""))
    return re.compile(before + b"(?:" + spelt + b")" + behind)


def _kind(name: str) -> str:
    return IDENTIFIERS[name].kind if name in IDENTIFIERS else name


_NUMBERS: Final = (rb"(?<![A-Za-z0-9])", rb"(?![A-Za-z0-9])")
_IN_A_PATH: Final = (rb"(?<![A-Za-z0-9_.~/-])", b"")
_GOES_ON: Final = (b"", rb"(?![A-Za-z0-9_-])")
_BOUNDS: Final = {
    **dict.fromkeys(("path", "folder", "windows"), _IN_A_PATH),
    **dict.fromkeys(("host", "uri", "mail"), _GOES_ON),
    **dict.fromkeys(("ipv4", "ipv6", "mac"), _NUMBERS),
}
"""By kind: what may not stand before and behind: a longer name or number is another one, and a path
that goes on is relative."""


@dataclass(frozen=True, slots=True)
class Excuse:
    """What may come through, and why: secrets whose name starts so, in what looks like this."""

    names: tuple[str, ...]
    around: re.Pattern[bytes]
    reason: str

    def holds(self, name: str, around: bytes) -> bool:
        """Tell whether a hit is excused."""
        return name.startswith(self.names) and self.around.search(around) is not None


EXCUSES: Final[tuple[Excuse, ...]] = (
    Excuse(
        _IPV4,
        re.compile(rb'"(?:release|dist|version|sentry_release|sentry\.release)"'),
        "four numbers are a version where versions stand",
    ),
    Excuse(
        ("device",),
        re.compile(rb'"(?:code_id|debug_id)": ?"[0-9A-Fa-f-]*"'),
        "an image's id is hex digits of any length up to 40",
    ),
)
