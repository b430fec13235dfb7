"""A process that verifies one set of rules and ends: rule files in, mistakes out.

Law of this file: it gets the very texts that will be loaded and reads no file. It is held to its
processor time and memory by the system, and gives way to whoever answers clients.
"""

import os
import sys
from contextlib import suppress
from typing import Final

from relay import jsonio
from relay.errors import RuleError
from relay.rulefiles import unpack
from relay.scrub.hashing import HashKeys
from relay.scrub.verified import scrubber_of

CPU_SECONDS: Final = 60
"""Processor time that a set may take. The rules that ship take 2 s."""

MEMORY: Final = 1024**3
"""Bytes of addresses. The rules that ship take 200 MB."""

NICENESS: Final = 10


def main() -> None:
    """Read packed rule files from standard input, and print what `Verdict` says as JSON."""
    _hold_back()
    hint = sys.argv[1] if len(sys.argv) > 1 else ""
    sys.stdout.buffer.write(verdict_of(sys.stdin.buffer.read(), hint))


def verdict_of(packed: bytes, hint: str) -> bytes:
    """Load a set and run all of its examples; return digest and ids, or mistakes."""
    keys = HashKeys(os.urandom(32))
    try:
        made = scrubber_of(unpack(packed), keys, verify=True, hint=hint)
    except RuleError as error:
        told = [[m.file, m.line, m.message, m.hint] for m in error.mistakes]
        return jsonio.dumps({"mistakes": told})
    ids = [rule.id for rule in made.compiled.rules]
    return jsonio.dumps({"digest": made.digest, "rules": ids, "mistakes": []})


def _hold_back() -> None:
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - it is not everywhere

    os.nice(NICENESS)
    for kind, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        _, hard = resource.getrlimit(kind)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with suppress(ValueError, OSError):  # not every system bounds each of them
            resource.setrlimit(kind, (least, hard))


if __name__ == "__main__":
    main()
