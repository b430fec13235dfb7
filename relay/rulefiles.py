"""Rule files on disk: folders and files in, names and texts out.

Law of this file: it reads and names, and knows nothing of what a rule is. A rule's id is its path
under the rules folder, `network/ip-address`; the name given here is the end of that: the path under
the folder that was read, or the file's own name when a single file was.
"""

import os
import shlex
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from relay import jsonio
from relay.errors import Mistake, RuleError
from relay.rules.loading import RuleText

SUFFIXES: Final = (".yaml", ".yml")
MAX_BYTES: Final = 1_048_576
"""Larger files are refused: a rule is a page of text."""

MAX_TOTAL: Final = 16 * MAX_BYTES
"""Bytes of all files together: what is more is not read into memory."""

MAX_FILES: Final = 10_000
"""Below one folder: it is gone through every few seconds, by whoever takes envelopes, too."""


def read(paths: Sequence[str | Path], what: str = "rule") -> tuple[RuleText, ...]:
    """Read rule files and folders, in order; inside a folder sorted by name.

    Args:
        paths: folders (searched to any depth; hidden files and folders are passed over) and files.
        what: what the files are, in mistakes.

    Raises:
        RuleError: with every path that is missing or unreadable, every file that is not UTF-8, and
            when there is no rule file at all, or too many. A file that is reached twice is read
            once.
    """
    mistakes: list[Mistake] = []
    found: dict[str, RuleText] = {}
    shown = ", ".join(map(str, paths)) or "(no path)"
    left = MAX_TOTAL
    for path in map(Path, paths):
        for base, file in _found(path, mistakes, what):
            real = os.path.realpath(file)  # `resolve` raises where links lead in a circle
            text = None if real in found else _text(file, mistakes)
            if text is not None:
                name = file.relative_to(base).with_suffix("").as_posix()
                found[real] = RuleText(name, str(file), text)
                left -= len(text)
            if left < 0:
                size = f"larger than {MAX_TOTAL} bytes together"
                raise RuleError((*mistakes, Mistake(shown, 1, f"the {what} files are {size}")))
    if not found and not mistakes:
        mistakes.append(Mistake(shown, 1, f"no {what} files", "they end in .yaml"))
    if mistakes:
        raise RuleError(tuple(mistakes))
    return tuple(found.values())


Fingerprint = tuple[tuple[str | int, ...], ...]
"""What the system says of each rule file, without a look inside; equal ones are unchanged."""


def fingerprint(paths: Sequence[str | Path]) -> Fingerprint:
    """Return what stands where, cheaply: names, kinds, sizes, times and inodes.

    It differs after a write, a rename, an exchanged link, and after a change of who may read it.
    What is missing or cannot be looked at has a place in it too, so nothing is raised.
    """
    found: list[tuple[str | int, ...]] = []
    for path in map(Path, paths):
        found.append(_state(path))
        try:
            files = sorted(islice(_rule_files(path), MAX_FILES + 1)) if path.is_dir() else []
        except OSError as error:
            found.append((str(path), "unreadable", error.errno or 0))
            continue
        found += map(_state, files)
    return tuple(found)


TRIES: Final = 10
PAUSE: Final = 0.1
"""Seconds between two of them."""


def read_settled(
    paths: Sequence[str | Path], wait: Callable[[float], None] = time.sleep
) -> tuple[RuleText, ...]:
    """Read rule files that somebody may just be changing: all as they stood at one time.

    Args:
        paths: as for `read`; none for the rules that ship.
        wait: waits so many seconds before it is tried again.

    Raises:
        RuleError: as `read`; or they do not stand still.
    """
    for _ in range(TRIES):
        before = fingerprint(paths)
        try:
            files = read(paths) if paths else shipped()
        except RuleError:
            if before == fingerprint(paths):
                raise
        else:
            if before == fingerprint(paths):
                return files
        wait(PAUSE)
    shown = ", ".join(map(str, paths))
    raise RuleError((Mistake(shown, 1, "the rule files change while they are read"),))


def _state(path: Path) -> tuple[str | int, ...]:
    try:
        seen = path.stat()
    except OSError as error:
        return str(path), "unreadable", error.errno or 0
    if path.is_dir():  # what is inside counts, and its own time changes with anything in it
        return str(path), seen.st_mode, seen.st_dev, seen.st_ino
    times = seen.st_mtime_ns, seen.st_ctime_ns
    return str(path), seen.st_mode, seen.st_dev, seen.st_ino, seen.st_size, *times


def pack(files: Iterable[RuleText]) -> bytes:
    """Return rule files as bytes, for another process; the same for the same files."""
    return jsonio.dumps([[file.name, file.file, file.text] for file in files])


def unpack(packed: bytes) -> tuple[RuleText, ...]:
    """Return the rule files that were packed.

    Raises:
        ValueError: it is no such thing.
    """
    return tuple(RuleText(name, file, text) for name, file, text in jsonio.loads(packed))


def how_to_test(paths: Sequence[str | Path]) -> str:
    """Return what to run to see what became of the examples of these rules."""
    given = "".join(f" --rules {shlex.quote(str(path))}" for path in paths)
    return f"run `relay rules test{given}`"


def shipped() -> tuple[RuleText, ...]:
    """Read the rules that come with the package.

    Raises:
        RuleError: they are missing (a broken installation).
    """
    return read([shipped_folder()])


def shipped_left_out(names: Iterable[str]) -> int:
    """Return how many of the rules that come with the package are not among some.

    Raises:
        RuleError: they are missing (a broken installation).
    """
    return len({rule.name for rule in shipped()} - set(names))


def shipped_folder() -> Path:
    """Return the folder of the rules that come with the package.

    It is relay/_rules in an installed wheel, and rules/ beside the package in a checkout.
    """
    return _shipped_folder("_rules", "rules")


def read_events(paths: Sequence[str | Path]) -> tuple[RuleText, ...]:
    """Read the files of an allow-list of usage events; without paths, of the one that ships.

    Raises:
        RuleError: as `read`.
    """
    return read(paths or [shipped_events_folder()], what="event")


def shipped_events_folder() -> Path:
    """Return the folder of the allow-list that comes with the package: relay/_usage, or usage/."""
    return _shipped_folder("_usage", "usage")


def _shipped_folder(packaged: str, beside: str) -> Path:
    package = Path(__file__).parent
    folder = package / packaged
    return folder if folder.is_dir() else package.parent / beside


def _found(path: Path, mistakes: list[Mistake], what: str) -> list[tuple[Path, Path]]:
    try:
        return list(_files(path, mistakes, what))
    except OSError as error:  # what is above it may not be looked at
        mistakes.append(Mistake(str(path), 1, f"cannot be read: {error.strerror}"))
        return []


def _files(path: Path, mistakes: list[Mistake], what: str) -> Iterator[tuple[Path, Path]]:
    """Yield each rule file and the folder that it is named under."""
    if path.is_file():
        if path.suffix not in SUFFIXES:
            hint = f"{what} files end in .yaml"
            mistakes.append(Mistake(str(path), 1, f"not a {what} file", hint))
            return
        yield path.parent, path
    elif path.is_dir():
        try:
            files = sorted(islice(_rule_files(path), MAX_FILES + 1))
        except OSError as error:
            mistakes.append(Mistake(str(path), 1, f"cannot be read: {error.strerror}"))
            return
        if len(files) > MAX_FILES:
            mistakes.append(Mistake(str(path), 1, f"more than {MAX_FILES} {what} files"))
            return
        for file in files:
            yield path, file
    else:
        mistakes.append(Mistake(str(path), 1, "no such file or folder"))


def _rule_files(folder: Path) -> Iterable[Path]:
    for file in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
        # A broken link is neither file nor folder: it must be reported, so it is yielded.
        if file.suffix in SUFFIXES and not hidden and not file.is_dir():
            yield file


def _text(file: Path, mistakes: list[Mistake]) -> str | None:
    try:
        if not stat.S_ISREG(file.stat().st_mode):  # a pipe would keep us for ever
            mistakes.append(Mistake(str(file), 1, "not a file"))
            return None
        with file.open("rb") as source:
            data = source.read(MAX_BYTES + 1)
    except OSError as error:
        mistakes.append(Mistake(str(file), 1, f"cannot be read: {error.strerror}"))
        return None
    if len(data) > MAX_BYTES:
        mistakes.append(Mistake(str(file), 1, f"larger than {MAX_BYTES} bytes"))
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        mistakes.append(Mistake(str(file), line, "not UTF-8"))
        return None
