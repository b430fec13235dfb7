"""The skeleton of an event: the little that is forwarded where consent is missing (`minimal`).

Law of this file: nothing is copied, everything is admitted, each value by a shape that cannot hold
personal data. A value that does not have its shape is left out. The normal scrubber runs after it.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from relay.protocol.ids import is_hex32
from relay.scrub.plain_names import is_plain_file, is_plain_name, is_plain_release

_LEVELS: Final = frozenset({"fatal", "error", "warning", "info", "debug"})
_PLATFORMS: Final = frozenset(
    {
        "as3", "c", "cfml", "cocoa", "csharp", "dart", "elixir", "go", "groovy", "haskell", "java",
        "javascript", "kotlin", "native", "node", "objc", "other", "perl", "php", "python", "ruby",
        "rust", "swift",
    }
)  # fmt: skip
_TYPES: Final = frozenset({"default", "error"})
_DIGITS: Final = frozenset("0123456789")
_ANONYMOUS: Final = "<anonymous>"

MAX_EXCEPTIONS: Final = 16
"""Exceptions that are kept, from the last one, which Sentry shows first."""

MAX_FRAMES: Final = 256
"""Frames of a stack trace that are kept, from the last one, where it happened."""

_MAX_LINE: Final = 9_999_999
_FIRST_SECOND: Final = 1_000_000_000  # September 2001
_LAST_SECOND: Final = 9_999_999_999  # the year 2286


def skeleton(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of an event cannot hold personal data.

    That is: event_id, timestamp, type, level, platform, release; of each exception its type; of
    each of its frames function, line and the base name of the file.

    Args:
        event: a parsed error event. It is not changed.
    """
    admitted: dict[str, Callable[[Any], Any]] = {
        "event_id": _event_id,
        "timestamp": _timestamp,
        "type": lambda value: _one_of(value, _TYPES),
        "level": lambda value: _one_of(value, _LEVELS),
        "platform": lambda value: _one_of(value, _PLATFORMS),
        "release": lambda value: _text_if(value, is_plain_release),
        "exception": _exceptions,
    }
    return _admit(event, admitted)


def _admit(source: Mapping[str, Any], shapes: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    """Take each named value through its shape; None means that it is left out."""
    found = {name: shape(source.get(name)) for name, shape in shapes.items()}
    return {name: value for name, value in found.items() if value is not None}


def _one_of(value: Any, words: frozenset[str]) -> str | None:
    return value if isinstance(value, str) and value in words else None


def _text_if(value: Any, shape: Callable[[str], bool]) -> str | None:
    return value if isinstance(value, str) and shape(value) else None


def _event_id(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    digits = value.replace("-", "").lower()
    return digits if is_hex32(digits) else None


def _timestamp(value: Any) -> float | str | None:
    """Seconds since the epoch as a number, or an RFC 3339 time as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value if _FIRST_SECOND <= value <= _LAST_SECOND else None
    if not isinstance(value, str) or not 19 <= len(value) <= 35:
        return None
    # The offset can only be UTC (another one says where somebody lives), the fraction is short.
    shape = "".join("0" if c in _DIGITS else c for c in value[:19])
    offset = value[19:].removeprefix(".").lstrip("0123456789")
    fraction = len(value) - 19 - len(offset)
    plain = shape == "0000-00-00T00:00:00" and offset in {"", "Z", "+00:00"} and fraction <= 10
    return value if plain else None


def _exceptions(value: Any) -> dict[str, Any] | None:
    """Sentry takes `{"values": […]}`, a bare list, and a single exception."""
    if isinstance(value, Mapping):
        value = value.get("values", [value])
    if not isinstance(value, list):
        return None
    shapes = {"type": lambda text: _text_if(text, is_plain_name), "stacktrace": _stacktrace}
    kept = [_admit(one, shapes) for one in value[-MAX_EXCEPTIONS:] if isinstance(one, Mapping)]
    return {"values": kept} if kept else None


def _stacktrace(value: Any) -> dict[str, Any] | None:
    frames = value.get("frames") if isinstance(value, Mapping) else None
    if not isinstance(frames, list):
        return None
    shapes = {
        "function": lambda text: _text_if(text, is_plain_name),
        "lineno": _line,
        "filename": _base_name,
    }
    kept = [_admit(one, shapes) for one in frames[-MAX_FRAMES:] if isinstance(one, Mapping)]
    # A frame with none of it still holds its place: it says how deep the others are.
    return {"frames": kept} if kept else None


def _line(value: Any) -> int | None:
    return value if type(value) is int and 0 < value <= _MAX_LINE else None


def _base_name(value: Any) -> str | None:
    """The last part of a path or URL, without query and fragment."""
    if not isinstance(value, str):
        return None
    if value == _ANONYMOUS:
        return value
    try:
        path = urlsplit(value.replace("\\", "/")).path
    except ValueError:
        return None
    name = path.rpartition("/")[2]
    return name if is_plain_file(name) else None
