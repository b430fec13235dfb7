"""The audit log: who did what to a relay, one line of JSON an action.

Law of this file: a line is made of the fields of `Entry`, each a word of ours, a configured name or
a number. No address, no value from a payload, no token. The file is opened for each line and only
appended to, so that processes share it and it may be moved away at any time.
"""

import logging
import os
import stat
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from relay import jsonio
from relay.errors import AuditError
from relay.ports import Clock

MODE: Final = 0o600
MAX_WHO: Final = 64
UNKNOWN: Final = "unknown"
"""Who it was where nobody can tell: a wrong token, or who sent a signal."""

log = logging.getLogger("relay.audit")


class Action(StrEnum):
    """What can be done to a relay."""

    START = "start"
    STOP = "stop"
    RELOAD = "reload"
    RULES_RELOAD = "rules_reload"
    ACCESS = "access"
    SPOOL_STATUS = "spool_status"
    SPOOL_LIST = "spool_list"
    SPOOL_SHOW = "spool_show"
    SPOOL_RETRY = "spool_retry"
    SPOOL_PURGE = "spool_purge"
    USAGE_EXPIRE = "usage_expire"


class Via(StrEnum):
    """How it was asked for."""

    COMMAND = "command"
    HTTP = "http"
    SIGNAL = "signal"
    FOLDER = "folder"


class Outcome(StrEnum):
    """What became of it; `begun` stands in the file before anything is changed."""

    BEGUN = "begun"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line.

    Attributes:
        action: what.
        who: name of a token, or of a user of the system.
        via: how it was asked for.
        outcome: what became of it.
        scope: that it needs, over HTTP.
        count: how many it was; in a refusal of access, how many since the last line.
        missing: how many of those asked for were not there.
        number: of the dead letter that was shown.
        digest: of the rules that hold afterwards, the beginning of it.
    """

    action: Action
    who: str
    via: Via
    outcome: Outcome
    scope: str | None = None
    count: int | None = None
    missing: int | None = None
    number: int | None = None
    digest: str | None = None


class Audit:
    """Writes entries to the log, and to a file if there is one."""

    def __init__(self, path: str | None, clock: Clock) -> None:
        self._path = path
        self._clock = clock

    def note(self, entry: Entry) -> None:
        """Write an entry; return after it is on the disk. It may be called from any thread.

        Raises:
            AuditError: the file cannot be written; what was to be done must not be.
        """
        fields = {name: value for name, value in asdict(entry).items() if value is not None}
        try:
            if self._path is not None:
                _append(self._path, self._line(fields))
        except (OSError, ValueError) as error:
            log.error("audit_failed", extra={**fields, "error": type(error).__name__})  # noqa: TRY400
            raise AuditError("the audit log cannot be written") from None
        log.info("action", extra=fields)

    def try_note(self, entry: Entry) -> bool:
        """The same for what changes nothing, or is done already: it goes on without its line.

        Returns:
            Whether the line was written.
        """
        try:
            self.note(entry)
        except AuditError:
            return False
        return True

    def _line(self, fields: dict[str, Any]) -> bytes:
        time = datetime.fromtimestamp(self._clock.now(), UTC).isoformat(timespec="milliseconds")
        return jsonio.dumps({"time": time, **fields, "pid": os.getpid()}) + b"\n"


def system_user() -> str:
    """Return the name of the user that this process runs as, or its number."""
    if sys.platform == "win32":
        return UNKNOWN
    import pwd  # noqa: PLC0415 - it is not everywhere

    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"
    return "".join(c if c.isprintable() else " " for c in name[:MAX_WHO])


def _append(path: str, line: bytes) -> None:
    """Append a line as a whole, and wait for the disk.

    It begins on a line of its own, also after one that was cut off when a disk was full.

    Raises:
        OSError: that cannot be done; a link or a pipe is no file.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags, MODE)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError("no regular file")
        if status.st_size and os.pread(descriptor, 1, status.st_size - 1) != b"\n":
            line = b"\n" + line
        if os.write(descriptor, line) != len(line):
            raise OSError("only a part was written")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
