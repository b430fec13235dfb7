"""System tests stand outside of the program."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
FAKES = {"MiniSentry", "Answer", "Received"}
"""What they take from tests/fakes.py: the other Sentry, which is no part of the program."""


def _imports(file: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


@pytest.mark.parametrize(
    "file",
    [file for file in FOLDER.rglob("*.py") if "node_modules" not in file.parts],
    ids=lambda file: file.name,
)
def test_system_tests_import_nothing_of_the_relay(file: Path) -> None:
    """They know its command line, ports, files and output, and would hold for any other program."""
    own = [name for name, _ in _imports(file) if name.partition(".")[0] == "relay"]
    fakes = {what for name, what in _imports(file) if name == "tests.fakes"}
    assert ([], set()) == (own, fakes - FAKES)
