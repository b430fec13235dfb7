"""The search of the canary test can find: what is put into a place by hand is seen there."""

import asyncio
import gzip
import os
import resource
import secrets
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nats
import pytest

from tests.nats import nats_server
from tests.system import canary_search as look
from tests.system.canary_rig import Rig, rig
from tests.system.canary_secrets import KINDS, Mint
from tests.system.planted import spellings
from tests.system.running import KEY, PROJECT, until

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("canary")]


@pytest.fixture
def mint() -> Mint:
    return Mint(secrets.randbelow(1 << 32))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    mint = Mint(secrets.randbelow(1 << 32))
    with rig(tmp_path_factory.mktemp("rig"), "sqlite", 2, mint) as run:
        yield run


def found(mint: Mint, places: Iterator[tuple[str, bytes]]) -> set[str]:
    """The names of what a place holds and a search finds."""
    return {name for name, data in places if mint.needles.find(name, data)}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_found_in_each_spelling(kind: str, mint: Mint) -> None:
    """Whole, or a part of it that tells: with whatever stands around it."""
    secret = mint.draw(kind, "a place")
    missed = [
        spelling
        for trace in secret.traces
        for spelling, needle in spellings(trace)
        if not mint.needles.find("", b"ab" + needle + b"yz")
    ]
    assert (secret.text, []) == (secret.text, missed)


def test_what_nobody_drew_is_not_found(mint: Mint) -> None:
    """The search says nothing where nothing is."""
    mint.draw("xpub", "a place")
    other = Mint(1).draw("xpub", "another").text
    assert [] == mint.needles.find("", other.encode())


def plants(run: Rig) -> dict[str, str]:
    """Put a secret into every place of a run; return them by place."""
    folder = run.relay.folder
    drawn = {
        place: run.mint.draw("xpub", place).text
        for place in (
            "upstream", "errors.dsn", "answers to clients", "stdout", "stderr", "temporary files",
            "working folder", "names of files", "spool, files", "shared memory", "packed",
        )
    }  # fmt: skip
    for place, server in (("upstream", run.upstream), ("errors.dsn", run.errors)):
        with closing(HTTPConnection("127.0.0.1", server.port)) as connection:
            packed = gzip.compress(drawn[place].encode())
            connection.request("POST", "/", packed, {"Content-Encoding": "gzip"})
            connection.getresponse().read()
    run.answers.append(drawn["answers to clients"].encode())
    (folder / "output" / "9.stdout").write_text(drawn["stdout"])
    (folder / "output" / "9.stderr").write_text(drawn["stderr"])
    (folder / "tmp" / "x").write_text(drawn["temporary files"])
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "x").write_text(drawn["working folder"])
    (folder / "deep" / drawn["names of files"]).touch()
    (folder / "deep" / "packed").write_bytes(b"12" + gzip.compress(drawn["packed"].encode()))
    return drawn


def test_each_place_of_a_run_is_read(run: Rig) -> None:
    """A secret by hand in the upstream, answers, output, files, spool and shared memory is seen."""
    drawn = plants(run)
    shared = look.SHARED / f"canary-{os.getpid()}"
    shared.write_text(drawn["shared memory"])
    text = drawn["spool, files"].encode()
    with closing(sqlite3.connect(run.relay.folder / "spool.db", timeout=10)) as base:
        with base:
            base.execute(
                "INSERT INTO envelopes VALUES (999, ?, ?, ?, '', '', 9, 1e10, 0, 0, 'dead', "
                "'rejected_upstream', -1)",
                ("f" * 32, PROJECT, KEY),
            )
            body = b'{"event_id":"%s"}\n{"type":"event","length":%d}\n%s\n'
            packed = body % (b"f" * 32, len(text), text)
            base.execute("INSERT INTO bodies VALUES (999, ?)", (packed,))
        try:
            leaks = run.search(commands=True)
        finally:
            shared.unlink()
    named = {(run.mint.cells[leak.name][1], leak.place.partition(":")[0]) for leak in leaks}
    wanted = {(place, place) for place in drawn if place != "packed"}
    wanted |= {("packed", "working folder")}
    wanted |= {("spool, files", place) for place in ("spool, by SQL", "relay spool")}
    assert wanted == named


def test_a_core_file_is_seen(run: Rig) -> None:
    """Whoever finds one, or a process that may write one, says so."""
    assert set() == run.cores()
    file = run.relay.folder / "core.4711"
    file.touch()
    try:
        assert {"core.4711"} == run.cores()
    finally:
        file.unlink()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as own:
        hard = resource.prlimit(own.pid, resource.RLIMIT_CORE)[1]
        resource.prlimit(own.pid, resource.RLIMIT_CORE, (4096, hard))
        assert {"4096"} == look.core_limits([own.pid])
        own.communicate(b"\n")


@contextmanager
def process(mint: Mint, folder: Path) -> Iterator[int]:
    """A process with secrets in its arguments, its environment, and a file that it has removed."""
    file = folder / "removed"
    script = (
        "import os, sys; file = open(sys.argv[2], 'w'); file.write(os.environ['TEXT']);"
        "file.flush(); os.unlink(sys.argv[2]); print('ready', flush=True); input()"
    )
    words = [mint.draw("WIF", place).text for place in ("arguments", "environment")]
    with subprocess.Popen(
        [sys.executable, "-c", script, words[0], str(file)],
        env={**os.environ, "TEXT": words[1]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as own:
        assert own.stdout is not None
        assert own.stdin is not None
        assert b"ready\n" == own.stdout.readline()
        yield own.pid
        own.stdin.close()


def test_processes_are_read(mint: Mint, tmp_path: Path) -> None:
    """Arguments, environment, and files that are open but removed."""
    with process(mint, tmp_path) as pid:
        assert pid in look.family(os.getpid())
        seen = found(mint, look.processes([pid]))
    assert {"process, cmdline", "process, environ", "process, removed file"} == seen


def test_pages_are_walked(mint: Mint) -> None:
    """What an admin port links to is read, and what is linked from there."""
    secret = mint.draw("BIP39", "a page").text
    pages = {"/": 'see <a href="/play/">', "/play/": "/play/state.json", "/metrics": "a 1"}
    pages["/play/state.json"] = secret

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(pages.get(self.path, "").encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        assert {"page /play/state.json"} == found(mint, look.pages(server.server_port))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_store_of_nats_is_read(mint: Mint, tmp_path: Path) -> None:
    """A message in a stream stands in its files as it is."""
    secret = mint.draw("zpub", "a message").text

    async def publish(url: str) -> None:
        client = await nats.connect(url)
        stream = client.jetstream()
        await stream.add_stream(name="S", subjects=["s"])
        await stream.publish("s", secret.encode())
        await client.close()

    with nats_server(tmp_path) as server:
        asyncio.run(publish(server.url))
        until(lambda: found(mint, look.files(server.folder)), "the message to be on the disk")
