"""Failures behind the answer, each with secrets under way: processes, upstreams, disks, files.

Law of this file: as in `canary_errors.py`, whose table goes on here. A path leaves a relay that
runs.
"""

import contextlib
import re
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from tests.system import canary_search as look
from tests.system.canary_errors import answered, each, path
from tests.system.canary_requests import Writer, envelope, of_event, post
from tests.system.canary_rig import Rig, kill
from tests.system.canary_upstream import Answer, echo
from tests.system.running import until

FATAL = (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT)


# --- crashes --------------------------------------------------------------------------------------


def _holder(run: Rig, connection: socket.socket) -> int:
    """The process that has the other end of a connection."""
    ours = connection.getsockname()[1]
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    theirs = {
        f"socket:[{line[9]}]"
        for line in lines
        if int(line[1][9:], 16) == run.relay.port and int(line[2][9:], 16) == ours
    }
    main = run.relay.pid
    for pid in reversed([pid for pid in look.family(main) if run.workers == 1 or pid != main]):
        for one in Path(f"/proc/{pid}/fd").glob("*"):
            with contextlib.suppress(OSError):
                if str(one.readlink()) in theirs:
                    return pid
    return 0


@path("crash of a worker")
def crash(run: Rig, writer: Writer) -> None:
    """A worker is killed in three ways while it has half of a body; one by itself starts again."""
    for number in FATAL:
        request = post("crash of a worker", of_event(writer.full_event()))
        cut = request.wire[:-100]
        run.note(cut)
        with run.connected() as connection:
            connection.sendall(cut)
            until(lambda c=connection: _holder(run, c), "a worker to have the connection")
            victim = _holder(run, connection)
            kill(victim, number)
            run.read(connection, "crash of a worker")
        _back(run)


def _back(run: Rig) -> None:
    """Return when a relay of which a process was killed is ready."""
    if run.workers == 1:
        run.relay.kill()
        run.relay.start()
    else:
        until(run.relay._ready, "the relay to be ready")


@path("crash of a side process")
def side_crash(run: Rig, writer: Writer) -> None:
    """A process that scrubs a large body is killed in three ways while it does."""
    killed = 0
    for number in FATAL:
        text = f"{writer.secret('crash of a side process')} and words\n".encode()
        item = ({"type": "attachment", "filename": "a.txt"}, text * (900_000 // len(text)))
        body = envelope({"event_id": writer.id(), "consent": True}, [item])
        request = post("crash of a side process", body)
        before = set(look.family(run.relay.pid))
        run.note(request.sent)
        with run.connected() as connection:
            connection.sendall(request.wire)
            found = _first(lambda old=before: set(look.family(run.relay.pid)) - old)
            for pid in found:
                kill(pid, number)
            killed += bool(found)
            run.read(connection, "crash of a side process")
    assert killed > 0


def _first(ask: Callable[[], set[int]]) -> set[int]:
    for _ in range(3000):
        if found := ask():
            return found
    return set()


# --- upstreams ------------------------------------------------------------------------------------


def _one_line(text: str) -> str:
    return re.sub(r"[^ -~]+", " ", text)


def _answers(writer: Writer) -> Iterator[Answer]:
    """Yield answers with secrets of their own in each part; limits come last."""

    def text(part: str) -> str:
        return _one_line(writer.secret(f"upstream's {part}"))

    for status in ("400 Bad", "403 No", "404 None", "413 Large", "302 Found", "422 Odd"):
        headers = (f"X-Sentry-Error: {text('header')}", f"Location: http://{text('location')}/")
        body = echo(f"{status} {text('status line')}", *headers, f"Set-Cookie: {text('cookie')}")
        extra = writer.secret("upstream's body").encode()
        yield lambda request, body=body, extra=extra: body(request + extra)
    for wrong in (
        b"",
        b"HTTP/1.1 abc %s\r\n\r\n",
        b"SSH-2.0 %s\r\n",
        b"HTTP/1.1 200 OK\r\n%s\r\n\r\n",
    ):
        garbled = wrong.replace(b"%s", text("nonsense").encode())
        yield lambda _, garbled=garbled: garbled
    yield echo(f"200 {text('status line')}", f"X-Note: {text('header')}")
    limits = (
        f"1:session:{text('limit')}:{text('limit')}, {text('limit')}:session:key:{text('limit')}"
    )
    yield echo("200 OK", f"X-Sentry-Rate-Limits: {limits}")
    yield echo(f"500 {text('status line')}", f"X-Sentry-Error: {text('header')}")
    limits = f"X-Sentry-Rate-Limits: 1:session:key:{text('limit')}"
    yield echo(f"429 {text('status line')}", f"Retry-After: {text('Retry-After')}", limits)
    yield echo(f"503 {text('status line')}", f"Retry-After: {text('Retry-After')}")


@path("upstream that repeats, refuses, drops, garbles")
def bad_upstream(run: Rig, writer: Writer) -> None:
    place = "upstream's answer"
    for answer in _answers(writer):
        run.upstream.script.append(_noting(run, answer))
        each(run, place, [of_event(writer.full_event())], {200})
        until(lambda: not run.upstream.script, "the answer to be taken")
        # What is answered wrongly three times in a row is left alone for a while.
        each(run, place, [of_event(writer.event())], {200})


def _noting(run: Rig, answer: Answer) -> Answer:
    def noted(request: bytes) -> bytes:
        written = answer(request)
        run.note(written)
        return written

    return noted


# --- the spool ------------------------------------------------------------------------------------


@path("disk full", backends=("sqlite", "jetstream"))
def disk_full(run: Rig, writer: Writer) -> None:
    """No file of those who write the spool may grow."""
    pids = [run.nats.pid] if run.nats is not None else look.family(run.relay.pid)
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
    for pid, (_, hard) in before.items():
        if hard == resource.RLIM_INFINITY:  # else it may write nothing at all, by its own wish
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, hard))
    try:
        statuses = [run.send(post("disk full", of_event(writer.full_event()))) for _ in range(3)]
    finally:
        for pid, usual in before.items():
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, usual)
    assert set(statuses) <= {200, 429, 503, 0}


@path("spool corrupt", backends=("sqlite",))
def corrupt(run: Rig, writer: Writer) -> None:
    """File and log are written over while the relay runs; with one worker it ends, and starts."""
    for name in ("spool.db", "spool.db-wal"):
        file = run.relay.folder / name
        with file.open("r+b") as open_file:
            open_file.write(b"\x55" * file.stat().st_size)
    for _ in range(3):
        with contextlib.suppress(OSError):
            run.send(post("spool corrupt", of_event(writer.full_event())))
    if run.workers == 1:
        until(lambda: not (run.relay._ready() or run.relay.runs), "it to end")
        assert run.relay.stop() == 1
        run.relay.start()
    until(lambda: run.relay._ready() and _is_aside(run), "a relay with a fresh spool")
    run.send(post("spool corrupt", of_event(writer.full_event())))


def _is_aside(run: Rig) -> bool:
    return any(run.relay.folder.glob("spool.db.damaged-*"))


@path("NATS away", backends=("jetstream",))
def nats_away(run: Rig, writer: Writer) -> None:
    assert run.nats is not None
    run.nats.kill()
    for _ in range(2):
        answered(
            "NATS away", run.send(post("NATS away", of_event(writer.full_event()))), {200, 503}
        )
    run.nats.start()
    until(run.relay._ready, "the relay to be ready")


# --- files ----------------------------------------------------------------------------------------


@path("reload with a broken rule", workers=(2,))
def broken_rule(run: Rig, writer: Writer) -> None:
    """A rule file that cannot be read, while requests are under way."""
    config = run.relay.folder / "relay.yaml"
    before = config.read_text()
    (run.relay.folder / "broken.yaml").write_text("id: broken\nmatch: {pattern: '(['}\nredact: 7\n")
    request = post("reload with a broken rule", of_event(writer.full_event()))
    run.note(request.sent)
    with run.connected() as connection:
        connection.sendall(request.wire[:-50])
        config.write_text(yaml.safe_dump({**yaml.safe_load(before), "rules": ["broken.yaml"]}))
        kill(run.relay.pid, signal.SIGHUP)
        until(lambda: '"reload_refused"' in run.relay.errors(), "the refusal")
        connection.sendall(request.wire[-50:])
        answered("reload with a broken rule", run.read(connection, "reload"), {200, 429, 408})
    config.write_text(before)


@path("spool full")
def spool_full(run: Rig, writer: Writer) -> None:
    """The upstream takes nothing, until there is no room."""
    run.upstream.usual = lambda _: b""
    fill = "words and more words " * 9_000
    statuses = set()
    for number in range(60):
        event = writer.full_event(0) if number < 2 else writer.event()
        event["fill"] = fill
        statuses.add(run.send(post("spool full", of_event(event))))
        if 429 in statuses:
            break
    for _ in range(2):
        statuses.add(run.send(post("spool full", of_event({**writer.full_event(0), "fill": fill}))))
    assert 429 in statuses
