"""Rules that tell which set they are of, and a relay that takes them up.

Two rules write a marker each into the same event; both have the number of their set in it, so an
event that was scrubbed with parts of two sets shows that.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.system.running import Client, Relay, Reply, Sentry, project, until

TOKEN = "reloading-token-of-the-tests"
TEXT = "at alpha-word and beta-word"
JSON = ("Content-Type", "application/json")
BEARER = ("Authorization", f"Bearer {TOKEN}")


def rule(name: str, number: int, *, wrong: bool = False) -> str:
    """A rule that writes a marker with the number of its set; with a wrong example if so."""
    marker = f"[{name}-{number}]"
    kept = f"{name}-word" if wrong else f"{name}-wo"
    return "\n".join(
        [
            f"id: t/{name[0]}",
            "description: d",
            "why: w",
            f"match: {{pattern: '{name}-word'}}",
            f"redact: {{method: replace, text: '{marker}'}}",
            "examples:",
            "  scrubs:",
            f"    - {{in: 'x {name}-word', out: 'x {marker}'}}",
            f"    - {{in: '{name}-word', out: '{marker}'}}",
            "  leaves:",
            f"    - '{name}'",
            f"    - '{kept}'",
        ]
    )


class Rules:
    """A link to a folder of rules, which is exchanged in one step."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "now"
        self._folder = folder
        self._count = 0
        folder.mkdir(parents=True)

    def put(self, number: int, *, wrong: bool = False) -> None:
        """Put the set of a number in the place of the one before."""
        self._count += 1
        new = self._folder / str(self._count)
        new.mkdir()
        for name in ("alpha", "beta"):
            text = rule(name, number, wrong=wrong and name == "beta")
            (new / f"{name}.yaml").write_text(text)
        link = self._folder / "next"
        link.symlink_to(new.name)
        link.replace(self.path)


class House:
    """A relay, its rules, and the server behind it."""

    def __init__(self, folder: Path, sentry: Sentry, workers: int, every: str) -> None:
        self.sentry = sentry
        self.workers = workers
        self.rules = Rules(folder / "rules")
        self.rules.put(1)
        self.relay = Relay(
            folder / "relay",
            {
                "listen": {"port": 0, "workers": workers},
                "admin": {
                    "port": 0,
                    "open": ["metrics"],
                    "tokens": [
                        {
                            "name": "ops",
                            "sha256": hashlib.sha256(TOKEN.encode()).hexdigest(),
                            "scopes": ["rules", "playground"],
                        }
                    ],
                },
                "projects": [project(sentry.dsn())],
                "rules": [str(self.rules.path)],
                "reload": {"every": every},
            },
        )

    def ask(self, method: str, path: str, port: int = 0) -> Reply:
        """Ask the admin port, or another."""
        client = Client(port or self.relay.admin_port)
        try:
            body = b"{}" if method == "POST" else b""
            return client.send(method, path, [JSON, BEARER], body)
        finally:
            client.close()

    def standing(self) -> dict[str, Any]:
        """What the admin port says of the rules."""
        told: dict[str, Any] = self.ask("GET", "/rules").json()
        return told

    def reload(self) -> Reply:
        """Ask for the rules to be taken up, and wait until they are."""
        return self.ask("POST", "/rules/reload")

    def numbers(self, event: str) -> set[str]:
        """The numbers of the sets that an event was scrubbed with, by its markers."""
        return set(markers(json.dumps(self.sentry.arrival(event))))

    def until_state(self, state: str, generation: int) -> dict[str, Any]:
        """Return what is said of the rules when they stand so, for all workers."""

        def seen() -> dict[str, Any] | None:
            told = self.standing()
            everywhere = {worker["generation"] for worker in told["workers"]} == {generation}
            return told if everywhere and told["state"] == state else None

        found = until(seen, f"rules that are {state}, of the number {generation}")
        assert found is not None
        return found


def markers(text: str) -> list[str]:
    """The numbers in all markers of a text."""
    return re.findall(r"\[(?:alpha|beta)-(\d+)\]", text)


@contextmanager
def house(folder: Path, sentry: Sentry, workers: int, every: str = "0s") -> Iterator[House]:
    """Run a relay with rules that can be exchanged."""
    made = House(folder, sentry, workers, every)
    with made.relay.running():
        yield made
