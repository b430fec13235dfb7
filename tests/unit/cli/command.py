"""A command that is run in a folder with a configuration."""

import json
from pathlib import Path
from typing import Any

import pytest

from relay.cli.main import main


class Command:
    """Runs one command with the relay.yaml of a folder."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> None:
        self._words = words
        self._config = str(folder / "relay.yaml")
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """Return the exit status, and what was written to both outputs."""
        try:
            status = main([*self._words, *arguments, "--config", self._config])
        except SystemExit as end:
            status = int(end.code or 0)
        return status, *self._capsys.readouterr()

    def json(self, *arguments: str) -> Any:
        """Return the answer for scripts of a command that must succeed."""
        status, out, _ = self(*arguments, "--json")
        assert 0 == status
        return json.loads(out)
