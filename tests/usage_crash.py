"""Run by tests, as a process: a sink that is killed with SIGKILL at a step, again and again.

For every step of a write a spool is filled anew, and a child process begins to write it and ends
itself at that step. Then another child writes what is left. What is in the store afterwards is
printed, a line of JSON for each step. All are forks of one process, for a start takes longer.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from relay.clock import SystemClock
from relay.config import UsageBatch, UsageStore
from relay.metrics import Metrics
from relay.spool import Bounds, SqliteSpool
from relay.usage.sink import UsageSink
from relay.usage.store import Store, open_store
from tests.usage_store import EVENTS, OPT_OUTS, paths, records, row

ROWS = 5


class Dying:
    """A store that ends its process before or after so many calls; 0 for never."""

    def __init__(self, store: Store, last: int) -> None:
        self._store = store
        self._last = last
        self.count = 0

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._store, name)
        if name == "list":
            return lambda *given: self._list(call, *given)

        async def dying(*given: Any) -> Any:
            self._step()
            answer = await call(*given)
            self._step()
            return answer

        return dying

    async def _list(self, call: Callable[..., Any], *given: Any) -> Any:
        self._step()
        async for one in call(*given):
            yield one
        self._step()

    def _step(self) -> None:
        self.count += 1
        if self.count == self._last:
            os.kill(os.getpid(), signal.SIGKILL)


async def fill(spool_path: Path) -> None:
    spool = await SqliteSpool.open(spool_path, SystemClock())
    rows = [row(number, partition=OPT_OUTS if number == 2 else EVENTS) for number in range(ROWS)]
    async with asyncio.TaskGroup() as group:  # one commit
        for one in rows:
            group.create_task(spool.put(one))
    await spool.close()


async def write(spool_path: Path, store: Store) -> None:
    spool = await SqliteSpool.open(spool_path, SystemClock(), Bounds(max_age=86_400))
    sink = UsageSink(
        spool,
        store,
        SystemClock(),
        UsageBatch(bytes=100_000, every=60),
        metrics=Metrics(),
        random=lambda: 0.0,
        max_age=86_400,
    )
    well = await sink.flush(30)
    await spool.close()
    if not well:
        raise SystemExit(9)


async def told(store: Store, spool_path: Path, status: int) -> dict[str, Any]:
    spool = await SqliteSpool.open(spool_path, SystemClock())
    left = await spool.status()
    await spool.close()
    return {
        "killed": status == signal.SIGKILL,
        "records": [line.decode() for line in await records(store)],
        "left": left.ready + left.claimed + left.buried,
        "notes": len(await paths(store, "_pending")) - 1,
    }


def in_child(make: Callable[[], Coroutine[Any, Any, Any]]) -> int:
    """Run it in a fork; return how that ended."""
    child = os.fork()
    if not child:
        code = 1
        try:
            asyncio.run(make())
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1]


async def write_rest(spool_path: Path, store: Store, status: int) -> None:
    await write(spool_path, store)
    print(json.dumps(await told(store, spool_path, status)), flush=True)


def main(folder: Path, store: dict[str, Any], first: int, stride: int) -> None:
    """Try every step, or one of so many, until one is beyond the last."""
    for step in range(first, 1_000, stride):
        place = folder / str(step)
        place.mkdir()
        spool_path = place / "usage.db"
        settings = UsageStore(**{**store, "url": store["url"].replace("STEP", str(step))})
        in_child(lambda: fill(spool_path))  # noqa: B023 - called at once
        status = in_child(lambda: write(spool_path, Dying(open_store(settings), step)))  # type: ignore[arg-type]  # noqa: B023
        again = in_child(lambda: write_rest(spool_path, open_store(settings), status))  # noqa: B023
        if again:
            raise SystemExit(f"step {step}: the second write ended with {again}")
        if status != signal.SIGKILL:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
