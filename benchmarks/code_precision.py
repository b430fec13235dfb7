"""Redactions in real source code: how many a megabyte, by corpus and rule, true ones apart.

A true one is told from a false one mechanically (`code_reasons.py`): whatever is not plainly what
a rule is for counts as false.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.code_corpus import corpora, events_of, shown
from benchmarks.code_reasons import reason

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
