"""One suite for every store of usage events: what `relay.usage.store.Store` promises."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import obstore.store
import pytest

from relay.usage.buckets import Bucket
from relay.usage.folder import FolderStore
from relay.usage.store import Store, open_store
from tests.s3 import PAGE, Server
from tests.usage_store import FakeStore, paths, settings_of

Open = Callable[[], Store]


@pytest.fixture(params=["fake", "folder", "memory", "strict", "s3", "azure", "google"])
def open_again(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Open:
    """Opens the same store as often as it is called."""
    match request.param:
        case "fake":
            objects: dict[str, tuple[bytes, float]] = {}
            return lambda: FakeStore(objects)
        case "folder":
            return lambda: FolderStore(tmp_path / "usage")
        case "strict":  # it fails at what is not there to be deleted, as Google's and Azure's do
            strict = obstore.store.LocalStore(tmp_path)
            return lambda: Bucket(strict, 10)
        case "memory":
            memory = obstore.store.MemoryStore()
            return lambda: Bucket(memory, 10)
        case _:
            running: Server = request.getfixturevalue(request.param)
            for name, value in running.environment.items():
                monkeypatch.setenv(name, value)
            settings = settings_of(running, running.bucket())
            return lambda: open_store(settings)


@pytest.fixture
def store(open_again: Open) -> Store:
    return open_again()


async def test_what_was_put_is_there(store: Store, open_again: Open) -> None:
    """An object is read as it was written, by whoever opens the store."""
    await store.put("events/app=suite/one.bin", b"\x00some bytes")
    assert b"\x00some bytes" == await open_again().get("events/app=suite/one.bin")


async def test_a_put_writes_over_what_is_there(store: Store) -> None:
    """The last put stands, whole."""
    await store.put("a/one", b"longer than the next")
    await store.put("a/one", b"short")
    assert b"short" == await store.get("a/one")


async def test_an_object_may_be_empty(store: Store) -> None:
    """No bytes are bytes, too."""
    await store.put("a/empty", b"")
    assert (0, b"") == (await store.size("a/empty"), await store.get("a/empty"))


async def test_what_is_not_there_is_none(store: Store) -> None:
    """Of no object there is neither size nor content; nor of a folder."""
    await store.put("a/b/one", b"x")
    found = [await store.get("a/none"), await store.size("a/none"), await store.get("a/b")]
    assert [None, None, None] == found


async def test_a_size_is_in_bytes(store: Store) -> None:
    """The size is that of the content."""
    await store.put("a/one", bytes(12_345))
    assert 12_345 == await store.size("a/one")


async def test_what_is_there_is_not_created(store: Store) -> None:
    """A create leaves what is there, and says so."""
    first = await store.create("a/one", b"first")
    second = await store.create("a/one", b"second")
    assert (True, False, b"first") == (first, second, await store.get("a/one"))


async def test_what_was_deleted_can_be_created(store: Store) -> None:
    """A deleted object leaves its name free."""
    await store.create("a/one", b"first")
    await store.delete(["a/one"])
    assert await store.create("a/one", b"second")


async def test_of_many_who_create_one_does(store: Store, open_again: Open) -> None:
    """Of several at one time exactly one creates an object, and its content stays."""
    stores = [store, *(open_again() for _ in range(3))]
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(one.create("race/one", b"of %d" % number))
            for number, one in enumerate(stores)
        ]
    (winner,) = [number for number, task in enumerate(tasks) if task.result()]
    assert b"of %d" % winner == await store.get("race/one")


async def test_a_list_is_of_a_folder(store: Store) -> None:
    """A list has what is below a folder, however deep, and not what is only called alike."""
    for path in ("a/one", "a/b/two", "ab/three", "four"):
        await store.put(path, b"x")
    assert ["a/b/two", "a/one"] == await paths(store, "a")
    assert ["a/b/two", "a/one", "ab/three", "four"] == await paths(store)


async def test_a_list_of_nothing_is_empty(store: Store) -> None:
    """A folder that is not there has no objects; nor has a store that nobody wrote to."""
    assert [] == await paths(store)
    await store.put("a/one", b"x")
    assert [] == await paths(store, "none")


async def test_a_list_tells_sizes_and_times(store: Store) -> None:
    """Each object is told with its size; one that was written later is no older."""
    await store.put("a/one", b"x")
    await store.put("a/two", b"xyz")
    found = {one.path: one async for one in store.list("a")}
    assert {"a/one": 1, "a/two": 3} == {path: one.size for path, one in found.items()}
    assert 1_600_000_000 < found["a/one"].modified <= found["a/two"].modified


async def test_a_list_has_no_page_too_few(store: Store) -> None:
    """More objects than a page holds are all told, and all deleted."""
    names = [f"many/{number:04}" for number in range(2 * PAGE + 5)]
    async with asyncio.TaskGroup() as group:
        for part in range(8):
            group.create_task(_put_all(store, names[part::8]))
    assert names == await paths(store, "many")
    await store.delete(names)
    assert [] == await paths(store)


async def _put_all(store: Store, names: list[str]) -> None:
    for name in names:
        await store.put(name, b"")


async def test_deleting_what_is_not_there_is_no_mistake(store: Store) -> None:
    """The others go all the same."""
    for path in ("a/one", "a/two"):
        await store.put(path, b"x")
    await store.delete(["a/none", "a/one", "b/none", "a/two"])
    await store.delete([])
    assert [] == await paths(store)


BAD = [
    "",
    "/",
    "/etc/passwd",
    "a/../../b",
    "..",
    ".",
    "a//b",
    "a/",
    "./a",
    ".parts/x",
    "a\\b",
    "a\0",
]


@pytest.mark.parametrize("path", BAD)
async def test_no_path_leads_elsewhere(store: Store, path: str) -> None:
    """A path that is empty, absolute, or climbs is refused by everything that takes one."""
    calls: list[Any] = [store.put(path, b""), store.create(path, b""), store.get(path)]
    calls += [store.size(path), store.delete(["a", path]), paths(store, path or "..")]
    for call in calls:
        with pytest.raises(ValueError, match="no path in a store"):
            await call
