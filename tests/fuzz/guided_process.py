"""One target under atheris in a process of its own; `tests.fuzz.guided` starts it.

Law of this file: what a target finds is written at once and does not end the run, for libFuzzer
ends a process as it likes.
"""

import hashlib
import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from random import Random

import atheris

from tests.fuzz import targets
from tests.fuzz.findings import Finding, attempt, keep
from tests.fuzz.mutating import mutated
from tests.fuzz.target import Target

DRAWN = (20, 200)
"""Inputs out of the target's generator that a run begins with: at least, and at most."""
DRAWN_SHARE = 0.15
"""Of the time, for going through them."""
LEAST_SECONDS = 5
"""Of fuzzing itself, however long it took to begin."""
MOST_BYTES = 64 * 1024
MOST_MEMORY = 2_048
"""MiB."""
MOST_SECONDS = 60
"""Where even our own timer does not ring: libFuzzer ends the process then."""


class Watch:
    """Runs inputs, and writes down each fault once."""

    def __init__(self, target: Target, folder: Path) -> None:
        self._target = target
        self._folder = folder
        self._seen: set[str] = set()

    def run(self, data: bytes) -> None:
        finding = attempt(self._target, data)
        if finding is not None and finding.key not in self._seen:
            self._seen.add(finding.key)
            self._write(finding)

    def _write(self, finding: Finding) -> None:
        path = keep(finding, self._folder / "findings")
        said = {"key": finding.key, "trace": finding.trace}
        path.with_suffix(".json").write_text(json.dumps(said), encoding="utf-8")


def write_seeds(target: Target, folder: Path, seconds: float) -> None:
    """Write what the run begins with: samples, what was found once, and what is drawn."""
    drawn = (target.generate(Random(f"{target.name} {n}")) for n in range(_drawn(target, seconds)))
    known = (path.read_bytes() for path in targets.found(target.name))
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for source in (target.seeds(), known, drawn):
        for data in source:
            (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


def _drawn(target: Target, seconds: float) -> int:
    """Return how many inputs to draw: as many as go through in their share of the time."""
    least, most = DRAWN
    tried = 5
    start = time.monotonic()
    for number in range(tried):
        attempt(target, target.generate(Random(f"{target.name} {number}")))
    each = (time.monotonic() - start) / tried
    return max(least, min(most, int(DRAWN_SHARE * seconds / each)))


def write_words(tokens: Iterable[bytes], path: Path) -> None:
    """Write a dictionary as libFuzzer reads it: every byte escaped."""
    lines = ['"' + "".join(f"\\x{byte:02x}" for byte in token) + '"' for token in tokens if token]
    path.write_text("\n".join([*lines, ""]), encoding="ascii")


def main(name: str, seconds: str, where: str) -> None:
    """Fuzz a target for so many seconds, all told; everything is written below a folder."""
    folder, whole = Path(where), float(seconds)
    end = time.monotonic() + whole
    atheris.enabled_hooks.add("str")
    with atheris.instrument_imports(include=["relay", "python_multipart"]):
        target = targets.load(name)
    corpus, seeds, words = folder / "corpus", folder / "seeds", folder / "words"
    corpus.mkdir(parents=True, exist_ok=True)
    write_seeds(target, seeds, whole)
    write_words(target.tokens, words)
    flags = {
        "max_total_time": max(LEAST_SECONDS, int(end - time.monotonic())),
        "timeout": MOST_SECONDS,
        "rss_limit_mb": MOST_MEMORY,
        "max_len": MOST_BYTES,
        "dict": words,
        "artifact_prefix": f"{folder}/ended-",
        "print_final_stats": 1,
    }

    def change(data: bytes, most: int, seed: int) -> bytes:
        return mutated(target, data, most, Random(seed), atheris.Mutate)

    given = [sys.argv[0], *(f"-{flag}={value}" for flag, value in flags.items())]
    given += [str(corpus), str(seeds)]
    atheris.Setup(given, Watch(target, folder).run, custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
