"""What a driver does with a finding: tell it from others, make it small, keep it.

Law of this file: a finding is known by the kind of its error and the place in our code where it was
raised, so that one fault is one finding, however many inputs show it.
"""

import hashlib
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

from tests.fuzz.target import Target

ROOT: Final = Path(__file__).parents[2]
SECONDS: Final = 10.0
"""Of a processor's time, for one input: what takes longer hangs."""

_OURS: Final = (str(ROOT / "relay"), str(ROOT / "tests" / "fuzz"))
_NOT_THE_PLACE: Final = ("findings.py", "guided_process.py", "oracles.py", "targets/drawing.py")
_DRIVERS: Final = frozenset(str(Path(__file__).parent / name) for name in _NOT_THE_PLACE)


class HangError(BaseException):
    """An input took too long. Not an `Exception`, which programs catch."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Attributes:
        key: the same for the same fault.
        data: an input that shows it.
        trace: how it came to it.
    """

    key: str
    data: bytes
    trace: str


def attempt(target: Target, data: bytes, seconds: float = SECONDS) -> Finding | None:
    """Run a target on an input; return what it finds, a hang too."""
    try:
        with bounded(seconds):
            target.run(data)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the finding
        return Finding(_key(error), data, "".join(traceback.format_exception(error, limit=-30)))
    return None


def minimised(target: Target, finding: Finding, tries: int = 3_000) -> Finding:
    """Return the finding with a smaller input: blocks are left out while the same fault shows."""
    best, seconds = finding, SECONDS
    size = max(1, len(best.data) // 2)
    while size and tries > 0:
        at = 0
        while at < len(best.data) and tries > 0:
            tries -= 1
            less = best.data[:at] + best.data[at + size :]
            again = attempt(target, less, seconds)
            if again is not None and again.key == finding.key:
                best = again
            else:
                at += size
            if "HangError" in finding.key:
                tries -= 100  # each takes all the time that it may
        size //= 2
    return best


def keep(finding: Finding, folder: Path) -> Path:
    """Write the input into a folder, named by what it holds; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / hashlib.sha256(finding.data).hexdigest()[:16]
    path.write_bytes(finding.data)
    return path


def _key(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if f.filename.startswith(_OURS) and f.filename not in _DRIVERS]
    name = type(error).__name__
    if isinstance(error, HangError | RecursionError):
        # Where it stood when its time was over is chance.
        return f"{name} in {ours[0].name}" if ours else name
    places = [f"{Path(f.filename).relative_to(ROOT)}:{f.lineno}" for f in ours[-1:]]
    return " ".join([name, *filter(None, [getattr(error, "oracle", "")]), *places])


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Raise `HangError` in what runs when it has used so much of a processor's time."""

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise HangError(f"over {seconds} s of a processor's time")

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
