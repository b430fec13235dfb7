"""The store that is a folder: what is written is whole, on the disk, and for its owner alone.

Law of this file: an object appears under its name in one step, after it was synced; then its folder
is synced, too. Folders that are made have mode 0700, files 0600.
"""

import asyncio
import builtins
import errno
import os
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from relay.errors import StoreError
from relay.usage.objects import check_path
from relay.usage.store import Stored

PARTS: Final = ".parts"
"""Where files are until they are whole; names that begin with a dot are no objects."""

STALE: Final = 3_600.0
"""Seconds after which a file that is not whole was left by a crash."""

T = TypeVar("T")


class FolderStore:
    """A `store.Store` in a folder, which several processes may use at one time."""

    def __init__(self, root: Path) -> None:
        """Set up; the folder is made by the first write."""
        self._root = root
        self._tidied = False

    async def put(self, path: str, data: bytes) -> None:
        """Write an object over what is there. See `store.Store.put`."""
        check_path(path)
        await _in_thread(lambda: self._write(path, data, over=True))

    async def create(self, path: str, data: bytes) -> bool:
        """Write an object where there is none. See `store.Store.create`."""
        check_path(path)
        return await _in_thread(lambda: self._write(path, data, over=False))

    async def get(self, path: str) -> bytes | None:
        """Return an object. See `store.Store.get`."""
        check_path(path)
        return await _in_thread(lambda: _read(self._root / path))

    async def size(self, path: str) -> int | None:
        """Return the size of an object. See `store.Store.size`."""
        check_path(path)
        found = await _in_thread(lambda: _look(self._root / path))
        return None if found is None else found.st_size

    async def list(self, prefix: str = "") -> AsyncIterator[Stored]:
        """Yield all objects below a folder. See `store.Store.list`."""
        if prefix:
            check_path(prefix)
        for stored in await _in_thread(lambda: self._find(self._root / prefix)):
            yield stored

    async def delete(self, paths: Sequence[str]) -> None:
        """Delete objects, and the folders that this leaves empty. See `store.Store.delete`."""
        for path in paths:
            check_path(path)
        await _in_thread(lambda: self._remove(paths))

    async def tidy(self) -> None:
        """Delete files that a crash has left before they were whole. See `store.Store.tidy`."""
        await _in_thread(lambda: _tidy(self._root / PARTS))

    # --- in a thread ---

    def _write(self, path: str, data: bytes, *, over: bool) -> bool:
        parts = self._root / PARTS
        _make(parts)
        if not self._tidied:
            _tidy(parts)
            self._tidied = True
        part = parts / secrets.token_hex(16)
        target = self._root / path
        try:
            with os.fdopen(
                os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            try:
                return _place(part, target, over=over)
            except FileNotFoundError:  # another process has just deleted what was empty
                return _place(part, target, over=over)
        finally:
            part.unlink(missing_ok=True)

    def _find(self, folder: Path) -> builtins.list[Stored]:
        self._check_link(folder)
        found: list[Stored] = []
        for where, folders, files in os.walk(folder, onerror=_unless_missing):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for link in filter(Path.is_symlink, (Path(where, name) for name in folders)):
                self._check_link(link)
            for name in files:
                path = Path(where, name)
                facts = None if name.startswith(".") else _look(path)
                if facts is not None:
                    relative = path.relative_to(self._root).as_posix()
                    found.append(Stored(relative, facts.st_size, facts.st_mtime))
        return found

    def _check_link(self, folder: Path) -> None:
        """Refuse a link to a folder elsewhere: what is written there no list would tell of.

        One to a folder in here is passed by: what it leads to is told where it stands.
        """
        if not folder.resolve().is_relative_to(self._root.resolve()):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))

    def _remove(self, paths: Sequence[str]) -> None:
        changed: set[Path] = set()
        for path in paths:
            target = self._root / path
            with suppress(FileNotFoundError, NotADirectoryError):
                target.unlink()
                changed.add(target.parent)
        for folder in changed:
            with suppress(OSError):  # it is not empty, or another process was faster
                while folder != self._root:
                    folder.rmdir()
                    folder = folder.parent  # noqa: PLW2901
            with suppress(FileNotFoundError):
                _sync(folder)


async def _in_thread(work: Callable[[], T]) -> T:
    """Run it in a thread.

    Raises:
        StoreError: it failed; the error's text, which holds a path, is left out.
    """
    try:
        return await asyncio.to_thread(work)
    except OSError as error:
        word = os.strerror(error.errno) if error.errno else type(error).__name__
        raise StoreError(f"the folder of usage events cannot be used: {word}") from None


def _place(part: Path, target: Path, *, over: bool) -> bool:
    """Give a file that is whole its name; return False where that is taken."""
    _make(target.parent)
    created = True
    if over:
        part.rename(target)
    else:
        try:
            os.link(part, target)
        except FileExistsError:
            created = False
    _sync(target.parent)  # also if it is there: an earlier try may have failed at this
    return created


def _make(folder: Path) -> None:
    """Make a folder and what it stands in, and sync what holds a new one."""
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync(folder.parent)


def _sync(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _tidy(parts: Path) -> None:
    """Delete what a crash has left: its events still wait, or were written by another try."""
    if not parts.is_dir():
        return
    mark = parts / secrets.token_hex(16)
    mark.touch(mode=0o600)
    now = mark.stat().st_mtime  # the disk's own clock, by which the others are dated
    mark.unlink()
    for path in parts.iterdir():
        with suppress(FileNotFoundError):
            if now - path.stat().st_mtime > STALE:
                path.unlink()


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def _look(path: Path) -> os.stat_result | None:
    try:
        return path.stat() if path.is_file() else None
    except (FileNotFoundError, NotADirectoryError):
        return None


def _unless_missing(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error
