"""The register of targets: a name, and where it stands. Nothing is loaded before it is asked for.

Law of this file: a new target is one line in `_MODULES` and one weight; all drivers know it then.
"""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tests.fuzz.target import Target

FOUND: Final = Path(__file__).parents[1] / "found"
"""What was found once, by target: `found/<target>/<name>`, run by `make test` for ever after."""

_MODULES: Final[Mapping[str, tuple[str, int]]] = {
    # name: its module, and its share of the time
    "envelope": ("envelope", 12),
    "request": ("request", 6),
    "http": ("http", 2),
    "json": ("documents", 3),
    "yaml": ("rule_files", 2),
    "rules": ("rule_files", 4),
    "selectors": ("rule_files", 2),
    "import": ("sentry_import", 3),
    "config": ("configuration", 4),
    "minidump": ("minidump", 5),
    "recording": ("recording", 5),
    "multipart": ("forms", 3),
    "crash": ("forms", 4),
    "form_event": ("forms", 3),
    "body": ("bodies", 3),
    "store": ("bodies", 2),
    "check_in": ("bodies", 1),
    "reports": ("bodies", 1),
    "dsn": ("headers", 1),
    "auth": ("headers", 2),
    "rate_limits": ("headers", 2),
    "detectors": ("detectors", 5),
    "spool": ("spool", 4),
    "letters": ("letters", 1),
    "usage": ("usage", 6),
    "usage_list": ("usage", 3),
}

OUTSIDE: Final = frozenset({"http"})
"""Targets of which the relay is another process: no coverage can guide them, only chance."""


def names() -> tuple[str, ...]:
    """Return the names of all targets that are there."""
    return tuple(name for name, (module, _) in _MODULES.items() if _is_there(module))


def load(name: str) -> Target:
    """Return one target.

    Raises:
        KeyError: there is none of that name.
    """
    module = import_module(f"{__name__}.{_MODULES[name][0]}")
    targets: tuple[Target, ...] = module.TARGETS
    return {target.name: target for target in targets}[name]


def weight(name: str) -> int:
    """Return its share of the time: what strangers reach, and what is complicated, has more."""
    return _MODULES[name][1]


def found(name: str) -> tuple[Path, ...]:
    """Return the files of what was found once."""
    return tuple(sorted(path for path in (FOUND / name).glob("*") if path.is_file()))


def _is_there(module: str) -> bool:
    return find_spec(f"{__name__}.{module}") is not None
