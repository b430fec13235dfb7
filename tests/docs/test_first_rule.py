"""The guide to the first rule, followed as it is written: each command, in order, in one shell."""

import contextlib
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, pages

pytestmark = [pytest.mark.system]

BIN = Path(sys.executable).parent
PAGE = "docs/first-rule.md"
MARK = "=== block"
DEADLINE = 300
"""Seconds for a page, on a machine that does much else."""


@dataclass
class Step:
    """A block of commands, the files that were to be saved before it, and what it prints."""

    commands: str
    files: dict[str, str] = field(default_factory=dict)
    shown: str = ""


def steps(page: str) -> list[Step]:
    """The page as somebody reads it, from top to bottom."""
    found: list[Step] = []
    files: dict[str, str] = {}
    text = pages()[page]
    for match in re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        language, block = match.groups()
        match language:
            case "sh":
                found.append(Step(block, files))
                files = {}
            case "text":
                found[-1].shown += block
            case _:
                before = text[: match.start()]
                names = re.findall(r"save [\w ]*as\s`([\w.-]+)`", before, re.IGNORECASE)
                files[names[-1]] = block
    return found


def free_ports() -> Iterator[int]:
    """Free ports below those that the system gives to whoever asks for any."""
    for port in range(20_000 + os.getpid() % 10_000, 32_000):
        with socket.socket() as tried, contextlib.suppress(OSError):
            tried.bind(("127.0.0.1", port))
            yield port


def follow(page: str, folder: Path) -> list[tuple[str, str]]:
    """Run every command of a page in one shell; return of each block what is shown and printed."""
    ingest, admin = islice(free_ports(), 2)
    done = steps(page)
    script = ["trap 'kill $(jobs -p) 2>/dev/null' EXIT"]
    for step in done:
        for name, text in step.files.items():
            script.append(f"cat > {name} <<'END-OF-FILE'\n{text}END-OF-FILE")
        script.append(step.commands.replace(":3000", f":{ingest}").replace(":3001", f":{admin}"))
        script.append(f"echo '{MARK}'")
    environment = {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "HOME": str(folder),
        "RELAY_LISTEN__PORT": str(ingest),
        "RELAY_ADMIN__PORT": str(admin),
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_{what}": "a@example.com" for who in ("AUTHOR", "COMMITTER")
           for what in ("NAME", "EMAIL")},
    }  # fmt: skip
    ran = subprocess.run(
        ["timeout", str(DEADLINE), "bash"],
        input="\n".join(script).replace(".venv/bin/relay", "relay"),
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    printed = ran.stdout.split(f"{MARK}\n")
    log = folder / "relay.log"
    # A loop that waits for ever ends with what was printed until then.
    assert "" == printed.pop(), log.read_text() if log.exists() else ""
    return [(step.shown, text) for step, text in zip(done, printed, strict=True)]


def empty_folder(tmp_path: Path) -> Path:
    """An empty folder, beside what a checkout has, but of its rules only some: all take long."""
    for name in ("network/ip-address", "people/card-number", "people/email"):
        file = tmp_path / "scrub-relay" / "rules" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes((ROOT / "rules" / f"{name}.yaml").read_bytes())
    empty = tmp_path / "work"
    empty.mkdir()
    return empty


def test_the_guide(tmp_path: Path) -> None:
    """Whoever follows the guide sees what it shows, to the end."""
    folder = empty_folder(tmp_path)
    followed = follow(PAGE, folder)
    assert 10 <= len(followed)
    assert [shown for shown, _ in followed] == [printed for _, printed in followed]
    rule = (folder / "our-rules" / "billing" / "invoice.yaml").read_text()
    assert "status: enforce" in rule
    assert not (folder / "event.json").exists()
