"""A relay that fails on purpose tells a Sentry of the operator, and not one word of a payload."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import brotli
import pytest
import yaml

from tests.fakes import Received
from tests.system.running import (
    AUTH,
    DEADLINE,
    ENVELOPE,
    Client,
    Relay,
    envelope,
    event,
    project,
    sentry_in_thread,
    until,
)

pytestmark = pytest.mark.system

SECRETS = ("hunter2-hunter2", "203.0.113.77", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq")
OPERATOR = "c" * 32
BREAKING = """\
import runpy
import sys

import relay.intake
import relay.reporting


def process(body, *others):
    local = bytes(body)
    raise ValueError(f"cannot take {local!r}")


async def flush(self):
    local = "SECRETS"
    try:
        raise KeyError(local)
    except KeyError as cause:
        raise RuntimeError(f"cannot report {local}") from cause


relay.intake.process = process
relay.reporting.Reporter.flush = flush
sys.argv[0] = "relay"
runpy.run_module("relay", run_name="__main__")
"""


class Breaking(Relay):
    """A relay of which two functions have been exchanged for ones that fail."""

    def start(self) -> "Breaking":
        script = self.folder / "breaking.py"
        script.write_text(BREAKING.replace("SECRETS", " ".join(SECRETS)))
        self._starts += 1
        with self._file("stdout").open("wb") as out, self._file("stderr").open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, str(script), "serve"],
                cwd=self.folder,
                env=os.environ,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
            )
        self.port = until(self._started, "the relay to say that it has started")["port"]
        return self

    def wait(self) -> int:
        """Return its exit status, when it has ended by itself."""
        assert self._process is not None
        return self._process.wait(DEADLINE)


def told(body: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and the event of an envelope as the SDK packs it."""
    head, item, document = brotli.decompress(body).splitlines()
    assert "event" == json.loads(item)["type"]
    return json.loads(head), json.loads(document)


def settled(found: dict[str, Any]) -> dict[str, Any]:
    """The event with what differs from run to run, or with another SDK, exchanged for a word."""
    assert re.fullmatch(r"[0-9a-f]{32}", found["event_id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", found["timestamp"])
    version = found["sdk"].pop("version")
    assert [{"name": "pypi:sentry-sdk", "version": version}] == found["sdk"].pop("packages")
    found |= {"event_id": "an id", "timestamp": "a time"}
    found["release"] = re.sub(r"@\d+\.\d+\.\d+.*", "@a version", found["release"])
    for value in found.get("exception", {}).get("values", ()):
        for frame in value["stacktrace"]["frames"]:
            assert {"filename", "function", "lineno", "in_app"} == frame.keys()
            frame["lineno"] = 0
    return found


def whole(**own: Any) -> dict[str, Any]:
    """What every event has, and what this one has of its own."""
    return {
        "event_id": "an id",
        "timestamp": "a time",
        "platform": "python",
        "release": "scrub-relay@a version",
        "environment": "on-purpose",
        "server_name": "",
        "sdk": {"name": "sentry.python", "integrations": [], "settings": {"infer_ip": "never"}},
        **own,
    }


def test_the_whole_event(tmp_path: Path) -> None:
    """A request that fails and the crash after it: each event is exactly this."""
    with sentry_in_thread() as sentry:
        dsn = f"http://{OPERATOR}@127.0.0.1:{sentry.port}/12"
        config = {
            "projects": [project("file:./inbox")],
            "errors": {"dsn": dsn, "environment": "on-purpose"},
            "client_reports": {"interval": "3s"},
        }
        relay = Breaking(tmp_path / "relay", config)
        with relay.running():
            client = Client(relay.port)
            text = " ".join(SECRETS)
            body = envelope(event(1, message=text, extra={"note": text, text: 1}))
            headers = (("X-Sentry-Auth", AUTH), ("User-Agent", SECRETS[0]))
            assert 500 == client.send("POST", ENVELOPE, headers, body).status
            client.close()
            assert 1 == relay.wait()
        received = list(sentry.mini.received)
    assert ["/api/12/envelope/"] * 2 == [each.path for each in received]
    (head, request), (_, crash) = (told(each.body) for each in received)
    assert {"event_id", "sent_at"} == head.keys()
    assert whole(
        level="error",
        logger="relay.server",
        logentry={"message": "request_failed"},
        extra={"error": "ValueError"},
    ) == settled(request)
    values = settled(crash)["exception"]["values"]
    assert ["KeyError", "RuntimeError", "ExceptionGroup"] == [value["type"] for value in values]
    last = {"filename": "relay/breaking.py", "function": "flush", "lineno": 0, "in_app": True}
    assert [last, last] == [value["stacktrace"]["frames"][-1] for value in values[:2]]
    outline = [{**value, "stacktrace": "places"} for value in values]
    rest = {"module": "builtins", "value": "", "stacktrace": "places"}
    assert whole(
        level="fatal",
        logger="relay",
        logentry={"message": "uncaught_exception"},
        extra={},
        exception={
            "values": [
                {"type": "KeyError", **rest},
                {"type": "RuntimeError", **rest},
                {"type": "ExceptionGroup", **rest},
            ]
        },
    ) == {**crash, "exception": {"values": outline}}
    sent = b"".join(brotli.decompress(each.body) + repr(each.headers).encode() for each in received)
    for secret in (*SECRETS, os.uname().nodename, str(tmp_path)):
        assert secret.encode() not in sent


def test_each_of_several_workers_tells(tmp_path: Path) -> None:
    """What fails in a worker is told by it, and what ends it before it ends."""
    with sentry_in_thread() as sentry:
        dsn = f"http://{OPERATOR}@127.0.0.1:{sentry.port}/12"
        config = {
            "listen": {"port": 0, "workers": 2},
            "projects": [project("file:./inbox")],
            "errors": {"dsn": dsn, "environment": "on-purpose"},
            "client_reports": {"interval": "3s"},
        }
        relay = Breaking(tmp_path / "relay", config)
        with relay.running():
            client = Client(relay.port)
            body = envelope(event(1, message=" ".join(SECRETS)))
            assert 500 == client.send("POST", ENVELOPE, (("X-Sentry-Auth", AUTH),), body).status
            client.close()
            wanted = {("relay.server", "request_failed"), ("relay.server", "worker_failed")}
            until(lambda: wanted <= messages(sentry.mini.received), "both to be told")
        sent = b"".join(brotli.decompress(each.body) for each in list(sentry.mini.received))
    assert wanted == messages(sentry.mini.received)
    for secret in SECRETS:
        assert secret.encode() not in sent


def messages(received: list[Received]) -> set[tuple[str, str]]:
    """The loggers and messages that were told."""
    events = [told(each.body)[1] for each in list(received)]
    return {(found["logger"], found["logentry"]["message"]) for found in events}


def test_a_missing_extra_is_said_before_the_start(tmp_path: Path) -> None:
    """`config check` and `serve` both name the setting, and what to install."""
    dsn = f"http://{OPERATOR}@127.0.0.1:9/12"
    settings = {"projects": [project("file:./inbox")], "errors": {"dsn": dsn}}
    (tmp_path / "relay.yaml").write_text(yaml.safe_dump(settings))
    script = (
        "import sys, importlib.util as u\n"
        "find = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'sentry_sdk' else find(name, *more)\n"
        "from relay.cli.main import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    for call in (["config", "check"], ["serve"]):
        done = subprocess.run(
            [sys.executable, "-c", script, *call],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        assert 1 == done.returncode
        assert "errors.dsn" in done.stderr
        assert "scrub-relay[sentry]" in done.stderr
