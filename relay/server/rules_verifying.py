"""Verifies a set of rules in a process of its own, so that nobody who answers clients has to wait.

Law of this file: a set is verified when that process says so, and only then. However it ends, there
is an answer, in a bounded time.
"""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from relay import jsonio
from relay.errors import Mistake

SECONDS: Final = 120.0
"""How long it may take; at low priority it waits for whoever answers clients."""

RULES: Final = "rules"
"""What a mistake is about that is none of a single file."""

_RUN: Final = (
    "import sys; sys.path[:] = sys.argv.pop(1).splitlines(); "
    "from relay.server.rules_verifier import main; main()"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of a set.

    Attributes:
        mistakes: all of them; none for a set that may be used.
        digest: of the set, as `Scrubber.digest`; empty where there are mistakes.
        rules: the ids of its rules, those that are off aside.
    """

    mistakes: tuple[Mistake, ...]
    digest: str = ""
    rules: tuple[str, ...] = ()


Verify = Callable[[bytes, str], Awaitable[Verdict]]
"""Gets packed rule files, and what to run to see what became of their examples."""


async def verify(packed: bytes, hint: str, *, seconds: float = SECONDS) -> Verdict:
    """Verify a set; see `Verify`. It never raises for what is in the set."""
    # The same modules as ours, wherever this program was started and whatever lies there.
    paths = "\n".join(sys.path)
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-c", _RUN, paths, hint, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
        )
    except OSError as error:
        return _failed(f"no process to verify them can be started: {error.strerror}")
    try:
        async with asyncio.timeout(seconds):
            out, _ = await process.communicate(packed)
    except TimeoutError:
        return _failed(f"they were not verified within {seconds:.0f} s")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        return _failed("they need more time or memory than a set may take")
    try:
        return _read(jsonio.loads(out))
    except (ValueError, TypeError, KeyError):
        return _failed("the process that verifies them broke")


def _read(told: Any) -> Verdict:
    mistakes = tuple(Mistake(*parts) for parts in told["mistakes"])
    if mistakes:
        return Verdict(mistakes)
    return Verdict((), str(told["digest"]), tuple(map(str, told["rules"])))


def _failed(message: str) -> Verdict:
    return Verdict((Mistake(RULES, 1, message),))
