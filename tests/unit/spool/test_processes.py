"""One spool for several processes: real ones, of which one is killed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from relay.clock import SystemClock
from relay.spool import Bounds, SqliteSpool, prepare_spool

ROOT = Path(__file__).parents[3]

CHILD = """
import asyncio, json, sys, threading
from pathlib import Path
from relay.clock import SystemClock
from relay.delivery import Ack
from relay.errors import SpoolFullError
from relay.spool import Bounds, SqliteSpool
from tests.fakes import envelope

path, orders = Path(sys.argv[1]), json.loads(sys.argv[2])
first, count, holds = orders["first"], orders["count"], orders["holds"]
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()

def say(word, number):
    print(word, number, flush=True)

async def put(spool, number):
    try:
        await spool.put(envelope(number, payload=b"x" * 500))
    except SpoolFullError:
        say("full", number)
    else:
        say("put", number)

async def puts(spool):
    for start in range(first, first + count, 10):
        async with asyncio.TaskGroup() as group:
            for number in range(start, start + 10):
                group.create_task(put(spool, number))

async def sends(spool):
    while not stop.is_set():
        claims = await spool.claim(4)
        for claim in claims:
            number = int(claim.envelope.envelope_id, 16)
            assert envelope(number, payload=b"x" * 500) == claim.envelope
            say("claim", number)
        if holds and claims:
            await asyncio.to_thread(stop.wait)
        await spool.settle([(claim, Ack()) for claim in claims])
        for claim in claims:
            say("ack", int(claim.envelope.envelope_id, 16))
        if not claims:
            await spool.wait(0.2)

async def main():
    bounds = Bounds(max_bytes=orders["max_bytes"])
    spool = await SqliteSpool.open(
        path, SystemClock(), bounds, slot=orders["slot"], checked=True
    )
    say("open", orders["slot"])
    async with asyncio.TaskGroup() as group:
        group.create_task(puts(spool))
        if orders["sends"]:
            group.create_task(sends(spool))
    await spool.close()

asyncio.run(main())
"""


class Child:
    """A process that puts and claims, and says so in lines."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.said: Counter[tuple[str, int]] = Counter()

    def read(self) -> tuple[str, int]:
        """Return the next line."""
        line = self.out.readline()
        assert line.endswith("\n"), "the child has ended"
        word, number = line.split()
        self.said[word, int(number)] += 1
        return word, int(number)

    @property
    def out(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout

    def finish(self) -> None:
        """Let it end by itself, and read the rest; a line that was cut off was not said."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        for line in self.out.read().splitlines(keepends=True):
            if line.endswith("\n"):
                word, number = line.split()
                self.said[word, int(number)] += 1
        self.process.wait(30)

    def numbers(self, word: str) -> set[int]:
        return {number for said, number in self.said if said == word}


@contextmanager
def child(
    path: Path,
    slot: int,
    count: int,
    *,
    sends: bool = True,
    holds: bool = False,
    max_bytes: int = 500_000_000,
) -> Iterator[Child]:
    """Start one; it is ended with the block."""
    orders = {
        "slot": slot,
        "first": slot * 1_000,
        "count": count,
        "sends": sends,
        "holds": holds,
        "max_bytes": max_bytes,
    }
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path), json.dumps(orders)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    with process:
        try:
            yield Child(process)
        finally:
            process.kill()


def test_three_processes_share_one_spool(tmp_path: Path) -> None:
    """What three put at one time is claimed by any of them, each once, and nothing is left."""
    path = tmp_path / "spool.db"
    prepare_spool(path)
    with ExitStack() as stack:
        children = [stack.enter_context(child(path, slot, 100)) for slot in range(3)]
        wanted = {slot * 1_000 + n for slot in range(3) for n in range(100)}
        for one in children:
            while len(one.numbers("put")) < 100:
                one.read()
        asyncio.run(until_empty(path))
        for one in children:
            one.finish()
        assert [0, 0, 0] == [one.process.returncode for one in children]
    said = sum((one.said for one in children), Counter())
    assert dict.fromkeys(wanted, 1) == {
        n: count for (word, n), count in said.items() if word == "claim"
    }
    assert dict.fromkeys(wanted, 1) == {
        n: count for (word, n), count in said.items() if word == "ack"
    }


async def until_empty(path: Path) -> None:
    """Look, as a tool does, until nothing is held."""
    spool = await SqliteSpool.attach(path, SystemClock())
    async with asyncio.timeout(30):
        while (await spool.status()).bytes:
            await spool.wait(0.1)
    await spool.close()


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    """What a process that was killed had claimed is given again; all else that was put, once."""
    path = tmp_path / "spool.db"
    prepare_spool(path)
    with child(path, 0, 200) as well, child(path, 1, 200, holds=True) as doomed:
        while not doomed.numbers("claim") or len(doomed.numbers("put")) < 50:
            doomed.read()
        doomed.process.send_signal(signal.SIGKILL)
        doomed.finish()
        while len(well.numbers("put")) < 200:
            well.read()
        with child(path, 1, 0) as successor:
            assert ("open", 1) == successor.read()
            asyncio.run(until_empty(path))
            well.finish()
            successor.finish()
        assert [0, 0] == [well.process.returncode, successor.process.returncode]
    accepted = well.numbers("put") | doomed.numbers("put")
    claims = Counter(
        {n: count for (word, n), count in (well.said + successor.said).items() if word == "claim"}
    )
    held = doomed.numbers("claim")
    assert set() == accepted - set(claims)
    assert {1} == set(claims.values())
    assert held <= set(claims)


def test_the_bound_holds_over_all(tmp_path: Path) -> None:
    """Two processes together store no more bytes than one may."""
    path = tmp_path / "spool.db"
    prepare_spool(path)
    bound = 30_000
    with ExitStack() as stack:
        children = [
            stack.enter_context(child(path, slot, 50, sends=False, max_bytes=bound))
            for slot in range(2)
        ]
        for one in children:
            one.finish()
            assert 0 == one.process.returncode
    stored = sum(len(one.numbers("put")) for one in children)
    assert 100 == stored + sum(len(one.numbers("full")) for one in children)

    async def held() -> tuple[int, int]:
        spool = await SqliteSpool.open(path, SystemClock(), Bounds())
        status = await spool.status()
        await spool.close()
        return status.ready, status.bytes

    ready, size = asyncio.run(held())
    assert stored == ready
    assert bound - 700 < size <= bound
