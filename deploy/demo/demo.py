"""The demo: an app crashes twice, without and with the user's consent, behind a relay of its own.

It runs on free ports of the loopback, in a temporary folder, and leaves nothing behind.
"""

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import view
from app import PLANTED, report_crash

from relay import jsonio

KEY = "0" * 32
PATIENCE = 60.0
"""Seconds to wait for the relay to start, and for the event to arrive."""

PORTS = re.compile(r"DSN for your app +(\S+)|metrics and health +(\S+)")


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; returns the exit status."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--svg", metavar="FILE", help="also draw what the terminal shows")
    options = parser.parse_args(arguments)
    console = view.make_console(record=options.svg is not None)
    with tempfile.TemporaryDirectory(prefix="scrub-relay-demo-") as name:
        status = run(console, Path(name))
    if options.svg and status == 0:
        Path(options.svg).write_text(view.drawn(console), "utf-8")
    return status


def run(console: Any, folder: Path) -> int:
    """Send both reports, show what became of them; returns the exit status."""
    log = folder / "relay.log"
    with started(folder, log) as urls:
        if urls is None:
            print("the relay did not start:", log.read_text("utf-8"), file=sys.stderr)
            return 1
        dsn, admin = urls
        _, refused = report_crash(dsn, agreed=False)
        sent, taken = report_crash(dsn, agreed=True)
        arrived = wait_for_event(folder / "inbox")
        counted = counters(admin)
    if arrived is None or not refused or not taken:
        print("nothing arrived", file=sys.stderr)
        return 1
    view.show_refused(console, refused[0])
    view.show_cleaned(console, taken[0][0], sent, arrived)
    left = leaks(folder)
    view.show_proof(console, counted, files=len(files(folder)), values=len(PLANTED), leaks=left)
    fine = refused[0][0] == 403 and taken[0][0] == 200 and not left
    return 0 if fine else 1


@contextlib.contextmanager
def started(folder: Path, log: Path) -> Iterator[tuple[str, str] | None]:
    """Run a relay in the folder; gives its DSN and the URL of its admin port, None if it fails."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RELAY_")}
    # Port 0 takes a free one; what was taken stands in the relay's greeting.
    environment |= {"RELAY_LISTEN__PORT": "0", "RELAY_ADMIN__PORT": "0"}
    with log.open("wb") as output:
        relay = subprocess.Popen(
            [sys.executable, "-m", "relay", "serve"],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        with view.waiting("starting a relay; it checks all its rules first"):
            urls = wait_for_greeting(log, relay)
        yield urls
    finally:
        relay.terminate()
        relay.wait()


def wait_for_greeting(log: Path, relay: "subprocess.Popen[bytes]") -> tuple[str, str] | None:
    """Return the URLs that the relay says it serves, once it is ready."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and relay.poll() is None:
        found = PORTS.findall(log.read_text("utf-8"))
        if len(found) == 2:
            return found[0][0], found[1][1].rstrip("/")
        time.sleep(0.05)
    return None


def wait_for_event(inbox: Path) -> dict[str, Any] | None:
    """Return the event that arrived in the folder, if one did in time."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for path in inbox.glob("*-event.json"):
            event: dict[str, Any] = jsonio.loads(path.read_bytes())
            return event
        time.sleep(0.05)
    return None


def counters(admin: str) -> dict[str, int]:
    """Return how many envelopes the relay counted by what became of them."""
    try:
        with urllib.request.urlopen(f"{admin}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    except urllib.error.URLError:
        return {}
    found = re.findall(r'relay_envelopes_total\{outcome="(\w+)".*\} (\d+)', text)
    return {outcome: int(number) for outcome, number in found}


def files(folder: Path) -> list[Path]:
    """Return every file that the relay has written."""
    return [path for path in folder.rglob("*") if path.is_file()]


def leaks(folder: Path) -> list[str]:
    """Return the planted values that stand in any file that the relay has written."""
    written = b"\n".join(path.read_bytes() for path in files(folder))
    return [value for value in PLANTED if value.encode() in written]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
