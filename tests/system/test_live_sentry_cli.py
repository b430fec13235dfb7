"""The real sentry-cli sends what docs/clients.md tells people to write; the relay lies between."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.live import CLIENTS, SENTRY_CLI, End, end, planted
from tests.system.live_expectations import LIVE

pytestmark = [
    pytest.mark.system,
    pytest.mark.node,
    pytest.mark.xdist_group("live_sdks"),
    pytest.mark.skipif(not SENTRY_CLI.exists(), reason="sentry-cli is not here"),
]


def send(of: End, folder: Path, prefix: str) -> None:
    """Run the page's lines; the envelope file holds an event and a log, full of what is planted."""
    text = str(planted()["all"])
    event = json.dumps({"event_id": "c" * 32, "message": text, "platform": "other"})
    lines = [
        json.dumps({"event_id": "c" * 32}),
        '{"type":"event"}',
        event,
        json.dumps({"type": "attachment", "filename": "a.log", "length": len(text.encode())}),
        text,
    ]
    (folder / "envelope.bin").write_text("\n".join(lines) + "\n")
    program = of.here((CLIENTS / "sentry_cli.sh").read_text()).replace("consented/", prefix)
    path = f"{SENTRY_CLI.parent}:{os.environ['PATH']}"
    subprocess.run(
        ["bash", "-c", program],
        cwd=folder,
        env={**os.environ, "PATH": path, "PLANTED": text},
        capture_output=True,
        check=False,
        timeout=60,
    )


@pytest.fixture(scope="module")
def agreed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[End]:
    folder = tmp_path_factory.mktemp("cli")
    with end(folder / "relay") as made:
        send(made, folder, "consented/")
        yield made


def test_every_kind_arrives(agreed: End) -> None:
    """The kinds, and what became of each, are the ones that the table of live clients holds."""
    assert LIVE["sentry-cli 3"] == agreed.outcomes()
    assert LIVE["sentry-cli 3"].keys() == {item.kind for item in agreed.items()}


def test_nothing_planted_is_anywhere(agreed: End) -> None:
    """Not in what arrived, not in the spool, the output or the metrics."""
    assert [] == agreed.leaks()


def test_without_consent_nothing_arrives(tmp_path: Path) -> None:
    """With a DSN that says nothing all is refused."""
    with end(tmp_path / "relay") as made:
        send(made, tmp_path, "")
        assert [] == made.items()
        assert "dropped: consent_missing" == made.outcomes()["event"]
