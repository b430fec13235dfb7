"""The building itself: every source file has its test, permits have two doors, floors are whole."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path.relative_to(ROOT) for path in (ROOT / "relay").rglob("*.py") if path.name != "__init__.py"
)


def imported(path: Path) -> set[str]:
    """Every module that a file imports, and every name that it imports from one."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_every_source_file_has_its_test(source: Path) -> None:
    """Beside tests/unit/x/test_y.py, a test in the same folder that imports relay.x.y will do."""
    folder = ROOT / "tests" / "unit" / Path(*source.parts[1:-1])
    module = ".".join(source.with_suffix("").parts)
    package = ".".join(source.parts[:-1])
    tests = sorted(folder.glob("test_*.py"))
    named = folder / f"test_{source.stem.removeprefix('__').removesuffix('__')}.py"
    assert named in tests or any(
        module in imported(test) or (package != "relay" and package in imported(test))
        for test in tests
    )


def test_permits_have_two_doors() -> None:
    """Pipeline and usage batches grant permits; spools and the side process give them back."""
    calls: dict[str, set[str]] = {"grant": set(), "restore": set()}
    for source in SOURCES:
        for name, callers in calls.items():
            if f"relay.scrub.permit.{name}" in imported(ROOT / source):
                callers.add(source.as_posix())
    assert {"relay/pipeline.py", "relay/usage/batches.py"} == calls["grant"]
    spools = {caller for caller in calls["restore"] if caller.startswith("relay/spool/")}
    assert spools
    assert {"relay/side/work.py"} == calls["restore"] - spools


def test_nobody_imports_the_permit_module_whole() -> None:
    """`permit.grant` under another name would get past the test above."""
    whole = [s for s in SOURCES if "relay.scrub.permit" in imported(ROOT / s)]
    used = {name for s in whole for name in imported(ROOT / s) if "relay.scrub.permit." in name}
    assert {
        "relay.scrub.permit.ScrubbedEnvelope",
        "relay.scrub.permit.grant",
        "relay.scrub.permit.restore",
    } == used
    assert not any("relay.scrub" in imported(ROOT / s) for s in SOURCES)


def test_no_module_is_named_utils() -> None:
    """A module is named after what it holds."""
    vague = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert not vague & {part for source in SOURCES for part in source.with_suffix("").parts}


def test_floors_are_exhaustive() -> None:
    """A module that stands on no floor breaks the build."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = config["tool"]["importlinter"]["contracts"]
    floors = next(contract for contract in contracts if contract["type"] == "layers")
    assert floors["exhaustive"]
    assert ["__main__"] == floors["exhaustive_ignores"]
    named = {name.strip() for layer in floors["layers"] for name in layer.split("|")}
    there = {Path(source.parts[1]).stem for source in SOURCES}
    assert there - {"__main__"} == named
