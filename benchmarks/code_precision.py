"""Redactions in real source code: how many a megabyte, by corpus and rule, true ones apart.

A true one is told from a false one mechanically, by what was taken and what stood around it
(`reason`): whatever is not plainly what a rule is for counts as false.
"""

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from benchmarks.code_corpus import corpora, events_of, shown

Scrub = Callable[[bytes], bytes]
"""An event's JSON in, the scrubbed event's JSON out, remarks in its `_meta`."""

_CONTEXT: Final = 60


@dataclass(frozen=True, slots=True)
class Redaction:
    """One redaction in code: by which rule, in which file, what was taken, and why that is right.

    Attributes:
        rule: the rule's id.
        file: the file's path below its package folder.
        taken: the text that was replaced.
        before: what stands before it.
        after: what stands behind it.
        reason: why it is a true one; empty for a false one.
    """

    rule: str
    file: str
    taken: str
    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True)
class CodePrecision:
    """What was redacted in one corpus of code.

    Attributes:
        corpus: its name.
        files: how many.
        size: bytes of code sent: each file once as lines of frames and once as chunks of text.
        true: redactions that are what rules are for, one each.
        false: all others.
        failed: events that were not scrubbed at all.
    """

    corpus: str
    files: int
    size: int
    true: tuple[Redaction, ...]
    false: tuple[Redaction, ...]
    failed: int

    @property
    def false_per_megabyte(self) -> float:
        """False redactions a megabyte of code."""
        return len(self.false) / (self.size / 1e6) if self.size else 0.0

    def by_rule(self, *, true: bool = False) -> dict[str, float]:
        """Return redactions a megabyte by rule, most first."""
        counts = Counter(one.rule for one in (self.true if true else self.false))
        return {rule: count / (self.size / 1e6) for rule, count in counts.most_common()}

    def by_reason(self) -> dict[str, int]:
        """Return how many true ones there are of each reason, most first."""
        return dict(Counter(one.reason for one in self.true).most_common())


def measure_code(
    scrub: Scrub,
    corpus: str,
    *,
    megabytes: float = float("inf"),
    seed: int = 0,
    files: Sequence[Path] | None = None,
) -> CodePrecision:
    """Scrub one corpus of code and tell what was redacted in it.

    Args:
        scrub: an event in, the scrubbed one out.
        corpus: `python`, `javascript` or `bundles`.
        megabytes: of code to send, of files drawn at random by the seed; all by default.
        seed: for the draw.
        files: these files instead.
    """
    chosen = list(files) if files is not None else corpora()[corpus]
    random.Random(seed).shuffle(chosen)
    found: list[Redaction] = []
    size = count = failed = 0
    for path in chosen:
        if size >= megabytes * 1e6:
            break
        size += 2 * path.stat().st_size
        count += 1
        for event in events_of(path):
            try:
                clean = scrub(event)
            except Exception:  # noqa: BLE001 - what is not scrubbed is counted, whatever the error
                failed += 1
                continue
            if clean != event:
                found.extend(_redactions(shown(path), event, clean))
    ordered = sorted(found, key=lambda one: (one.rule, one.file, one.before, one.taken))
    return CodePrecision(
        corpus,
        count,
        size,
        tuple(one for one in ordered if one.reason),
        tuple(one for one in ordered if not one.reason),
        failed,
    )


def _redactions(file: str, event: bytes, clean: bytes) -> Iterator[Redaction]:
    old, new = json.loads(event), json.loads(clean)
    for path, remarks in _remarks(new.pop("_meta", {}), ()):
        before, after = _at(old, path), _at(new, path)
        if not isinstance(before, str):
            yield Redaction(remarks[0][0], file, json.dumps(before), ".".join(path), "", "")
            continue
        spans = [(r[0], r[2], r[3]) for r in remarks if len(r) == 4]
        for rule, start, end in _aligned(before, str(after or ""), spans):
            left = before[max(0, start - _CONTEXT) : start]
            right = before[end : end + _CONTEXT]
            left = left.rpartition("\n")[2]
            right = right.partition("\n")[0]
            taken = before[start:end]
            yield Redaction(rule, file, taken, left, right, reason(rule, taken, left, right))


def _remarks(node: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[list[Any]]]]:
    for key, below in node.items() if isinstance(node, dict) else ():
        if key == "":
            if below.get("rem"):
                yield path, below["rem"]
        else:
            yield from _remarks(below, (*path, key))


def _at(value: Any, path: Iterable[str]) -> Any:
    for part in path:
        if isinstance(value, list):
            value = value[int(part)] if int(part) < len(value) else None
        elif isinstance(value, dict):
            value = value.get(part)
        else:
            return None
    return value


def _aligned(
    old: str, new: str, spans: Sequence[tuple[str, int, int]]
) -> Iterator[tuple[str, int, int]]:
    """Give the spans of the old text that marks in the new one stand for.

    What stands between two marks is the same in both; the shortest way to it is taken.
    """
    ordered = sorted(spans, key=lambda span: span[1:])
    at = 0
    last_end = 0
    for n, (rule, start, end) in enumerate(ordered):
        at += start - last_end
        stop = ordered[n + 1][1] if n + 1 < len(ordered) else len(new)
        between = new[end:stop]
        if n + 1 == len(ordered):
            found = len(old) - len(between)
        else:
            found = old.find(between, at + 1) if between else at + 1
        if found < 0:
            return
        yield rule, at, found
        at, last_end = found, end


# --- true or false -------------------------------------------------------------------------------

_EMAIL: Final = re.compile(r"[^@\s]+@[\w-]+(?:\.[\w-]+)+")
_VERSION_BEFORE: Final = re.compile(
    r"(?i)(?:version|ver|release|build|[\w)]/|\bv|==|>=|sections?|\u00a7|rfc:?`?\s?\d+`?)[\s\"'=:]*$"
)
_HOME_BEFORE: Final = re.compile(
    r"(?i)(?:home|users|documents and settings|~|volumes|media|var/folders|[a-z]:)[/\\]*$"
)
_OPENED: Final = re.compile(r"(?:[:=]|=>)\s*(?:[bBrRuU]{1,2}|[A-Z]\w*\()?\\*(?P<quote>[\"'`])$")
_LITERAL: Final = r"\s*(?:[bru]?\"[^\"]*\"|[bru]?'[^']*'|[0-9.]+)\s*"
_LITERALS: Final = re.compile(rf"[(\[]{_LITERAL}(?:,{_LITERAL})*,?\s*(?:[)\]]|\{{snip\}})")
_CHECKED: Final = frozenset(
    {
        "wallet/base58-address", "wallet/bech32-address", "wallet/cashaddr",
        "wallet/ripple-address",
        "wallet/stellar-address", "wallet/algorand-address", "wallet/monero-address",
        "wallet/ss58-address", "wallet/ton-address", "wallet/nem-address", "wallet/odd-checksum",
        "wallet/ethereum-checksum", "wallet/byron-address", "wallet/eos-key", "people/iban",
        "network/onion-service", "secrets/jwt",
    }
)  # fmt: skip
"""Rules that take nothing without its checksum (or, a JWT, without its header)."""
_SHAPED: Final = {
    "wallet/hex-id": re.compile(r"(?:0x)?[0-9a-fA-F]{64,}"),
    "wallet/ethereum-address": re.compile(r"0x[0-9a-fA-F]{40,}"),
    "wallet/ethereum-bare": re.compile(r"[0-9a-fA-F]{40}"),
    "network/mac-address": re.compile(r"(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}"),
    "wallet/derivation-path": re.compile(r"m/.*[0-9].*"),
    "network/onion-address": re.compile(r"[a-z2-7]{16,56}(?:\.onion)?"),
    "network/backend-host": re.compile(r"[\w-]+(?:\.[\w-]+)+"),
    "suite/device-id": re.compile(r"[0-9A-F]{24}"),
    "secrets/pem": re.compile(r"(?s)-----BEGIN .*"),
    "secrets/service-key": re.compile(r"\S{16,}"),
    "people/card-number": re.compile(r"[0-9 -]{13,23}"),
    "people/card-digits": re.compile(r"[0-9]{13,19}"),
}
"""Rules that go by shape alone, and the shape: a literal of it is what they are for."""


def reason(rule: str, taken: str, before: str, after: str) -> str:
    """Return why a redaction is a true one, or an empty text for a false one."""
    if _EMAIL.fullmatch(taken):
        return "an e-mail address"
    if rule == "network/ip-address":
        return "" if _VERSION_BEFORE.search(before) else _address(taken)
    if rule == "secrets/url-userinfo":
        return "user and password in a URL"
    if rule in _CHECKED:
        return "an identifier with a valid checksum"
    if rule in _SHAPED:
        # A key's dump has its digits in groups.
        whole = "".join(taken.split()).replace(":", "") if rule == "wallet/hex-id" else taken
        return "a literal of the shape" if _SHAPED[rule].fullmatch(whole) else ""
    if rule == "paths/network-share":
        return "a share in a UNC path" if before.endswith("\\\\") else ""
    if rule.startswith("paths/"):
        return "a folder of a user in a path" if _HOME_BEFORE.search(before) else ""
    if _in_quotes(taken, before, after):
        return "a literal in quotes under the name of a secret"
    return ""


def _address(taken: str) -> str:
    try:
        ip_address(taken.partition("%")[0])
    except ValueError:
        return ""
    return "an IP address"


def _in_quotes(taken: str, before: str, after: str) -> bool:
    """Tell whether a literal, or a list of some, stands right behind a `:` or `=`.

    One that a line was cut off in has no closing quote.
    """
    if _LITERALS.fullmatch(taken):
        return before.rstrip().endswith((":", "=", "=>"))
    opened = _OPENED.search(before)
    if opened is None or "${" in taken:
        return False
    return taken.endswith("{snip}") or after[:1] in (opened["quote"], "\\")
