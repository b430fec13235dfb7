"""What is wrong with the listener for an onion service before it is opened.

Law of this file: it looks at names and at what is there; nothing is opened or deleted.
"""

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from relay.config.model import Onion
from relay.config.settings import Settings

MAX_PATH: Final = 107
"""Bytes of a Unix socket's path: `sun_path` has 108, one of them for its end. Source: unix(7)."""

_EVERYWHERE: Final = frozenset({"", "0.0.0.0"})  # noqa: S104 - it is only compared

Wrong = tuple[str, str, str]
"""The setting, what is wrong with it, and what to do."""


def onion_mistakes(settings: Settings) -> Iterator[Wrong]:
    """Yield what keeps the listener from being opened, as far as that shows beforehand."""
    onion = settings.listen.onion
    if onion is None:
        return
    if onion.socket is None:
        yield from _port(onion, settings)
    else:
        for message, hint in _socket(onion.socket, settings):
            yield "listen.onion.socket", message, hint


def _port(onion: Onion, settings: Settings) -> Iterator[Wrong]:
    for path, other in (("listen.port", settings.listen), ("admin.port", settings.admin)):
        if onion.port == other.port != 0 and _meet(onion.host, other.host):
            message = f"{onion.port} is {path} too, on the same host"
            yield "listen.onion.port", message, "take another"


def _meet(one: str, other: str) -> bool:
    """Return whether a port cannot be opened at both hosts."""
    return one == other or (bool(_EVERYWHERE & {one, other}) and ":" not in one + other)


def _socket(path: str, settings: Settings) -> Iterator[tuple[str, str]]:
    if not hasattr(socket, "AF_UNIX"):
        yield "this system has no Unix sockets", "give a port"
    elif "\0" in path:
        yield "is no path", ""
    elif len(os.fsencode(path)) > MAX_PATH:
        yield f"is longer than the {MAX_PATH} bytes that a socket may have", "take a shorter one"
    elif not Path(path).parent.is_dir():
        yield f"the folder of {path} does not exist", "make it"
    elif _is_taken(Path(path)):
        yield f"{path} is there already, and is no socket", "take another"
    else:
        for name, file in _others(settings):
            if Path(path).resolve() == Path(file).resolve():
                yield f"is the file of {name} too", "take another"


def _is_taken(path: Path) -> bool:
    try:
        return not stat.S_ISSOCK(path.lstat().st_mode)
    except OSError:  # it is not there, or listening will say what is wrong
        return False


def _others(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield the files that are made when the relay starts, by the setting that names them."""
    if settings.spool.backend == "sqlite":
        for end in ("", "-wal", "-shm"):
            yield "spool.path", settings.spool.path + end
    if settings.admin.audit is not None:
        yield "admin.audit", settings.admin.audit
