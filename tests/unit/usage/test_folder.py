"""The store that is a folder: modes, syncs, what crashes leave."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from relay.errors import StoreError
from relay.usage import folder as module
from relay.usage.folder import PARTS, STALE, FolderStore
from tests.usage_store import paths


async def test_all_is_for_the_owner_alone(tmp_path: Path) -> None:
    """Every folder that is made has mode 0700, every file 0600, whatever the umask is."""
    before = os.umask(0)
    try:
        await FolderStore(tmp_path / "deep/usage").put("a/b/one", b"x")
    finally:
        os.umask(before)
    made = {p.name: stat.S_IMODE(p.stat().st_mode) for p in tmp_path.rglob("*")}
    folders = dict.fromkeys(("deep", "usage", "a", "b", PARTS), 0o700)
    assert folders | {"one": 0o600} == made


@pytest.mark.parametrize("write", [FolderStore.put, FolderStore.create])
async def test_a_write_is_synced_before_it_has_a_name_and_its_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[..., object]
) -> None:
    """Bytes, name, folder, in this order: after a loss of power a name stands for all its bytes."""
    store = FolderStore(tmp_path)
    await store.put("a/other", b"")
    done: list[str] = []

    def note(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*given: object, **named: object) -> object:
            is_folder = isinstance(given[0], int) and stat.S_ISDIR(os.fstat(given[0]).st_mode)
            done.append(f"{name} folder" if is_folder else name)
            return real(*given, **named)

        return call

    monkeypatch.setattr(module.os, "fsync", note("sync", os.fsync))
    monkeypatch.setattr(module, "_place", note("name", module._place))
    await write(store, "a/one", b"x")  # type: ignore[misc]
    assert ["sync", "name", "sync folder"] == done


async def test_new_folders_are_synced_into_what_holds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is lost takes its objects along, so each new one is synced from above."""
    synced: list[Path] = []
    sync = module._sync
    monkeypatch.setattr(module, "_sync", lambda path: (synced.append(path), sync(path))[1])
    await FolderStore(tmp_path).put("a/b/one", b"x")
    assert [tmp_path, tmp_path, tmp_path / "a", tmp_path / "a/b"] == synced


async def test_a_write_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where bytes cannot be synced there is no object, and no part of one."""
    store = FolderStore(tmp_path)
    await store.put("a/one", b"before")

    def fail(_file: int) -> None:
        raise OSError(28, "No space left on device", "/secret/path")

    monkeypatch.setattr(module.os, "fsync", fail)
    for write in (store.put, store.create):
        with pytest.raises(StoreError):
            await write("a/one", b"after")
    monkeypatch.undo()
    assert b"before" == await store.get("a/one")
    assert [] == list((tmp_path / PARTS).iterdir())


async def test_an_error_says_no_path(tmp_path: Path) -> None:
    """What cannot be used is told with the system's word for it, and nothing else."""
    (tmp_path / "usage").write_text("a file")
    with pytest.raises(StoreError) as caught:
        await FolderStore(tmp_path / "usage").put("a/one", b"x")
    assert "the folder of usage events cannot be used: Not a directory" == str(caught.value) or (
        "the folder of usage events cannot be used: File exists" == str(caught.value)
    )
    assert (None, True) == (caught.value.__cause__, caught.value.__suppress_context__)


async def test_what_a_crash_left_goes_after_an_hour(tmp_path: Path) -> None:
    """Files that are not whole are deleted when they are old; those of a living process are not."""
    store = FolderStore(tmp_path)
    await store.put("a/one", b"x")
    old, new = tmp_path / PARTS / "old", tmp_path / PARTS / "new"
    for part in (old, new):
        part.write_bytes(b"half an obj")
    past = new.stat().st_mtime - STALE - 5
    os.utime(old, (past, past))
    await FolderStore(tmp_path).put("a/two", b"x")
    assert [new] == list((tmp_path / PARTS).iterdir())
    assert ["a/one", "a/two"] == await paths(store)


async def test_empty_folders_go_with_their_last_object(tmp_path: Path) -> None:
    """A deleted day leaves no folder behind; those that still hold something stay."""
    store = FolderStore(tmp_path)
    for path in ("a/dt=1/hh=01/one", "a/dt=2/hh=01/one"):
        await store.put(path, b"x")
    await store.delete(["a/dt=1/hh=01/one"])
    assert ["dt=2"] == [path.name for path in (tmp_path / "a").iterdir()]


async def test_links_that_lead_nowhere_are_no_objects(tmp_path: Path) -> None:
    """What is no file is not told."""
    store = FolderStore(tmp_path)
    await store.put("a/one", b"x")
    (tmp_path / "a/broken").symlink_to("nowhere")
    assert (["a/one"], None) == (await paths(store), await store.get("a/broken"))


async def test_a_link_to_a_folder_elsewhere_is_a_failure(tmp_path: Path) -> None:
    """What is written through it no list would tell of, so it would never be deleted."""
    store = FolderStore(tmp_path / "usage")
    (tmp_path / "usage").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "usage/events").symlink_to(tmp_path / "elsewhere")
    for prefix in ("", "events"):
        with pytest.raises(StoreError, match="symbolic links"):
            await paths(store, prefix)


async def test_a_link_to_a_folder_in_the_store_is_passed_by(tmp_path: Path) -> None:
    """What it leads to is told once; the store itself may be reached by a link."""
    (tmp_path / "store").symlink_to(tmp_path / "usage")
    (tmp_path / "usage").mkdir()
    store = FolderStore(tmp_path / "store")
    await store.put("a/one", b"x")
    (tmp_path / "usage/latest").symlink_to(tmp_path / "usage/a")
    (tmp_path / "usage/a/around").symlink_to(tmp_path / "usage")
    assert ["a/one"] == await paths(store)


async def test_what_a_crash_left_goes_when_asked(tmp_path: Path) -> None:
    """A file that never became whole goes an hour later, though the process has tidied before."""
    store = FolderStore(tmp_path)
    await store.tidy()
    assert [] == list(tmp_path.iterdir())
    await store.put("a/one", b"x")
    left, young = (tmp_path / PARTS / name for name in ("left", "young"))
    for path in (left, young):
        path.write_bytes(b"half of it")
    then = left.stat().st_mtime - STALE - 60
    os.utime(left, (then, then))
    await store.tidy()
    assert [young] == list((tmp_path / PARTS).iterdir())
    assert ["a/one"] == await paths(store)
