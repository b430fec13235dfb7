"""What an export that was killed has left where the system keeps temporary files.

Law of this file: it deletes folders that an export of this user has made, and no other.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

PREFIX: Final = "relay-usage-"
DATABASE: Final = "export.duckdb"
"""What a folder of an export is called, and what is in it, by which it is known."""

STALE: Final = 86_400.0
"""Seconds after which nobody works in a folder in which nothing was written."""


def forget_leftovers(now: float) -> int:
    """Delete them; return how many there were.

    Args:
        now: seconds since the Unix epoch.

    Raises:
        OSError: one cannot be deleted.
    """
    old = [path for path in _left() if _last_written(path) <= now - STALE]
    for path in old:
        shutil.rmtree(path)
    return len(old)


def _left() -> Iterator[Path]:
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(FileNotFoundError):
            status = path.lstat()
            ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
            if ours and (path / DATABASE).is_file():
                yield path


def _last_written(folder: Path) -> float:
    times = [folder.lstat().st_mtime]
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            times.append(path.lstat().st_mtime)
    return max(times)
