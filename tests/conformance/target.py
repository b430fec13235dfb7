"""The relay under test, as a client and an operator of its upstream see it.

Law of this file: HTTP on the loopback, and the settings in the environment. `OTHER` says whether it
is somebody else's relay.
"""

import json
import os
import socket
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.conformance.upstream import Arrival, Upstream
from tests.system.running import DEADLINE, Client, Headers, Relay, Reply

OTHER = os.environ.get("CONFORMANCE_URL", "")
PROJECT = os.environ.get("CONFORMANCE_PROJECT", "5193825")
KEY = os.environ.get("CONFORMANCE_KEY", "6d91ca6e6a5d4de7b47989455858b5f6")
UPSTREAM_PORT = int(os.environ.get("CONFORMANCE_UPSTREAM_PORT", "0"))
OURS = os.environ.get("CONFORMANCE_CONSENT", "on") != "off"
"""Whether the relay has our policy: consent, scrubbing, what is not taken."""

UPSTREAM_KEY = "a" * 31 + "e"
UNKNOWN_KEY = "0" * 31 + "1"
AUTH = f"Sentry sentry_key={KEY}, sentry_version=7, sentry_client=sentry.test/1.0"
WITH_KEY: Headers = (("X-Sentry-Auth", AUTH),)
AGREED: Headers = (("X-Suite-Consent", "true"),)
"""What says on any route that the user has agreed; to others it is a header that means nothing."""

NEEDLE = "203.0.113.42"
"""The address (RFC 5737) that is planted where personal data hides."""

Parts = tuple[str, Any] | tuple[str, Any, dict[str, Any]]


def new_id() -> str:
    """An event id that nobody has used."""
    return uuid.uuid4().hex


def short(route: str) -> str:
    """The word for a route, to name a test by."""
    return {"events": "attachments"}.get(first := route.partition("/")[0], first)


def path(route: str, project: str = PROJECT, prefix: str = "") -> str:
    """The path of a project's route."""
    return f"{prefix}/api/{project}/{route}/"


def event(event_id: str | None = None, **more: Any) -> dict[str, Any]:
    """A small event with consent."""
    return {
        "event_id": event_id or new_id(),
        "platform": "python",
        "level": "error",
        "message": "something broke",
        "tags": {"allowReport": True},
        **more,
    }


def envelope(head: dict[str, Any], *items: Parts) -> bytes:
    """Write an envelope of (kind, payload) or (kind, payload, further item headers).

    A payload that is not bytes is written as JSON. Every item has its `length`.
    """
    lines = [json.dumps(head).encode()]
    for kind, content, *more in items:
        payload = content if isinstance(content, bytes) else json.dumps(content).encode()
        header = {"type": kind, **(more[0] if more else {}), "length": len(payload)}
        lines += [json.dumps(header).encode(), payload]
    return b"\n".join(lines) + b"\n"


def event_envelope(event_id: str | None = None, **more: Any) -> bytes:
    """An envelope with one event that has consent."""
    document = event(event_id, **more)
    return envelope({"event_id": document["event_id"]}, ("event", document))


def multipart(fields: Iterable[tuple[str, str | None, bytes]]) -> tuple[tuple[str, str], bytes]:
    """Write a form of (name, file name, content); return its Content-Type header and the body."""
    boundary = "----conformance7d1"
    body = b""
    for name, file, content in fields:
        disposition = f'form-data; name="{name}"' + (f'; filename="{file}"' if file else "")
        head = f"--{boundary}\r\nContent-Disposition: {disposition}\r\n"
        if file:
            head += "Content-Type: application/octet-stream\r\n"
        body += head.encode() + b"\r\n" + content + b"\r\n"
    header = ("Content-Type", f"multipart/form-data; boundary={boundary}")
    return header, body + f"--{boundary}--\r\n".encode()


@dataclass
class Target:
    """A relay that runs, and the upstream behind it. `own` is the process, where it is ours."""

    port: int
    upstream: Upstream
    own: Relay | None = None

    def __post_init__(self) -> None:
        self.client = Client(self.port)

    def send(self, method: str, where: str, *headers: tuple[str, str], body: bytes = b"") -> Reply:
        """Send a request with these headers and no others."""
        if method in ("POST", "PUT", "PATCH") and not body:
            headers = (*headers, ("Content-Length", "0"))
        try:
            return self.client.send(method, where, headers, body)
        except Exception:
            self.client.close()  # the next test begins on a connection of its own
            raise

    def post(self, route: str, body: bytes, *headers: tuple[str, str]) -> Reply:
        """Post to a route of the project with its key, and with consent."""
        return self.send("POST", path(route), *WITH_KEY, *AGREED, *headers, body=body)

    def deliver(self, head: dict[str, Any], *items: Parts) -> Arrival:
        """Post an envelope with an `event_id`, and return it as it arrived upstream."""
        reply = self.post("envelope", envelope(head, *items))
        assert (200, head["event_id"]) == (reply.status, reply.json().get("id")), reply.body
        return self.upstream.of(head["event_id"])

    def settle(self) -> None:
        """Return when all that was accepted has gone on."""
        document = event()
        assert 200 == self.post("envelope", event_envelope(document["event_id"])).status
        self.upstream.of(document["event_id"])
        if self.own is not None:
            self.own.drain()

    def raw(self, data: bytes) -> bytes:
        """Send bytes on a connection of their own; return all that comes until it is closed."""
        with socket.create_connection(("127.0.0.1", self.port), DEADLINE) as connection:
            connection.sendall(data)
            return b"".join(iter(lambda: connection.recv(65_536), b""))


def port_of(url: str) -> int:
    """The port of a relay on this machine."""
    parts = urlsplit(url)
    if parts.hostname not in ("127.0.0.1", "localhost") or parts.port is None:
        raise ValueError("CONFORMANCE_URL is http://127.0.0.1:PORT: load is for the loopback only")
    return parts.port
