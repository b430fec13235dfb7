"""For tests of the store of usage events: a fake that stops where it is told, rows to be written.

Also settings of a store in a bucket of a server, and what is in a store.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from relay import jsonio
from relay.config import UsageStore
from relay.scrub.permit import ScrubbedEnvelope
from relay.usage.batches import pack
from relay.usage.model import CleanEvent, Partition, Record
from relay.usage.objects import check_path, decode
from relay.usage.store import Store, Stored
from tests.s3 import Server


def settings_of(
    server: Server,
    bucket: str,
    *,
    prefix: str = "usage",
    port: int | None = None,
    timeout: float = 10,
) -> UsageStore:
    """Return the settings of a store in a bucket.

    Args:
        server: holds the bucket.
        bucket: from `server.bucket()`.
        prefix: of everything in it.
        port: of a proxy before the server.
        timeout: seconds for one request.
    """
    return UsageStore(**server.store(bucket, prefix, port), timeout=timeout)


async def paths(store: Store, prefix: str = "") -> list[str]:
    """Return the paths of all objects, sorted."""
    return sorted([one.path async for one in store.list(prefix)])


async def records(store: Store, prefix: str = "") -> list[bytes]:
    """Return the records of all objects below a folder, sorted: each as often as it is there."""
    found: list[bytes] = []
    for path in await paths(store, prefix):
        if path.endswith(".ndjson.zst"):
            data = await store.get(path)
            assert data is not None
            found += decode(data).splitlines()
    return sorted(found)


EVENTS = Partition(Record.EVENTS, "suite", "web", "2026-11-22", 4)
OPT_OUTS = Partition(Record.OPT_OUTS, "suite", "", "2026-11-22", None)


def row(
    number: int, count: int = 2, partition: Partition = EVENTS, padding: int = 0
) -> ScrubbedEnvelope:
    """Make a batch of the spool; other numbers give other ids and other records."""
    lines = [record(number, index, padding) for index in range(count)]
    return pack([CleanEvent(partition, line) for line in lines], f"{number:032x}")


def record(number: int, index: int, padding: int = 0) -> bytes:
    """Return a record of a batch."""
    return jsonio.dumps({"batch": number, "index": index, "padding": "x" * padding})


def all_records(numbers: Sequence[int], count: int = 2, padding: int = 0) -> list[bytes]:
    """Return the records of batches, sorted: each once."""
    return sorted(record(number, index, padding) for number in numbers for index in range(count))


Step = Callable[[str], Awaitable[None]]


async def go_on(_step: str) -> None:
    """Let a step happen."""


class FakeStore:
    """A `Store` in memory, which passes the suite of all stores, and stops where a test wants.

    Attributes:
        objects: bytes and time of what is in it, by path; two that are opened may share them.
        step: awaited before and after everything that is done, as `before put <path>`; what it
            raises comes out, and whoever waits in it holds the caller.
        conditional: whether `create` keeps what is there.
    """

    def __init__(self, objects: dict[str, tuple[bytes, float]] | None = None) -> None:
        self.objects = {} if objects is None else objects
        self.step: Step = go_on
        self.conditional = True
        self.now = 1_700_000_000.0

    async def put(self, path: str, data: bytes) -> None:
        check_path(path)
        await self.step(f"before put {path}")
        self.objects[path] = (data, self.now)
        await self.step(f"after put {path}")

    async def create(self, path: str, data: bytes) -> bool:
        check_path(path)
        await self.step(f"before create {path}")
        created = path not in self.objects or not self.conditional
        if created:
            self.objects[path] = (data, self.now)
        await self.step(f"after create {path}")
        return created

    async def get(self, path: str) -> bytes | None:
        check_path(path)
        await self.step(f"before get {path}")
        found = self.objects.get(path)
        await self.step(f"after get {path}")
        return None if found is None else found[0]

    async def size(self, path: str) -> int | None:
        check_path(path)
        await self.step(f"before size {path}")
        found = self.objects.get(path)
        await self.step(f"after size {path}")
        return None if found is None else len(found[0])

    async def list(self, prefix: str = "") -> AsyncIterator[Stored]:
        if prefix:
            check_path(prefix)
        await self.step(f"before list {prefix}")
        found = dict(self.objects)
        await self.step(f"after list {prefix}")
        for path, (data, at) in found.items():
            if not prefix or path.startswith(f"{prefix}/"):
                yield Stored(path, len(data), at)

    async def delete(self, paths: Sequence[str]) -> None:
        for path in paths:
            check_path(path)
        if paths:
            await self.step("before delete")
            for path in paths:
                self.objects.pop(path, None)
            await self.step("after delete")
