"""The folder with the metrics of all processes of one relay; those of relays that were killed go.

Law of this file: only folders of its own making that no living process uses are removed.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_PREFIX: Final = "relay-metrics-"
_LOCK: Final = "lock"


@contextmanager
def metrics_folder() -> Iterator[Path]:
    """Yield a new folder, which is removed in the end.

    Children that are forked inside the block keep it from being removed by another relay's start.
    """
    _sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        unlocked = folder / "unlocked"
        with unlocked.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            unlocked.rename(folder / _LOCK)  # nobody finds it before it is locked
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """Remove what relays have left that were killed."""
    for folder in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # it is locked, another user's, or gone already
            if folder.lstat().st_uid == os.geteuid() and _abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _abandoned(folder: Path) -> bool:
    with (folder / _LOCK).open("r") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
