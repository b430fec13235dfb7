"""A relay for each live client, and what came out of it.

Law of this file: an item is counted where it arrives, by a reader that is not the relay's; what was
dropped is read from the relay's metrics.
"""

import json
import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.system.captured import SAMPLES, Item, read_items
from tests.system.planted import Leak
from tests.system.planted import load as load_needles
from tests.system.running import Relay, Sentry, project, running, sentry_in_thread, until

HERE = Path(__file__).parent
NODE = HERE / "node"
MODULES = NODE / "node_modules"
CLIENTS = HERE / "clients"
BROWSER = HERE / "browser"
OLD_SDK = CLIENTS / ".sentry-sdk-1"
SENTRY_CLI = MODULES / ".bin" / "sentry-cli"
ID = "1"
PUBLIC_KEY = "0" * 32
VALUES: dict[str, str] = json.loads((SAMPLES / "planted.json").read_text())
BY_PLACE = ("label", "instanceId", "user")
"""Values that have no form of their own: only the place where apps put them tells what they are."""
CHROMIUM = shutil.which("chromium")


def planted() -> dict[str, Any]:
    """What an app plants: `values` by name, and `all` that can be told by their form, in a text."""
    texts = [value for name, value in VALUES.items() if name not in BY_PLACE]
    return {"values": VALUES, "all": " ".join([*texts, f"/home/{VALUES['user']}/suite.log"])}


def has_package(name: str) -> bool:
    """Whether node and one of the packages of `make node` are here."""
    return shutil.which("node") is not None and (MODULES / name / "package.json").is_file()


@dataclass
class End:
    """A relay with the small Sentry behind it; it is looked at once its clients are done."""

    relay: Relay
    sentry: Sentry
    _settled: bool = False

    def dsn(self, prefix: str = "consented/") -> str:
        """The DSN that a client has; with no prefix it says nothing about consent."""
        return f"http://{PUBLIC_KEY}@127.0.0.1:{self.relay.port}/{prefix}{ID}"

    def here(self, text: str) -> str:
        """What a page tells people to write, with this relay's port."""
        assert ":3000/" in text
        return text.replace(":3000/", f":{self.relay.port}/")

    def items(self) -> list[Item]:
        """All items that arrived, once the spool is empty."""
        self.settle()
        return [item for body in self.sentry.mini.delivered for item in read_items(body)]

    def settle(self, quiet: float = 0.5) -> None:
        """Return when the relay has heard nothing for a while, and all has gone on."""
        if self._settled:
            return
        seen: list[Counter[tuple[str, ...]]] = []

        def still() -> bool:
            seen.append(self.relay.count("relay_envelopes_total"))
            time.sleep(quiet)
            return seen[-1] == self.relay.count("relay_envelopes_total")

        until(still, "the client to be quiet")
        self.relay.drain()
        self._settled = True

    def outcomes(self) -> dict[str, str]:
        """What became of each kind: `scrubbed`, or `dropped: ` and the reason.

        Client reports are left out: whether an SDK sends one depends on when it is stopped.
        """
        self.settle()
        found: dict[str, set[str]] = {}
        for (kind, reason), count in self.relay.count("relay_items_total").items():
            if count and kind != "client_report":
                word = "scrubbed" if reason == "accepted" else f"dropped: {reason}"
                found.setdefault(kind, set()).add(word)
        return {kind: ", ".join(sorted(words)) for kind, words in sorted(found.items())}

    def leaks(self) -> list[Leak]:
        """Planted values in what arrived, in the spool, in the output and in the metrics."""
        self.settle()
        needles = load_needles(SAMPLES)
        arrived = [(r.path + json.dumps(r.headers)).encode() for r in self.sentry.mini.received]
        texts = [*arrived, *self.sentry.mini.delivered, *(item.text for item in self.items())]
        found = [leak for text in texts for leak in needles.find("upstream", text)]
        found += needles.find("/metrics", self.relay.metrics().encode())
        return found + needles.find_in_folder(self.relay.folder)


@contextmanager
def end(folder: Path, **config: Any) -> Iterator[End]:
    """Run a relay, and the small Sentry behind it, inside a `with`."""
    with sentry_in_thread() as sentry:
        projects = [project(sentry.dsn(ID), id=ID, key=PUBLIC_KEY)]
        with running(folder, {"projects": projects, **config}) as relay:
            yield End(relay, sentry)


def run(command: list[str], setup: Mapping[str, Any], **environment: str) -> None:
    """Run a small app to its end; it has to end well."""
    done = subprocess.run(
        command,
        env={**os.environ, **environment, "SETUP": json.dumps({**planted(), **setup})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (0, "flushed") == (done.returncode, done.stdout.strip()[-7:]), done.stderr
