"""The section of docs/rules.md about `relay rules explain`: its commands print what it shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from relay.workbench.reasons import MEANINGS, Cause
from tests.docs.pages import ROOT, pages

SECTION = "\n## Why was this redacted"


def section() -> str:
    page = pages()["docs/rules.md"]
    return page[page.index(SECTION) :].split("\n## ")[1]


def test_every_cause_is_on_the_page() -> None:
    """All rows of the table, in the same order, and none more."""
    text = section()
    table = text[text.index("\n| --- |") :].split("\n\n")[0].splitlines()[2:]
    assert [f"| `{cause}` | {MEANINGS[cause]} |" for cause in Cause] == table


@pytest.mark.system
def test_the_commands(tmp_path: Path) -> None:
    """Each block of commands, in order, prints the block below it."""
    blocks = re.findall(r"```sh\n(.*?)```\n+```text\n(.*?)```", section(), re.DOTALL)
    assert 2 == len(blocks)
    (tmp_path / "rules").symlink_to(ROOT / "rules")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for commands, shown in blocks:
        done = subprocess.run(
            ["bash", "-ec", commands.replace(".venv/bin/relay", "relay")],
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (0, "") == (done.returncode, done.stderr)
        assert [line.rstrip() for line in shown.splitlines()] == [
            line.rstrip() for line in done.stdout.splitlines()
        ]
