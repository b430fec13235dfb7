"""The demo: a real SDK sends an event full of personal data through a relay, into a folder.

It starts a relay of its own on free ports of the loopback, and leaves nothing behind.
"""

import difflib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import sentry_sdk

KEY = "0" * 32
PATIENCE = 20.0
"""Seconds to wait for the relay to start, and for the event to arrive."""

SENT: list[dict[str, Any]] = []


def main() -> int:
    """Run the demo; returns the exit status."""
    port, admin_port = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("RELAY_")}
        environment["RELAY_LISTEN__PORT"] = str(port)
        environment["RELAY_ADMIN__PORT"] = str(admin_port)
        log = Path(folder) / "relay.log"
        with log.open("wb") as output:
            relay = subprocess.Popen(
                [sys.executable, "-m", "relay", "serve"],
                cwd=folder,
                env=environment,
                stderr=output,
                stdout=output,
            )
        try:
            if not wait_until_ready(port, relay):
                print("the relay did not start:", log.read_text("utf-8"), file=sys.stderr)
                return 1
            send(f"http://{KEY}@127.0.0.1:{port}/1")
            arrived = wait_for_event(Path(folder) / "inbox")
        finally:
            relay.terminate()
            relay.wait()
    if arrived is None or not SENT:
        print("nothing arrived", file=sys.stderr)
        return 1
    show(SENT[0], arrived)
    return 0


def free_port() -> int:
    """Return a port that is free on the loopback."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


def wait_until_ready(port: int, relay: subprocess.Popen[bytes]) -> bool:
    """Return whether the relay has become ready in time."""
    url = f"http://127.0.0.1:{port}/api/relay/healthcheck/ready/"
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and relay.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def send(dsn: str) -> None:
    """Send one event as an app would that has met a user."""

    def remember(event: Any, _hint: Any) -> Any:
        sent = json.loads(json.dumps(event, default=str))
        # The SDK moves this into the envelope's header by itself.
        sent.get("contexts", {}).get("trace", {}).pop("dynamic_sampling_context", None)
        SENT.append(sent)
        return event

    sentry_sdk.init(dsn, before_send=remember, default_integrations=False, send_default_pii=True)
    scope = sentry_sdk.get_isolation_scope()
    scope.set_tag("allowReport", True)  # the user agreed; without this the relay answers 403
    scope.set_user({"id": "42", "email": "alice@example.org", "ip_address": "203.0.113.7"})
    scope.set_extra("device", {"label": "My savings", "path": "/home/alice/.config/suite"})
    sentry_sdk.add_breadcrumb(message="connect 192.168.1.17:9735 refused", category="console")
    sentry_sdk.add_breadcrumb(message="send to bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq")
    try:
        raise RuntimeError("ENOENT: no such file, open 'C:\\Users\\alice\\wallet.dat'")
    except RuntimeError:
        sentry_sdk.capture_exception()
    sentry_sdk.flush()


def wait_for_event(inbox: Path) -> dict[str, Any] | None:
    """Return the event that arrived in the folder, if one did in time."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for path in inbox.glob("*-event.json"):
            event: dict[str, Any] = json.loads(path.read_text("utf-8"))
            return event
        time.sleep(0.1)
    return None


def show(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Print what was sent and what arrived, line by line, where they differ."""
    sent, left = (json.dumps(e, indent=1, sort_keys=True).splitlines() for e in (before, after))
    red, green, end = ("\x1b[31m", "\x1b[32m", "\x1b[0m") if sys.stdout.isatty() else ("", "", "")
    print("- as the SDK sent it\n+ as it left the relay\n")
    for line in difflib.unified_diff(sent, left, n=1, lineterm=""):
        if line.startswith(("---", "+++", "@@")):
            continue
        colour = {"-": red, "+": green}.get(line[:1], "")
        print(f"{colour}{line}{end if colour else ''}")


if __name__ == "__main__":
    sys.exit(main())
