"""The files of the SQLite spool: made with their modes, checked, set aside when damaged, opened.

Source: SQLite's own pages on WAL, its file format, PRAGMA synchronous, and the result codes.
"""

import errno
import glob
import os
import sqlite3
from pathlib import Path
from typing import Final

from relay.errors import SpoolDamagedError, SpoolUnavailableError
from relay.spool.locks import MODE, is_open_elsewhere, take_slot, turn_at
from relay.spool.rows import BUSY_SECONDS
from relay.spool.schema import APPLICATION_ID, VERSION, settle_in

_LOG_LIMIT: Final = 64 * 1024 * 1024
_PRIMARY: Final = 0xFF
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_LOG_HEADER: Final = 32
_ASIDE: Final = ".damaged-"
_LOG_MAGIC: Final = frozenset({b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"})


def prepare_spool(path: Path) -> Path | None:
    """Make a spool fit to be opened: create, check, bring to this version, release every claim.

    For whoever starts several processes, before they open it with `checked`.

    Returns:
        Where a damaged file was set aside; None when all was well.

    Raises:
        SpoolUnavailableError: it cannot be opened, a process has it open, or it is not a spool,
            or of a newer version.
    """
    try:
        make_folder(path)
        with turn_at(path):
            lock = take_slot(path, 0)
            try:
                if is_open_elsewhere(path, 0):
                    raise SpoolUnavailableError(f"{path} is open in another process")
                return prepare(path)
            finally:
                lock.close()
    except (sqlite3.Error, OSError) as error:
        raise cannot_open(error) from None


def cannot_open(error: sqlite3.Error | OSError) -> SpoolUnavailableError:
    """Return the error that says so, with the name that SQLite or the system has for the cause.

    It is a `SpoolDamagedError` where the file itself is broken.
    """
    known = errno.errorcode.get(getattr(error, "errno", None) or 0, type(error).__name__)
    name = getattr(error, "sqlite_errorname", known)
    made = SpoolDamagedError if is_damage(error) else SpoolUnavailableError
    return made(f"the spool cannot be opened ({name})")


def prepare(path: Path) -> Path | None:
    """Do what `prepare_spool` does, for whoever has the turn and a slot.

    Raises:
        SpoolUnavailableError: it is not a spool, or of a newer version.
        sqlite3.Error, OSError: it cannot be opened.
    """
    _create(path)
    damaged = _set_log_aside(path)
    try:
        _settle_in(path)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        damaged = _set_aside(path)
        _create(path)
        _settle_in(path)
    return damaged


def forget_damaged(path: Path, before: float, *, dry_run: bool = False) -> list[int]:
    """Delete files of a spool that were set aside and were last written at a time or before it.

    Args:
        path: of the spool.
        before: seconds since the Unix epoch.
        dry_run: delete nothing.

    Returns:
        The sizes of those that went, or would.

    Raises:
        OSError: one cannot be deleted.
    """
    pattern = f"{glob.escape(path.name)}{_ASIDE}*"
    named = {one: _number_of(one.name, path.name) for one in path.parent.glob(pattern)}
    found = {one: one.stat() for one, number in named.items() if number}
    # A log may be younger than its file: all of one number go together.
    newest: dict[str, float] = {}
    for one, status in found.items():
        newest[named[one]] = max(newest.get(named[one], 0.0), status.st_mtime)
    old = [one for one in found if newest[named[one]] <= before]
    for one in old:
        if not dry_run:
            one.unlink(missing_ok=True)
    return [found[one].st_size for one in old]


def _number_of(name: str, spool: str) -> str:
    """Return the number of a file that was set aside; empty where we did not name it so."""
    for ending in ("-wal", "-shm"):
        name = name.removesuffix(ending)
    number = name.removeprefix(spool + _ASIDE)
    return number if number.isascii() and number.isdigit() else ""


def make_folder(path: Path) -> None:
    """Make the folder of a spool where it is missing.

    Raises:
        OSError: it cannot be made.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def connect(path: Path) -> sqlite3.Connection:
    """Open a spool that is there and of this version.

    Raises:
        SpoolUnavailableError: it is not a spool, or of another version.
        sqlite3.Error: it cannot be opened.
    """
    db = _open(path)
    try:
        _must_be_current(_version(db))
        db.execute("PRAGMA synchronous = FULL").close()
        db.execute(f"PRAGMA journal_size_limit = {_LOG_LIMIT}").close()
        db.text_factory = _text
    except BaseException:
        db.close()
        raise
    return db


def _text(raw: bytes) -> str:
    """Read a text; one that is none must not make all rows unreadable that are read with it."""
    return raw.decode("utf-8", "replace")


def is_damage(error: BaseException) -> bool:
    """Return whether an error says that the file itself is broken."""
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    return isinstance(error, _DamagedError) or code in _DAMAGE


def is_full(error: BaseException) -> bool:
    """Return whether an error says that there is no room on the disk."""
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY == sqlite3.SQLITE_FULL


class _DamagedError(sqlite3.DatabaseError):
    """The check of the file found a fault."""


def _open(path: Path) -> sqlite3.Connection:
    # As a URI, so that a file that is not there is not made.
    uri = f"{path.absolute().as_uri()}?mode=rw"
    db = sqlite3.connect(
        uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS, cached_statements=64
    )
    # What is deleted is overwritten. Debian's SQLite does so by itself, others do not.
    db.execute("PRAGMA secure_delete = ON").close()
    return db


def _settle_in(path: Path) -> None:
    db = _open(path)
    try:
        version = _version(db)
        if not _is_well(db, "integrity_check"):
            if not _is_well(db, "quick_check"):
                raise _DamagedError
            # Only indexes are wrong, which leave rows out: they can be made anew.
            db.execute("REINDEX")
            if not _is_well(db, "integrity_check"):
                raise _DamagedError
        db.execute("PRAGMA journal_mode = WAL").close()
        db.execute("PRAGMA synchronous = FULL").close()
        settle_in(db, version)
    finally:
        db.close()


def _is_well(db: sqlite3.Connection, check: str) -> bool:
    (verdict,) = db.execute(f"PRAGMA {check}(1)").fetchone()
    return bool(verdict == "ok")


def _version(db: sqlite3.Connection) -> int:
    """Refuse what is not ours, before anything is written to it; return its version."""
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if tables and application != APPLICATION_ID:
        raise SpoolUnavailableError("the file is a database, but not a spool")
    if version > VERSION:
        raise SpoolUnavailableError("the spool was written by a newer version")
    return int(version)


def _must_be_current(version: int) -> None:
    if version != VERSION:
        raise SpoolUnavailableError("the spool was written by an older version: start a relay")


def _create(path: Path) -> None:
    # SQLite gives its companions (-wal, -shm) the mode of the file itself.
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, MODE)
    try:
        os.fchmod(file, MODE)
    finally:
        os.close(file)


def _set_log_aside(path: Path) -> Path | None:
    """Rename a log that cannot be one: SQLite would take it for an empty one, and say nothing."""
    log = _companion(path, "-wal")
    try:
        with log.open("rb") as file:
            header = file.read(_LOG_HEADER)
    except FileNotFoundError:
        return None
    # A log that a crash left before its header was synced holds nothing.
    if len(header) < _LOG_HEADER or not header.strip(b"\0") or header[:4] in _LOG_MAGIC:
        return None
    aside = _companion(_free_name(path), "-wal")
    log.rename(aside)
    return aside


def _set_aside(path: Path) -> Path:
    """Rename the file and its companions to the first free `<name>.damaged-<n>`."""
    aside = _free_name(path)
    path.rename(aside)
    for ending in ("-wal", "-shm"):
        companion = _companion(path, ending)
        if companion.exists():
            companion.rename(_companion(aside, ending))
    return aside


def _free_name(path: Path) -> Path:
    number = 1
    while True:
        aside = path.with_name(f"{path.name}{_ASIDE}{number}")
        if not aside.exists() and not _companion(aside, "-wal").exists():
            return aside
        number += 1


def _companion(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
