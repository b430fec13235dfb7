"""The admin port of the running program: the spool, who may use it, and what is noted of that."""

import hashlib
import http.client
import json
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from os import kill
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import Answer
from tests.nats import nats_server
from tests.system.running import (
    AUTH,
    ENVELOPE,
    Client,
    Relay,
    Sentry,
    envelope,
    event,
    project,
    sentry_in_thread,
    until,
)

TOKEN = "a-token-that-is-planted-everywhere-0451"
BEARER = [("Authorization", f"Bearer {TOKEN}")]
JSON = [*BEARER, ("Content-Type", "application/json")]
TOKENS = [
    {"name": "ops", "sha256": hashlib.sha256(TOKEN.encode()).hexdigest(), "scopes": ["spool"]},
]

RULES = [str(Path(__file__).parents[2] / "rules" / "network")]
"""A few: what is asked here is not what they find, and all of them take long to load."""


@pytest.fixture(scope="module")
def sentry() -> Iterator[Sentry]:
    with sentry_in_thread() as one:
        yield one


@contextmanager
def spools(folder: Path, backend: str) -> Iterator[dict[str, Any]]:
    """The configuration of a spool."""
    if backend != "jetstream":
        yield {"backend": backend}
        return
    with nats_server(folder / "nats") as server:
        yield {"backend": "jetstream", "servers": [server.url]}


def ask(relay: Relay, method: str, path: str, body: Any = None) -> Any:
    """Ask the admin port with the token; return the answer's JSON."""
    client = Client(relay.admin_port)
    data = b"" if body is None else json.dumps(body).encode()
    reply = client.send(method, path, BEARER if body is None else JSON, data)
    client.close()
    assert 200 == reply.status
    return reply.json()


def everything(relay: Relay, file: Path) -> str:
    """All that the relay has said and noted."""
    return "".join(
        [
            relay.errors(),
            file.read_text(),
            relay.metrics(),
            *(p.read_text() for p in relay.output.iterdir()),
        ]
    )


@pytest.mark.parametrize(
    ("workers", "backend"),
    [(1, "memory"), (1, "sqlite"), (2, "sqlite"), (2, "jetstream")],
)
def test_dead_letters(tmp_path: Path, sentry: Sentry, workers: int, backend: str) -> None:
    """Shown, sent again and deleted over HTTP, in one process and in several; all is noted."""
    file = tmp_path / "audit.log"
    with spools(tmp_path, backend) as spool:
        relay = Relay(
            tmp_path / "relay",
            {
                "listen": {"port": 0, "workers": workers},
                "admin": {"port": 0, "tokens": TOKENS, "open": ["metrics"], "audit": str(file)},
                "projects": [project(sentry.dsn(), limits={"event": "1MiB"})],
                "spool": spool,
                "rules": RULES,
            },
        )
        with relay.running():
            sentry.mini.script.extend([Answer(status=403)] * 2)
            client = Client(relay.port)
            for number in (1, 2):
                body = envelope(event(number))
                headers = [("X-Sentry-Auth", AUTH)]
                assert 200 == client.send("POST", ENVELOPE, headers, body).status
            client.close()
            until(lambda: ask(relay, "GET", "/spool")["dead"] == 2, "two dead letters")
            told = ask(relay, "GET", "/spool/dead")
            assert {f"{1:032x}", f"{2:032x}"} == {letter["envelope_id"] for letter in told}
            first, second = (letter["number"] for letter in told)
            shown = ask(relay, "GET", f"/spool/dead/{first}")
            assert ["event"] == [item["kind"] for item in shown["items"]]
            retried = ask(relay, "POST", "/spool/retry", {"numbers": [first]})
            assert {"retried": 1, "missing": 0} == retried
            sentry.arrival(told[0]["envelope_id"])
            purged = ask(relay, "POST", "/spool/purge", {"numbers": [first, second]})
            assert {"purged": 1, "missing": 1} == purged
            until(lambda: ask(relay, "GET", "/spool")["dead"] == 0, "no dead letter")
            wrong = Client(relay.admin_port)
            assert 401 == wrong.send("GET", f"/spool?x={TOKEN}").status
            assert 400 == wrong.send("GET", f"/spool?token={TOKEN}", BEARER).status
            assert 421 == wrong.send("GET", "/", [("Host", f"{TOKEN}.example")]).status
            wrong.close()
            counted = relay.count("relay_admin_requests_total")
            # By outcome and scope.
            assert (1, 1, 1) == (
                counted["unauthorized", "spool"],
                counted["refused", "none"] + counted["refused", "spool"],
                counted["misdirected", "none"] + counted["misdirected", "spool"],
            )
            said = everything(relay, file)
    assert TOKEN not in said
    assert TOKENS[0]["sha256"] not in said
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    noted = [(line["action"], line["outcome"]) for line in lines]
    assert [("start", "done"), ("stop", "done")] == [noted[0], noted[-1]]
    changes = [one for one in noted if one[0] in ("spool_retry", "spool_purge")]
    assert [
        ("spool_retry", "begun"),
        ("spool_retry", "done"),
        ("spool_purge", "begun"),
        ("spool_purge", "done"),
    ] == changes
    assert [("access", "refused")] == [one for one in noted if one[0] == "access"]
    assert "127.0.0.1" not in file.read_text()


def test_reloads_are_counted_and_noted(tmp_path: Path) -> None:
    """Whether they are taken or refused, with several workers."""
    file = tmp_path / "audit.log"
    config = {
        "listen": {"port": 0, "workers": 2},
        "admin": {"port": 0, "audit": str(file)},
        "projects": [project("file:./inbox")],
        "rules": RULES,
    }
    relay = Relay(tmp_path / "relay", config)
    with relay.running():
        relay.configure({**config, "nonsense": 1})
        kill(relay.pid, signal.SIGHUP)
        until(lambda: relay.count("relay_reloads_total")["refused",] == 1, "a refusal")
        relay.configure({**config, "forward": {"timeout": "29s"}})
        kill(relay.pid, signal.SIGHUP)
        until(lambda: relay.count("relay_reloads_total")["accepted",] == 1, "a reload")
        assert "restarted_workers" in relay.errors()
        assert 1 == relay.count("relay_reloads_total")["refused",]
    noted = [(x["action"], x["outcome"]) for x in map(json.loads, file.read_text().splitlines())]
    reload = [outcome for action, outcome in noted if action == "reload"]
    assert ["begun", "refused", "begun", "done"] == reload


def test_a_reload_of_one_process_is_counted_and_noted(tmp_path: Path) -> None:
    """Rules are looked at; other settings want a restart, and that is said."""
    file = tmp_path / "audit.log"
    config = {"admin": {"port": 0, "audit": str(file)}, "rules": RULES}
    relay = Relay(tmp_path / "relay", config)
    with relay.running():
        relay.configure({**config, "forward": {"timeout": "29s"}})
        kill(relay.pid, signal.SIGHUP)
        until(lambda: relay.count("relay_reloads_total")["accepted",] == 1, "a reload")
        assert {("unchanged",): 1} == relay.count("relay_rules_reloads_total")
    assert '"component":"forward"' in relay.errors()
    noted = [(x["action"], x["outcome"]) for x in map(json.loads, file.read_text().splitlines())]
    wanted = [("reload", "begun"), ("rules_reload", "begun"), ("rules_reload", "done")]
    assert [*wanted, ("reload", "done")] == [each for each in noted if "reload" in each[0]]


def test_a_target_with_another_host(tmp_path: Path) -> None:
    """As a proxy would be asked: the name in the target counts, and the header must agree."""
    relay = Relay(tmp_path / "relay", {"admin": {"port": 0, "tokens": TOKENS}, "rules": RULES})
    with relay.running():
        host = f"127.0.0.1:{relay.admin_port}"
        answers = {}
        for target in (f"http://{host}/spool", "http://evil.example/spool"):
            with socket.create_connection(("127.0.0.1", relay.admin_port), timeout=10) as wire:
                lines = (f"GET {target} HTTP/1.1", f"Host: {host}", "Connection: close", *BEARER)
                text = (": ".join(one) if isinstance(one, tuple) else one for one in lines)
                wire.sendall("\r\n".join((*text, "", "")).encode())
                with wire.makefile("rb") as came:
                    answers[target] = came.read()
    assert [b"200", b"421"] == [answer.split()[1] for answer in answers.values()]
    assert not [answer for answer in answers.values() if b"evil" in answer]


def test_bytes_that_are_no_request(tmp_path: Path) -> None:
    """They are answered without an echo, as shut as everything else; or cut off, if too slow."""
    config = {"listen": {"port": 0, "header_timeout": "1s"}, "rules": RULES}
    relay = Relay(tmp_path / "relay", config)
    with relay.running():
        with socket.create_connection(("127.0.0.1", relay.admin_port), timeout=10) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\n")
            assert slow.recv(100).startswith(b"HTTP/1.1 408 ")
        connection = http.client.HTTPConnection("127.0.0.1", relay.admin_port, timeout=10)
        connection.putrequest("GET", "/", skip_host=True)
        connection.putheader("Host", "localhost")
        connection.putheader("Bad header", TOKEN)
        connection.endheaders()
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
    assert (400, "no-store") == (answer.status, answer.headers["Cache-Control"])
    assert TOKEN not in text + str(answer.headers)
