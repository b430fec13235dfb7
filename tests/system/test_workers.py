"""Several workers behind one port: one relay to whoever looks from outside."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest
import yaml

from tests.system.running import (
    AUTH,
    ENVELOPE,
    FEW_RULES,
    READY,
    Client,
    Relay,
    Sentry,
    envelope,
    event,
    project,
    until,
)


def change(relay: Relay, section: str, value: object) -> None:
    """Change one section of the configuration that is there."""
    config = yaml.safe_load((relay.folder / "relay.yaml").read_text())
    relay.configure({**config, section: value})


AUTH_HEADER = [("X-Sentry-Auth", AUTH)]


@pytest.fixture
def relay(tmp_path: Path, sentry: Sentry) -> Iterator[Relay]:
    config = {"projects": [project(sentry.dsn())], "rules": FEW_RULES}
    config["listen"] = {"port": 0, "workers": 2}
    relay = Relay(tmp_path / "relay", config)
    with relay.running():
        yield relay


def once(port: int, method: str, path: str, body: bytes = b"") -> int:
    """Send one request on a connection of its own; return the status of its answer."""
    client = Client(port)
    try:
        return client.send(method, path, AUTH_HEADER, body).status
    finally:
        client.close()


def children(relay: Relay) -> set[int]:
    """The processes that the relay's main one has started."""
    path = Path(f"/proc/{relay.pid}/task/{relay.pid}/children")
    return {int(pid) for pid in path.read_text().split()}


def workers(relay: Relay) -> set[int]:
    """Those that hold connections of clients: they do not listen."""
    listening = listeners()
    held = {pid: sockets(pid) for pid in children(relay)}  # one that has ended holds none
    return {pid for pid, own in held.items() if own and not own & listening}


def listeners() -> set[str]:
    """The inodes of all TCP sockets that listen."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[9] for row in rows if row[3] == "0A"}


def sockets(pid: int) -> set[str]:
    """The inodes of a process's sockets."""
    found: set[str] = set()
    with suppress(FileNotFoundError, ProcessLookupError):  # it has ended, and has none
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                target = str(entry.readlink())
                if target.startswith("socket:["):
                    found.add(target[8:-1])
    return found


def connected(pid: int, port: int) -> int:
    """How many connections to a port a process answers."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ours = {r[9] for r in rows if r[3] == "01" and int(r[1].partition(":")[2], 16) == port}
    return len(ours & sockets(pid))


class Traffic:
    """Clients that send one event after the other, each on a connection that it keeps."""

    def __init__(self, relay: Relay, clients: int = 4) -> None:
        self.accepted: list[str] = []
        self.failed: list[str] = []
        self._relay = relay
        self._stop = threading.Event()
        self._numbers = iter(range(1, 1_000_000))
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._send) for _ in range(clients)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def _send(self) -> None:
        client = Client(self._relay.port)
        while not self._stop.is_set():
            with self._lock:
                number = next(self._numbers)
            body = event(number, message=f"event {number}")
            try:
                reply = client.once("POST", ENVELOPE, AUTH_HEADER, envelope(body))
            except OSError as error:
                self.failed.append(type(error).__name__)
                client.close()
                continue
            if reply.status == 200:
                self.accepted.append(body["event_id"])
            else:
                self.failed.append(str(reply.status))
            if reply.headers.get("connection") == "close":
                client.close()
        client.close()

    def some_more(self, count: int = 50) -> None:
        """Return when so many more were accepted."""
        before = len(self.accepted)
        until(lambda: len(self.accepted) >= before + count, "more events to be accepted")


def test_all_answer_and_the_metrics_add_up(relay: Relay, sentry: Sentry) -> None:
    """Connections are spread over the workers, and /metrics is about all of them."""
    clients = [Client(relay.port) for _ in range(8)]
    for number, client in enumerate(clients, 1):
        assert 200 == client.send("POST", ENVELOPE, AUTH_HEADER, envelope(event(number))).status
    assert [4, 4] == [connected(pid, relay.port) for pid in workers(relay)]
    until(lambda: len(sentry.ids()) == 8, "all to arrive")
    assert 8 == relay.count("relay_items_total")["event", "accepted"]
    assert 2 == relay.count("relay_workers")[()]
    assert 200 == once(relay.admin_port, "GET", READY)
    for client in clients:
        client.close()


def test_a_worker_that_dies_is_replaced(relay: Relay, sentry: Sentry) -> None:
    """What was accepted arrives, whoever dies; the others go on, and soon there are two again."""
    before = workers(relay)
    victim = min(before)
    with Traffic(relay) as traffic:
        traffic.some_more()
        os.kill(victim, signal.SIGKILL)
        until(lambda: len(workers(relay) - before) == 1, "a new worker")
        traffic.some_more()
    assert 2 == len(workers(relay))
    assert victim not in workers(relay)
    until(lambda: set(traffic.accepted) <= sentry.ids(), "all that was accepted to arrive")
    assert 1 == relay.count("relay_worker_restarts_total")[()]
    assert '"worker_died"' in relay.errors()
    # Only who was talking to it can have noticed.
    assert len(traffic.failed) <= 4


def test_a_rolling_restart_loses_no_request(relay: Relay, sentry: Sentry) -> None:
    """SIGHUP with other settings replaces all workers; every request is answered with 200."""
    before = workers(relay)
    change(relay, "forward", {"timeout": "29s"})
    with Traffic(relay) as traffic:
        traffic.some_more()
        os.kill(relay.pid, signal.SIGHUP)
        until(lambda: '"restarted_workers"' in relay.errors(), "all to be replaced", 60)
        traffic.some_more()
    assert set() == workers(relay) & before
    assert [] == traffic.failed
    until(lambda: set(traffic.accepted) <= sentry.ids(), "all that was accepted to arrive")
    assert 0 == relay.count("relay_worker_restarts_total")[()]


def test_what_cannot_be_loaded_changes_nothing(relay: Relay) -> None:
    """A broken file is said with its mistakes, and the workers that run go on."""
    before = workers(relay)
    (relay.folder / "relay.yaml").write_text("listen: {prot: 1}\n")
    os.kill(relay.pid, signal.SIGHUP)
    until(lambda: '"reload_refused"' in relay.errors(), "the refusal")
    assert "unknown key 'prot' in listen" in relay.errors()
    assert before == workers(relay)
    assert 200 == once(relay.port, "POST", ENVELOPE, envelope(event()))


def test_a_configuration_that_is_gone_changes_nothing(relay: Relay) -> None:
    """Without its file the relay would go on with no project of its own; a reload refuses that."""
    before = workers(relay)
    (relay.folder / "relay.yaml").unlink()
    os.kill(relay.pid, signal.SIGHUP)
    until(lambda: '"reload_refused"' in relay.errors(), "the refusal")
    assert "the configuration is not there any more" in relay.errors()
    assert before == workers(relay)
    assert 200 == once(relay.port, "POST", ENVELOPE, envelope(event()))


def test_new_rules_hold_after_a_restart(relay: Relay, sentry: Sentry) -> None:
    """SIGHUP reads the configuration again: a consent flag of another name counts from then on."""
    config = {"projects": [project(sentry.dsn(), consent={"flag": "yes"})]}
    relay.configure({**config, "listen": {"port": 0, "workers": 2}})
    os.kill(relay.pid, signal.SIGHUP)
    until(lambda: '"restarted_workers"' in relay.errors(), "all to be replaced", 60)
    client = Client(relay.port)
    assert 403 == client.send("POST", ENVELOPE, AUTH_HEADER, envelope(event())).status
    body = envelope(event(2, tags={"yes": True}))
    assert 200 == client.send("POST", ENVELOPE, AUTH_HEADER, body).status
    client.close()


def test_the_end_loses_nothing(relay: Relay, sentry: Sentry) -> None:
    """SIGTERM under load: what was accepted has arrived, or is in the spool for the next start."""
    with Traffic(relay) as traffic:
        traffic.some_more()
        assert 0 == relay.stop()
    everybody = set(traffic.accepted)
    if not everybody <= sentry.ids():
        with relay.running():
            until(lambda: everybody <= sentry.ids(), "the rest to arrive")
    assert everybody <= sentry.ids()
    assert {"ConnectionRefusedError"} >= set(traffic.failed)


@pytest.mark.parametrize("victim", ["main", "all"])
def test_power_cut(victim: str, relay: Relay, sentry: Sentry) -> None:
    """Whoever is killed, nothing is left behind, and the next start delivers what was accepted."""
    pids = children(relay)
    with Traffic(relay) as traffic:
        traffic.some_more()
        if victim == "all":
            os.kill(relay.pid, signal.SIGSTOP)  # so that it replaces nobody
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
        relay.kill()
        until(lambda: not any(map(_lives, pids)), "its processes to end")
    with relay.running():
        until(lambda: set(traffic.accepted) <= sentry.ids(), "all that was accepted to arrive")


def test_the_admin_port_comes_back(relay: Relay) -> None:
    """The process with the admin port is replaced too, and the counts go on."""
    assert 200 == once(relay.port, "POST", ENVELOPE, envelope(event()))
    (admin,) = children(relay) - workers(relay)
    os.kill(admin, signal.SIGKILL)
    until(lambda: _answers(lambda: relay.count("relay_worker_restarts_total")[()]), "a new one")
    assert 1 == relay.count("relay_items_total")["event", "accepted"]


def test_a_second_relay_on_the_spool_does_not_start(relay: Relay, tmp_path: Path) -> None:
    """The spool belongs to one relay, however many workers that has."""
    config = {
        "listen": {"port": 0, "workers": 2},
        "spool": {"path": str(relay.folder / "spool.db")},
    }
    second = Relay(tmp_path / "second", config)
    with pytest.raises(AssertionError, match="is a relay already running here"):
        second.start()


def _lives(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def _answers(ask: Callable[[], float]) -> bool:
    try:
        return ask() > 0
    except OSError:
        return False


def test_a_spool_that_breaks_is_set_aside(relay: Relay, sentry: Sentry) -> None:
    """When the file turns out to be broken all processes start anew, with a fresh one."""
    assert 200 == once(relay.port, "POST", ENVELOPE, envelope(event()))
    until(lambda: len(sentry.ids()) == 1, "the first event to arrive")
    before = workers(relay)
    for name in ("spool.db", "spool.db-wal"):
        path = relay.folder / name
        with path.open("r+b") as file:
            file.write(b"\x55" * path.stat().st_size)
    numbers = iter(range(2, 10_000))

    def accepted_again() -> bool:
        status = once(relay.port, "POST", ENVELOPE, envelope(event(next(numbers))))
        return status == 200 and len(workers(relay) - before) == 2

    until(accepted_again, "events to be accepted by new workers")
    last = event(10_000)
    assert 200 == once(relay.port, "POST", ENVELOPE, envelope(last))
    until(lambda: last["event_id"] in sentry.ids(), "the last event to arrive")
    assert [] != list(relay.folder.glob("spool.db.damaged-*"))
    assert 1 <= relay.count("relay_spool_damaged_total")[()]


def test_a_spool_that_is_found_broken_by_new_workers_is_set_aside(relay: Relay) -> None:
    """All that had it open have died: who opens it says that it is broken, and another is made."""
    path = relay.folder / "spool.db"
    before = children(relay)
    for pid in before:
        os.kill(pid, signal.SIGSTOP)
    path.write_bytes(b"\x55" * path.stat().st_size)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    until(lambda: _answers(lambda: relay.count("relay_spool_damaged_total")[()]), "a fresh spool")
    assert 200 == once(relay.port, "POST", ENVELOPE, envelope(event()))
    assert [] != list(relay.folder.glob("spool.db.damaged-*"))


def test_no_process_leaves_its_memory_on_a_disk(relay: Relay) -> None:
    """Core dumps hold what is not scrubbed: none of the processes writes one, nor has it piped."""
    everybody = {relay.pid, *children(relay)}
    for pid in workers(relay):
        everybody |= {int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    for pid in everybody:
        limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
        (core,) = (line for line in limits if line.startswith("Max core file size"))
        assert core.split()[4] in ("0", "1")
    assert 6 == len(everybody)


def test_deaths_of_the_admin_process_are_counted_once(relay: Relay) -> None:
    """Whoever answers after it goes on with its counts, however often it was asked for them."""
    for deaths in range(1, 4):
        (admin,) = children(relay) - workers(relay)
        os.kill(admin, signal.SIGKILL)
        until(
            lambda count=deaths: _answers(
                lambda: relay.count("relay_worker_restarts_total")[()] >= count
            ),
            "a new one",
        )
        assert deaths == relay.count("relay_worker_restarts_total")[()]


def test_a_spool_that_is_removed_is_begun_anew(relay: Relay, sentry: Sentry) -> None:
    """Who answered 200 for a file that is gone would lose everything with its process."""
    before = workers(relay)
    for path in relay.folder.glob("spool.db*"):
        path.unlink()
    until(lambda: len(workers(relay) - before) == 2, "new workers")
    until(lambda: once(relay.port, "GET", READY) == 200, "the relay to be ready")
    assert (relay.folder / "spool.db").exists()
    assert 200 == once(relay.port, "POST", ENVELOPE, envelope(event()))
    until(lambda: len(sentry.ids()) == 1, "the event to arrive")
