"""Which tests try which module, and which modules belong together."""

from pathlib import Path

_PROTOCOL = "relay/protocol"

GROUPS: dict[str, tuple[str, ...]] = {
    "consent": ("relay/consent.py", "relay/evidence.py"),
    "codec": tuple(
        f"{_PROTOCOL}/{name}.py"
        for name in (
            "auth",
            "body",
            "check_ins",
            "client_report",
            "dsn",
            "envelope",
            "form_event",
            "ids",
            "item_kinds",
            "limits",
            "minidump",
            "multipart",
            "reports",
            "store",
            "tags",
        )
    ),
    "delivery": (
        "relay/delivery.py",
        "relay/forwarder.py",
        "relay/limit_memory.py",
        "relay/limit_sharing.py",
        "relay/losses.py",
        "relay/outlets.py",
        f"{_PROTOCOL}/enforcement.py",
        f"{_PROTOCOL}/quantities.py",
        f"{_PROTOCOL}/rate_limits.py",
        "relay/reporting.py",
        "relay/settling.py",
        "relay/sinks.py",
        "relay/upstream.py",
    ),
    "scrub": ("relay/pipeline.py", "relay/scrub/"),
}
"""Names for MODULES. A folder stands for every module in it."""

_SCRUB = "tests/unit/scrub"

WIDE: tuple[str, ...] = (
    _SCRUB,
    "tests/unit/test_pipeline.py",
    "tests/unit/test_intake.py",
    "tests/unit/rules",
    "tests/unit/workbench",
    "tests/unit/detectors/test_extended_keys.py",
    "tests/unit/cli/test_scrub.py",
    "tests/mutation/wide_examples.py",
    "tests/rules",
    "tests/property/test_scrub.py",
    "tests/property/test_recording.py",
    "tests/property/test_minidump.py",
    "tests/property/test_process.py",
    "tests/fuzz/test_core.py",
    "tests/precision",
    "tests/recall",
)
"""What tries the survivors of the scrubber again: the tests of the default run that scrub in their
own process. Those that start a relay are left out: system, conformance, canaries, promises."""

MORE: dict[str, tuple[str, ...]] = {
    "relay/consent.py": (
        "tests/unit/test_pipeline.py",
        "tests/unit/config/test_loading.py",
        "tests/property/test_process.py",
    ),
    "relay/evidence.py": ("tests/unit/test_pipeline.py", "tests/property/test_process.py"),
    "relay/pipeline.py": ("tests/property/test_process.py", "tests/unit/test_intake.py"),
    "relay/protocol/auth.py": ("tests/unit/protocol/test_credentials.py",),
    "relay/protocol/envelope.py": ("tests/unit/protocol/test_envelope_codec.py",),
    "relay/protocol/limits.py": ("tests/unit/protocol/test_envelope_codec.py",),
    "relay/protocol/enforcement.py": ("tests/unit/test_limit_memory.py",),
    "relay/protocol/rate_limits.py": (
        "tests/unit/test_delivery.py",
        "tests/unit/protocol/test_enforcement.py",
        "tests/unit/test_limit_memory.py",
    ),
    "relay/limit_memory.py": ("tests/unit/test_limit_sharing.py",),
    **dict.fromkeys(
        (f"relay/scrub/{name}.py" for name in ("budget", "cuts", "hits", "results", "walked")),
        (f"{_SCRUB}/test_scrubber.py", f"{_SCRUB}/test_walk.py"),
    ),
    "relay/scrub/code_brackets.py": (f"{_SCRUB}/test_source_code.py",),
    "relay/scrub/code_lines.py": (f"{_SCRUB}/test_source_code.py",),
    "relay/upstream.py": (
        "tests/contract/test_upstream.py",
        "tests/unit/test_upstream_answers.py",
        "tests/unit/test_upstream_connections.py",
    ),
    "relay/sinks.py": ("tests/contract/test_upstream.py",),
    "relay/losses.py": ("tests/unit/test_reporting.py",),
    "relay/settling.py": ("tests/unit/test_forwarder.py",),
    "relay/outlets.py": ("tests/unit/test_forwarder.py",),
}
"""Tests beyond the module's own (`tests/unit/…/test_<name>.py`)."""


def modules_of(words: list[str], root: Path) -> list[str]:
    """The modules that groups, files and folders name, each once, in order."""
    found: dict[str, None] = {}
    for word in words:
        for name in GROUPS.get(word, (word,)):
            path = root / name
            if path.is_dir():
                files = sorted(path.rglob("*.py"))
                found |= dict.fromkeys(file.relative_to(root).as_posix() for file in files)
            elif path.is_file():
                found[path.relative_to(root).as_posix()] = None
            else:
                raise SystemExit(f"no such module or group: {word}")
    return list(found)


def trials_of(module: str, root: Path) -> list[str]:
    """The tests that try a module: its own first, then what is named for it."""
    path = Path(module)
    own = Path("tests/unit", *path.parts[1:-1], f"test_{path.stem}.py").as_posix()
    more = MORE.get(module, ())
    if (root / own).is_file():
        return [own, *more]
    folder = Path(own).parent.as_posix()
    if is_wide(module) and folder != _SCRUB and (root / folder).is_dir():
        return [folder, *more]
    return list(more)


def is_wide(module: str) -> bool:
    """Tell whether survivors of the module are tried again with all tests in WIDE."""
    return module == "relay/pipeline.py" or module.startswith("relay/scrub/")
