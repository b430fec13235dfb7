"""The playground of a running relay in a real Chromium, and what was seen there.

`python -m tests.system.playground FOLDER` takes the pictures of it.
"""

import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.system.live import BROWSER, CHROMIUM, NODE, has_package
from tests.system.running import (
    AUTH,
    ENVELOPE,
    Client,
    Relay,
    envelope,
    event,
    project,
    running,
)

NEEDED = ("playwright-core", "axe-core")
HERE = CHROMIUM is not None and all(map(has_package, NEEDED))
TOKEN = "a-token-for-the-playground-7716"
CANARY = "canary-7716-of-the-playground"
"""Looks like nothing that a rule finds: it would be wherever what was typed is kept."""


@contextmanager
def relay_with_playground(folder: Path, **config: Any) -> Iterator[Relay]:
    """Run a relay whose admin port wants a token, and notes what it can."""
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    tokens = [{"name": "dev", "sha256": digest, "scopes": ["playground", "metrics"]}]
    whole = {
        "projects": [project("http://" + "a" * 32 + "@127.0.0.1:9/1")],
        "admin": {"port": 0, "tokens": tokens, "open": ["metrics"], "audit": "audit.log"},
        **config,
    }
    with running(folder, whole) as relay:
        yield relay


def visit(relay: Relay, pictures: str = "", script: str = "playground.mjs") -> dict[str, Any]:
    """Use a page as a person would, by a script of `browser/`; return what was seen."""
    setup = {
        "chromium": CHROMIUM,
        "modules": str(NODE),
        "base": f"http://127.0.0.1:{relay.admin_port}",
        "token": TOKEN,
        "canary": CANARY,
        "pictures": pictures,
    }
    done = subprocess.run(
        ["node", str(BROWSER / script)],
        env={**os.environ, "SETUP": json.dumps(setup)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def main(folder: str) -> None:
    """Take the pictures: of the playground, and of the overview of a relay that had some days."""
    pictures = str(Path(folder).resolve())
    with (
        tempfile.TemporaryDirectory() as where,
        relay_with_playground(Path(where) / "relay") as relay,
    ):
        trouble = visit(relay, pictures)["trouble"]
    with tempfile.TemporaryDirectory() as where:
        config = {
            "listen": {"port": 0, "workers": 2},
            "projects": [project(f"file:{where}/inbox")],
        }
        with running(Path(where) / "relay", config) as relay:
            _send_some(relay)
            trouble += visit(relay, pictures, "overview.mjs")["trouble"]
    assert not trouble, trouble


def _send_some(relay: Relay) -> None:
    """Send reports over a minute, more and less, with and without consent."""
    client = Client(relay.port)
    chance = random.Random(7)
    number = 0
    for _ in range(60):
        for _ in range(chance.randrange(12)):
            number += 1
            message = (
                f"open /home/jane/w.dat from 203.0.113.{chance.randrange(9)} by jane@example.org"
            )
            tags = {"allowReport": chance.random() < 0.8}
            one = envelope(event(number, message=message, tags=tags))
            client.send("POST", ENVELOPE, [("X-Sentry-Auth", AUTH)], one)
        time.sleep(1)
    client.close()


if __name__ == "__main__":
    main(sys.argv[1])
