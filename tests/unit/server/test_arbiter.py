"""The arbiter: from the first fork to the last end, in a process of its own."""

import itertools
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from relay.config import ForwardSettings, parse
from relay.errors import ListenError, RelayError, RuleError
from relay.server import arbiter
from relay.server.arbiter import Arbiter
from relay.server.loaded import Loaded, load
from relay.server.running import Started
from tests.system.running import FEW_RULES
from tests.unit.scrub.test_verified import PROVEN

BASE = (
    "listen: {port: 0, workers: 2, shutdown: 5s}\nadmin: {port: 0}\nspool: {backend: memory}\n"
    "hash: {secret: 0123456789abcdef}\n"
    f"rules: {FEW_RULES}\n"
)


class Run:
    """An arbiter that runs in a child of this process."""

    def __init__(self, loaded: Loaded, reload: Callable[[], Loaded]) -> None:
        self.pid = 0
        self._reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            status = 99
            try:

                def say(kind: str, value: object) -> None:
                    os.write(writer, json.dumps([kind, value]).encode() + b"\n")

                arbiter = Arbiter(
                    loaded,
                    on_start=lambda started: say("started", asdict(started)),
                    reload=reload,
                    say=lambda error: say("error", error.reason),
                    on_reloaded=lambda outcome: say("reloaded", outcome),
                )
                status = arbiter.run()
            except RelayError:
                status = 98
            finally:
                os._exit(status)
        os.close(writer)
        self._lines = os.fdopen(self._reader)

    def heard(self) -> tuple[str, object]:
        """Wait for what it says next."""
        kind, value = json.loads(self._lines.readline())
        return kind, value

    def started(self) -> Started:
        kind, value = self.heard()
        assert "started" == kind
        assert isinstance(value, dict)
        return Started(**value)

    def children(self) -> set[int]:
        path = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return {int(pid) for pid in path.read_text().split()}

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def status(self) -> int:
        """Wait for its end."""
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        return os.waitstatus_to_exitcode(status)

    def close(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self._lines.close()


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Run]]:
    monkeypatch.chdir(tmp_path)
    runs: list[Run] = []

    def start(text: str = BASE, reload: Callable[[], Loaded] | None = None) -> Run:
        loaded = load(parse(text, "r.yaml", {}))
        runs.append(Run(loaded, reload or others(loaded)))
        return runs[-1]

    yield start
    for run in runs:
        run.close()


def others(loaded: Loaded) -> Callable[[], Loaded]:
    """Return what gives other settings each time."""
    seconds = itertools.count(1)

    def other() -> Loaded:
        forward = ForwardSettings(timeout=float(next(seconds)))
        return loaded.with_settings(replace(loaded.settings, forward=forward))

    return other


def until(look: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not look():
        assert time.monotonic() < end
        time.sleep(0.01)


def answers(started: Started) -> bool:
    """Whether the ingest port answers."""
    with socket.create_connection((started.host, started.port), timeout=10) as client:
        client.sendall(b"GET /api/relay/healthcheck/live/ HTTP/1.0\r\n\r\n")
        return client.recv(12).endswith(b" 200")


def test_from_the_start_to_the_end(start: Callable[..., Run]) -> None:
    """All processes stand before the start is told, and none after the end."""
    run = start()
    started = run.started()
    pids = run.children()
    assert (3, True) == (len(pids), answers(started))
    run.signal(signal.SIGTERM)
    assert 0 == run.status()
    assert [] == [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_ctrl_c_ends_it_too(start: Callable[..., Run]) -> None:
    """SIGINT does what SIGTERM does; a second one changes nothing."""
    run = start()
    run.started()
    run.signal(signal.SIGINT)
    run.signal(signal.SIGINT)
    assert 0 == run.status()


def test_whoever_dies_is_replaced(start: Callable[..., Run]) -> None:
    """Each process that dies has a successor soon; the port answers again."""
    run = start()
    started = run.started()
    for victim in sorted(run.children()):
        os.kill(victim, signal.SIGKILL)
        until(lambda gone=victim: gone not in run.children() and len(run.children()) == 3)
        assert answers(started)


def test_a_restart_replaces_all_workers(start: Callable[..., Run]) -> None:
    """After SIGHUP all workers are new ones; the admin port's process stays."""
    run = start()
    started = run.started()
    before = run.children()
    run.signal(signal.SIGHUP)
    until(lambda: len(run.children() - before) == 2 and len(run.children()) == 3)
    assert 1 == len(run.children() & before)
    assert ("reloaded", "done") == run.heard()
    assert answers(started)


def test_settings_that_are_the_same_replace_nobody(start: Callable[..., Run]) -> None:
    """Only rules are looked at."""
    loaded = load(parse(BASE, "r.yaml", {}))
    run = start(reload=lambda: loaded)
    run.started()
    before = run.children()
    run.signal(signal.SIGHUP)
    assert ("reloaded", "done") == run.heard()
    assert before == run.children()


def test_rules_that_are_refused_refuse_the_settings(
    start: Callable[..., Run], tmp_path: Path
) -> None:
    """Nobody is replaced, and the mistakes are told; with good rules they are taken."""
    rules = tmp_path / "rules"
    rules.mkdir()
    loaded = load(parse(BASE, "r.yaml", {}))
    other = replace(loaded.settings, rules=(str(rules),), forward=ForwardSettings(timeout=1.0))
    run = start(reload=lambda: loaded.with_settings(other))
    run.started()
    before = run.children()
    run.signal(signal.SIGHUP)
    assert [("error", "rules"), ("reloaded", "refused")] == [run.heard(), run.heard()]
    assert before == run.children()
    (rules / "a.yaml").write_text(PROVEN)
    run.signal(signal.SIGHUP)
    assert ("reloaded", "done") == run.heard()
    until(lambda: len(run.children() - before) == 2 and len(run.children()) == 3)


def test_settings_with_which_no_worker_starts(start: Callable[..., Run]) -> None:
    """They have failed; what held before holds for all that start later."""
    loaded = load(parse(BASE, "r.yaml", {}))
    Path("blocked").write_text("no folder")
    spool = replace(loaded.settings.spool, backend="sqlite", path="blocked/spool.db")
    other = replace(loaded.settings, spool=spool)
    run = start(reload=lambda: loaded.with_settings(other))
    started = run.started()
    before = run.children()
    run.signal(signal.SIGHUP)
    assert [("error", "spool_unavailable"), ("reloaded", "failed")] == [run.heard(), run.heard()]
    until(lambda: before == run.children())
    os.kill(max(before), signal.SIGKILL)
    until(lambda: len(run.children() - before) == 1 and len(run.children()) == 3)
    assert answers(started)


def test_what_cannot_be_loaded_is_said(start: Callable[..., Run]) -> None:
    """A reload that fails changes nothing, and its error is told."""

    def refuse() -> Loaded:
        raise RuleError(())

    run = start(reload=refuse)
    started = run.started()
    before = run.children()
    run.signal(signal.SIGHUP)
    assert ("error", "rules") == run.heard()
    assert before == run.children()
    assert answers(started)


def test_one_that_does_not_end_is_killed(start: Callable[..., Run]) -> None:
    """A worker that hangs is ended at the time that is set, and the others with it."""
    run = start(BASE.replace("5s", "1s"))
    run.started()
    pids = sorted(run.children())
    os.kill(pids[-1], signal.SIGSTOP)
    run.signal(signal.SIGTERM)
    assert 0 == run.status()
    assert not Path(f"/proc/{pids[-1]}").exists()


def test_a_worker_that_hangs_is_replaced(
    start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who gives no sign of life for a while is killed, and the port goes on."""
    monkeypatch.setattr(arbiter, "LOOK", 0.6)
    monkeypatch.setattr(arbiter, "HUNG", 4)
    run = start()
    started = run.started()
    victim = max(run.children())
    os.kill(victim, signal.SIGSTOP)
    until(lambda: victim not in run.children() and len(run.children()) == 3)
    assert answers(started)


def test_a_restart_waits_for_no_worker_for_ever(start: Callable[..., Run]) -> None:
    """A worker that does not end when it is asked to is killed after `listen.shutdown`."""
    run = start(BASE.replace("shutdown: 5s", "shutdown: 1s"))
    started = run.started()
    before = run.children()
    os.kill(max(before), signal.SIGSTOP)
    run.signal(signal.SIGHUP)
    until(lambda: len(run.children() - before) == 2 and len(run.children()) == 3)
    assert answers(started)


def test_a_second_restart_waits_for_the_first(start: Callable[..., Run], tmp_path: Path) -> None:
    """What SIGHUP asks for during a restart is done after it: files may have changed since."""
    other = others(load(parse(BASE, "r.yaml", {})))

    def reload() -> Loaded:
        with (tmp_path / "reloads").open("a") as file:
            file.write("x")
        return other()

    def reloads() -> int:
        return len((tmp_path / "reloads").read_text()) if (tmp_path / "reloads").exists() else 0

    run = start(BASE, reload)
    run.started()
    before = run.children()
    run.signal(signal.SIGHUP)
    until(lambda: reloads() == 1 and run.children() != before)
    run.signal(signal.SIGHUP)
    until(lambda: reloads() == 2)
    until(lambda: len(run.children() & before) == 1 and len(run.children()) == 3)


def test_a_restart_goes_on_when_others_die(start: Callable[..., Run]) -> None:
    """The death of the admin port's process leaves no worker with what held before."""
    run = start()
    run.started()
    before = run.children()
    run.signal(signal.SIGHUP)
    until(lambda: run.children() != before)
    os.kill(min(before), signal.SIGKILL)
    until(lambda: not run.children() & before and len(run.children()) == 3)


@pytest.mark.long
def test_a_signal_during_the_fork_is_the_childs(start: Callable[..., Run]) -> None:
    """A child that is asked to end before it has let go does not end the whole relay."""
    run = start()
    run.started()
    for _ in range(5):
        before = run.children()
        os.kill(max(before), signal.SIGKILL)
        until(lambda known=before: run.children() - known != set())
        for pid in run.children() - before:
            os.kill(pid, signal.SIGTERM)
    until(lambda: len(run.children()) == 3)
    run.signal(signal.SIGTERM)
    assert 0 == run.status()


def test_a_start_that_fails_ends_all(start: Callable[..., Run]) -> None:
    """When the workers cannot open what they need, the reason is told and the status is 1."""
    Path("blocked").write_text("no folder")
    run = start(BASE.replace("backend: memory", "path: blocked/spool.db"))
    assert run.status() in (1, 98)


def test_a_port_that_is_taken(start: Callable[..., Run]) -> None:
    """It is said before anything is forked."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        text = BASE.replace("listen: {port: 0", f"listen: {{port: {taken.getsockname()[1]}")
        loaded = load(parse(text, "r.yaml", {}))
        with pytest.raises(ListenError):
            Arbiter(
                loaded, on_start=lambda _: None, reload=lambda: loaded, say=lambda _: None
            ).run()
