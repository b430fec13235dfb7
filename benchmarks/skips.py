"""Which identifiers are not tried in which spellings, and why: each exclusion with its reason."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.hiding import least_kept
from benchmarks.identifiers.identifier import Identifier
from benchmarks.plain_sight import CUT
from benchmarks.spellings import Spelling

_WITH_KEY = (
    "alone", "json, one level", "json, two levels", "json, three levels", "url query",
    "url query, last", "json in a url", "numbers in a list",
)  # fmt: skip
_WITH_LEAD = (
    "alone", "sentence", "sentence's start", "sentence's end", "double quotes", "single quotes",
    "round brackets", "square brackets", "non-ascii around", "json, one level", "base64",
    "percent-encoded", "full-width", "zero-width", "list in a text", "line of its own",
)  # fmt: skip


def _like_version(identifier: Identifier) -> bool:
    """Tell whether four numbers are as small as a version's; not in 10.0.0.0/8, nor with a port."""
    if identifier.kind != "ipv4" or ":" in identifier.text:
        return False
    numbers = [int(number) for number in identifier.text.partition("/")[0].split(".")]
    large = sum(number >= 10 for number in numbers)
    if numbers[0] >= 10:
        return numbers[0] != 10 and large == 1
    return large < 2 or (large == 2 and max(numbers) < 100)


@dataclass(frozen=True, slots=True)
class Skip:
    """What is not tried: spellings whose name starts so, for these kinds, and why.

    With `but` it is all other spellings, by their whole names.
    """

    spellings: tuple[str, ...]
    reason: str
    holds: Callable[[Identifier], bool]
    but: bool = False

    def takes(self, spelling: Spelling, identifier: Identifier) -> bool:
        """Tell whether it leaves this combination out."""
        if self.but:
            named = spelling.name not in self.spellings
        else:
            named = spelling.name.startswith(self.spellings)
        return named and self.holds(identifier)


def _kinds(*kinds: str) -> Callable[[Identifier], bool]:
    return lambda identifier: identifier.kind in kinds


_ADDRESS_LIKE = ("token", "hex", "solana", "grouped")

SKIPS: tuple[Skip, ...] = (
    Skip(_WITH_KEY, "only its key tells it", lambda identifier: bool(identifier.key), but=True),
    Skip(_WITH_LEAD, "only the words before it tell it", lambda identifier: bool(identifier.lead),
         but=True),
    Skip(("glued to a word",), "no checksum: a longer run of base58 is another number",
         _kinds("solana")),
    Skip(("glued to a word",), "a word that runs into a path, a URI or a name makes another one; "
         "a phrase loses a word", _kinds("path", "uri", "host", "words", "derivation")),
    Skip(("glued by / before", "glued by / around", "glued by . before", "glued by . around"),
         "a path that goes on is relative; its folders are the program's", _kinds("path")),
    Skip(("glued by . behind", "glued by . around", "glued by - behind", "glued by - around",
          "glued by _ behind", "glued by _ around"), "a name that goes on is another name",
         _kinds("host")),
    Skip((*(f"glued by {mark} {side}" for mark in "/-_.@" for side in ("before", "around")),
          "glued to a word"),
         "a word before it and no port: numbers as small as a version's (app/1.2.3.4, at most one "
         "of two digits or more, two below 100 where the first has one digit), not in 10.0.0.0/8",
         _like_version),
    Skip(("glued by -",), "hyphens are its own separators", _kinds("mac", "grouped")),
    Skip(("words",), "words are meant", lambda identifier: identifier.kind != "words"),
    Skip(("numbers in a list",), "numbers are meant", lambda identifier: (
        identifier.kind not in ("array", "number") or not identifier.text.strip("[]0").replace(
            ", ", "").replace(",", "").isdigit())),
    Skip(("upper case",), "its case is part of it", lambda identifier: not identifier.anycase),
    Skip(("groups of four", "display lines", "shortened"), "only keys and addresses are shown so",
         lambda identifier: identifier.kind not in _ADDRESS_LIKE or "-" in identifier.text
         or "_" in identifier.text),
    Skip(("groups of four", "display lines", "shortened"), "it is in groups already, and nobody "
         "shortens those", _kinds("grouped")),
    Skip(("groups of four", "display lines"), "its prefix is no part of the groups, its port none "
         "of the name", lambda identifier: ":" in identifier.text),
    Skip(("shortened",), "its port is no part of the name", lambda identifier: (
        identifier.family == "onion" and identifier.text[-1].isdigit())),
    Skip(("glued by", "non-ascii glued", "emoji glued"),
         "a tilde is a home at the start of a word only", lambda identifier: (
        identifier.text.startswith("~"))),
    Skip(("cut off", "broken off"), "no telling beginning", lambda identifier: (
        not least_kept(identifier))),
    Skip(("up to the cut",), "longer than the cut, or only its key tells it", lambda identifier: (
        len(identifier.text) > CUT - 60 or bool(identifier.key))),
    Skip(("mistyped",), "no telling beginning, or words", lambda identifier: (
        not identifier.least or identifier.kind == "words")),
)  # fmt: skip


def skipped(spelling: Spelling, identifier: Identifier) -> str | None:
    """Return why this combination is not tried, or None."""
    for skip in SKIPS:
        if skip.takes(spelling, identifier):
            return skip.reason
    return None
