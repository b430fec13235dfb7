"""Sizes and durations as people write them, read strictly.

Law of this file: a number with a unit, nothing else; a bare number is refused, for its unit would
be a guess.
"""

import re
from typing import Final

SIZE_UNITS: Final = {
    "B": 1, "kB": 1000, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "TB": 1000**4,
    "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "TiB": 1024**4,
}  # fmt: skip
DURATION_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}

SIZE: Final = r"([0-9]{1,12})\s?([A-Za-z]{1,3})"
DURATION: Final = r"([0-9]{1,9})\s?(ms|s|m|h|d)"

MAX_SIZE: Final = 2**53
MAX_DURATION: Final = 3650 * 86_400.0


def parse_size(text: str) -> int:
    """Return bytes for `500MB` or `1GiB`; kB, MB are powers of 1000, KiB, MiB of 1024.

    Raises:
        ValueError: not a size; the message says what one looks like.
    """
    found = re.fullmatch(SIZE, text, re.ASCII)
    if found is None or found[2] not in SIZE_UNITS:
        raise ValueError("must be a size such as 500MB or 1GiB")
    size = int(found[1]) * SIZE_UNITS[found[2]]
    if size > MAX_SIZE:
        raise ValueError("is too large a size")
    return size


def parse_duration(text: str) -> float:
    """Return seconds for `250ms`, `30s`, `10m`, `24h` or `90d`.

    Raises:
        ValueError: not a duration; the message says what one looks like.
    """
    found = re.fullmatch(DURATION, text, re.ASCII)
    if found is None:
        raise ValueError("must be a duration such as 30s, 10m, 24h or 90d")
    seconds = int(found[1]) * DURATION_UNITS[found[2]]
    if seconds > MAX_DURATION:
        raise ValueError("is too long a duration")
    return seconds


def format_size(size: int) -> str:
    """Return the shortest exact text that `parse_size` reads back."""
    exact = [(size // n, unit) for unit, n in SIZE_UNITS.items() if size % n == 0 and unit != "KB"]
    number, unit = min(exact, key=lambda pair: (len(str(pair[0])), len(pair[1])))
    return f"{number}{unit}"


def format_duration(seconds: float) -> str:
    """Return the shortest exact text that `parse_duration` reads back."""
    milliseconds = round(seconds * 1000)
    units = {unit: round(n * 1000) for unit, n in DURATION_UNITS.items()}
    exact = [(milliseconds // n, unit) for unit, n in units.items() if milliseconds % n == 0]
    number, unit = min(exact, key=lambda pair: (len(str(pair[0])), -units[pair[1]]))
    return f"{number}{unit}"
