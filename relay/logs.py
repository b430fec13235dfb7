"""Logs: JSON lines, or friendly text on a terminal, that cannot carry a payload.

Law of this file: only fields of an allow-list are written. The message is a constant; arguments
are never formatted into it. Of an exception come its class and the places in the code, never its
text, locals or source lines. Of other libraries' records come logger, level and exception only, for
their texts may hold what a client sent.
"""

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from types import TracebackType
from typing import Any, Final, Literal, TextIO

from relay import jsonio
from relay.errors import RelayError

FIELDS: Final = frozenset({
    "action", "admin_host", "admin_port", "attempts", "bytes", "claimed", "component", "count",
    "digest", "dsn_host", "envelope_id", "error", "file", "host", "items", "kind", "line",
    "missing", "number", "onion", "outcome", "pid", "port", "project", "queued", "reason",
    "required",
    "retry_at", "route", "rule", "rules", "scope", "seconds", "signal", "state", "status",
    "upstream_host", "verdict", "version", "via", "who", "worker", "workers",
})  # fmt: skip
"""The extra fields that may be written. Each names something of ours or a number."""

MAX_TEXT: Final = 200
"""Longer texts in a field are cut."""

WITHHELD: Final = "(text withheld)"
MAX_FRAMES: Final = 20
MAX_CAUSES: Final = 5

Style = Literal["auto", "json", "text"]

_QUIET: Final[Mapping[str, int]] = {
    "aiohttp.access": logging.CRITICAL + 1,  # request lines hold keys and addresses
    "asyncio": logging.WARNING,
    "aiohttp": logging.WARNING,
    "python_multipart": logging.CRITICAL + 1,  # a line for each broken form, with a byte of it
}
_COLOURS: Final[Mapping[int, str]] = {
    logging.DEBUG: "2", logging.INFO: "36", logging.WARNING: "33", logging.ERROR: "31",
    logging.CRITICAL: "1;31",
}  # fmt: skip


def setup(
    stream: TextIO | None = None,
    *,
    style: Style = "auto",
    level: int = logging.INFO,
    hooks: bool = True,
) -> None:
    """Send all logging of the process to one stream; call once, at start.

    Args:
        stream: where to; standard error by default.
        style: `auto` is text on a terminal and JSON lines elsewhere.
        level: of our own loggers; others speak from WARNING.
        hooks: also reduce what Python prints for exceptions that nobody caught.
    """
    out = stream if stream is not None else sys.stderr
    terminal = out.isatty()
    formatter: logging.Formatter = JsonFormatter()
    if style == "text" or (style == "auto" and terminal):
        formatter = TextFormatter(colour=terminal and "NO_COLOR" not in os.environ)
    handler = SafeHandler(out)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("relay").setLevel(level)
    for name, floor in _QUIET.items():
        logging.getLogger(name).setLevel(floor)
    logging.captureWarnings(capture=True)
    if hooks:
        _install_hooks()


class SafeHandler(logging.StreamHandler[TextIO]):
    """A stream handler whose own failures print nothing of the record."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - its name
        """Say that a record is lost; the library's version prints message and arguments."""
        with suppress(OSError, ValueError):
            sys.stderr.write("a log record could not be written\n")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, allowed fields, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": time,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message_of(record),
            **fields_of(record),
        }
        exception = exception_of(record)
        if exception is not None:
            line["exception"] = list(describe(exception))
        return jsonio.dumps(line).decode()


class TextFormatter(logging.Formatter):
    """A line for people: local time, level, message, fields."""

    def __init__(self, *, colour: bool) -> None:
        super().__init__()
        self._colour = colour

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; the frames of an exception follow on lines of their own."""
        time = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S")
        level = self._paint(f"{record.levelname.lower():8}", _COLOURS.get(record.levelno, "0"))
        name = "" if _is_ours(record) else f"{record.name}: "
        parts = [f"{self._paint(time, '2')} {level} {name}{message_of(record)}"]
        parts += [
            f"{self._paint(key + '=', '2')}{value}" for key, value in fields_of(record).items()
        ]
        exception = exception_of(record)
        described = [] if exception is None else [f"\n    {part}" for part in describe(exception)]
        return " ".join(parts) + "".join(described)

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text


def message_of(record: logging.LogRecord) -> str:
    """Return the constant text of one of our records, without arguments; others are withheld."""
    if _is_ours(record) and type(record.msg) is str:
        return _safe_text(record.msg)
    return WITHHELD


def fields_of(record: logging.LogRecord) -> dict[str, str | int | float | bool | None]:
    """Return the allowed extra fields of one of our records, in order of name."""
    if not _is_ours(record):
        return {}
    fields: dict[str, str | int | float | bool | None] = {}
    for key in sorted(FIELDS & record.__dict__.keys()):
        value = record.__dict__[key]
        if value is None or isinstance(value, bool | int | float):
            fields[key] = value
        elif isinstance(value, str):
            fields[key] = _safe_text(str(value))
    return fields


@dataclass(frozen=True, slots=True)
class Frame:
    """One place in the code: the last two parts of the file's path, line and function."""

    file: str
    line: int
    function: str


@dataclass(frozen=True, slots=True)
class Described:
    """What may be said of an exception: its class, our own reason word, and the places it passed.

    `frames` begin with the one that caught it; the last one raised it.
    """

    module: str
    name: str
    reason: str
    frames: tuple[Frame, ...]


def describe(exception: BaseException) -> Iterator[str]:
    """Yield the class, then `file:line:function` of each frame, of each that `unfold` yields."""
    for error in unfold(exception):
        reason = f" ({error.reason})" if error.reason else ""
        yield f"{error.module}.{error.name}{reason}"
        yield from (f"{frame.file}:{frame.line}:{frame.function}" for frame in error.frames)


def unfold(exception: BaseException) -> Iterator[Described]:
    """Yield what may be said of an exception, then of its causes and members: a few of them."""
    queue: list[BaseException] = [exception]
    seen: set[int] = set()
    while queue and len(seen) < MAX_CAUSES:
        error = queue.pop(0)
        if id(error) in seen:
            continue
        seen.add(id(error))
        kind = type(error)
        reason = error.reason if isinstance(error, RelayError) else ""
        yield Described(kind.__module__, kind.__qualname__, reason, _frames(error.__traceback__))
        if isinstance(error, BaseExceptionGroup):
            queue += error.exceptions
        below = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if below is not None:
            queue.append(below)


def _frames(traceback: TracebackType | None) -> tuple[Frame, ...]:
    frames: list[Frame] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        file = "/".join(PurePath(code.co_filename).parts[-2:])
        frames.append(Frame(file, traceback.tb_lineno, code.co_name))
        traceback = traceback.tb_next
    return tuple(frames[-MAX_FRAMES:])


def exception_of(record: logging.LogRecord) -> BaseException | None:
    """Return the exception that a record is about, if it is about one."""
    return record.exc_info[1] if record.exc_info else None


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name == "relay" or record.name.startswith("relay.")


def _safe_text(text: str) -> str:
    """Cut, and keep on one line without control characters (a terminal would obey them)."""
    return "".join(c if c.isprintable() else " " for c in text[:MAX_TEXT])


def _install_hooks() -> None:
    log = logging.getLogger("relay")

    def uncaught(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        log.critical("uncaught_exception", exc_info=(kind, error, traceback))

    def in_thread(args: threading.ExceptHookArgs) -> None:
        _log_hook(log, "uncaught_exception_in_thread", args.exc_value)

    def unraisable(args: Any) -> None:
        _log_hook(log, "unraisable_exception", args.exc_value)

    sys.excepthook = uncaught
    threading.excepthook = in_thread
    set_unraisable: Callable[[Any], None] = unraisable
    sys.unraisablehook = set_unraisable


def _log_hook(log: logging.Logger, message: str, error: BaseException | None) -> None:
    if error is not None:
        log.error(message, exc_info=(type(error), error, error.__traceback__))
