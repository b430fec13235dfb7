"""What a change of the rules costs those who send meanwhile, and whether any event sees half of it.

The rules that ship, and two more that write the number of their set into each event. Envelopes are
due at even intervals, first while nothing changes, then while the sets are exchanged one after the
other; each one's time runs from when it was due. The upstream keeps what arrives, and each event of
it must have both markers, of one number.
"""

import http.server
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks.load.client import Result, Spec
from benchmarks.load.programs import Clients, Relay, send, until
from benchmarks.load.traffic import PROJECT, SUITE, make_pool
from relay import jsonio
from relay.rulefiles import shipped_folder

_TEXT: Final = "at alpha-word and beta-word"
_SMALL: Final = b'{"event_id":"%s","tags":{"allowReport":true}}' % (b"e" * 32)
_MARKER: Final = re.compile(rb"\[(alpha|beta)-(\d+)\]")
_RULE: Final = """\
id: set/{name}
description: Which set of rules it was
why: So that an event shows it
match: {{pattern: '{name}-word'}}
redact: {{method: replace, text: '[{name}-{number}]'}}
examples:
  scrubs:
    - {{in: '{name}-word', out: '[{name}-{number}]'}}
    - {{in: 'x {name}-word', out: 'x [{name}-{number}]'}}
  leaves: ['{name}', '{name}-wor']
"""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much.

    Attributes:
        workers, senders: processes that answer, and connections of clients.
        rate: envelopes a second, in all.
        changes: how often the rules change.
        seconds: how long they do not, before; 0 to leave that out.
        shipped: whether the rules that ship are in each set, too.
    """

    workers: int = 2
    senders: int = 4
    rate: float = 20.0
    changes: int = 10
    seconds: float = 20.0
    shipped: bool = True


FULL: Final = Effort()
QUICK: Final = Effort(senders=2, changes=2, seconds=0.0, shipped=False)


@dataclass(frozen=True, slots=True)
class Changed:
    """What came of it; times in seconds.

    Attributes:
        quiet, changing: answers while nothing changes, and while rules do.
        changes, accepted: how often rules were exchanged, and taken up.
        took: from the exchange until all workers used it, each.
        arrived: events that came to the upstream.
        mixed: of those, with markers of two sets, or not with both.
        sets: the numbers of sets that events were scrubbed with.
    """

    quiet: Result
    changing: Result
    changes: int
    accepted: int
    took: tuple[float, ...]
    arrived: int
    mixed: int
    sets: frozenset[int]

    @property
    def sent(self) -> int:
        """How many envelopes were sent while rules changed, and before."""
        return sum(self.statuses.values())

    @property
    def statuses(self) -> dict[str, int]:
        """All answers, by status."""
        both = (self.quiet.statuses, self.changing.statuses)
        return {status: sum(one.get(status, 0) for one in both) for status in {*both[0], *both[1]}}

    @property
    def added(self) -> float:
        """How much longer the longest answer took while rules changed than while none did."""
        return max(0.0, self.changing.percentile(1.0) - self.quiet.percentile(1.0))


class Sets:
    """A link to a folder of rules, which is exchanged in one step."""

    def __init__(self, folder: Path, *, shipped: bool) -> None:
        folder.mkdir(parents=True)
        self._shipped = shipped
        self.path = folder / "now"
        self._folder = folder

    def put(self, number: int) -> None:
        """Put the set of a number in the place of the one before."""
        new = self._folder / f"set{number}"
        if self._shipped:
            shutil.copytree(shipped_folder(), new)
        (new / "set").mkdir(parents=True)
        for name in ("alpha", "beta"):
            (new / "set" / f"{name}.yaml").write_text(_RULE.format(name=name, number=number))
        link = self._folder / "next"
        link.symlink_to(new.name)
        link.replace(self.path)


class Keeping:
    """An upstream that keeps what arrives."""

    def __init__(self, port: int) -> None:
        self.dsn = f"http://{'a' * 31}e@127.0.0.1:{port}/{PROJECT}"
        self.bodies: list[bytes] = []


@contextmanager
def _keeping() -> Iterator[Keeping]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            kept.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kept = Keeping(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def measure(folder: Path, effort: Effort) -> Changed:
    """Measure without changes, then with them."""
    events = make_pool(folder, SUITE, 4).read_bytes().splitlines() if effort.shipped else [_SMALL]
    pool = _marked(events, folder / "marked.jsonl")
    sets = Sets(folder / "rules", shipped=effort.shipped)
    sets.put(1)
    with (
        _keeping() as upstream,
        Relay(
            folder / "reload",
            upstream,
            listen={"workers": effort.workers},
            rules=[str(sets.path)],
            reload={"every": "100ms"},
            forward={"compress": "none"},
            client_reports={"enabled": False},
        ) as relay,
    ):
        spec = Spec(relay.port, str(pool), 1, connections=effort.senders, rate=effort.rate)
        quiet = Result()
        if effort.seconds:
            send(Spec(relay.port, str(pool), 2, connections=effort.senders, count=40))
            quiet = send(replace(spec, run=3, seconds=effort.seconds))
        took: list[float] = []
        with Clients(spec) as clients:
            clients.go()
            for number in range(2, effort.changes + 2):
                started = time.monotonic()
                sets.put(number)
                until(lambda n=number: _told(relay) == n - 1, f"set {number} to be taken up")
                took.append(time.monotonic() - started)
            changing = clients.stop()
        relay.drain()
        accepted = _accepted(relay)
    ours = [body for body in upstream.bodies if not _is_of(body, 2)]
    found = [{(name, int(n)) for name, n in _MARKER.findall(body)} for body in ours]
    whole = [{(b"alpha", n), (b"beta", n)} for n in range(1, effort.changes + 2)]
    return Changed(
        quiet=quiet,
        changing=changing,
        changes=effort.changes,
        accepted=accepted,
        took=tuple(took),
        arrived=len(ours),
        mixed=sum(each not in whole for each in found),
        sets=frozenset(n for each in found for _, n in each),
    )


def _told(relay: Relay) -> int:
    """How often its log said so: to ask for its metrics again and again would be a load."""
    return (relay.folder / "stderr").read_bytes().count(b'"rules_accepted"')


def _accepted(relay: Relay) -> int:
    return relay.metric("relay_rules_reloads_total")['{outcome="accepted"}']


def _is_of(body: bytes, run: int) -> bool:
    head = jsonio.loads(body.partition(b"\n")[0])
    return str(head["event_id"]).startswith(f"{run:08x}")


def _marked(events: list[bytes], pool: Path) -> Path:
    """Write a pool of these events, each with what the two rules look for."""
    lines = []
    for line in events:
        event = jsonio.loads(line)
        event["extra"] = {**(event.get("extra") or {}), "which_set": _TEXT}
        lines.append(jsonio.dumps(event))
    pool.write_bytes(b"\n".join(lines) + b"\n")
    return pool
