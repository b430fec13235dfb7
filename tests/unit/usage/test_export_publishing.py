"""Sets are put in the place of older ones, whole."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from relay.errors import StoreError
from relay.usage.export_columns import OPT_OUTS
from relay.usage.export_parts import Made
from relay.usage.export_publishing import Published, publish
from relay.usage.folder import FolderStore
from relay.usage.store import Stored
from tests.usage_sets import manifest, sets, snapshot

DICTIONARY = {
    "day": "2026-11-22",
    "complete": True,
    "min_group": 10,
    "pseudonyms_a_person": 1,
    "catalogue": "ab",
    "objects": {"read": 1, "broken": 0},
    "repeats": "<10",
    "unknown": "<10",
    "tables": [],
}


class Failing(FolderStore):
    """A folder that takes so many changes, and then fails at each."""

    def __init__(self, root: Path, left: int) -> None:
        super().__init__(root)
        self.left = left

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise StoreError("no more")

    async def put(self, path: str, data: bytes) -> None:
        self._count()
        await super().put(path, data)

    async def delete(self, paths: Sequence[str]) -> None:
        self._count()
        await super().delete(paths)

    async def list(self, prefix: str = "") -> AsyncIterator[Stored]:
        async for stored in super().list(prefix):
            yield stored


def tables(folder: Path, **contents: str) -> list[Made]:
    """Tables, each with parts of a byte."""
    made = []
    for name, text in contents.items():
        files = []
        for nth, byte in enumerate(text):
            file = folder / f"{name}-{nth}"
            file.write_text(byte)
            files.append((file, 1))
        made.append(Made(name, None, OPT_OUTS, tuple(files), 0, 0, {}))
    return made


def put(store: FolderStore, made: list[Made]) -> Published:
    return asyncio.run(publish(store, DICTIONARY, made, lambda *_: None))


def whole(folder: Path) -> dict[str, str]:
    """What the files that the manifest names hold, by table; each must be as it says."""
    found: dict[str, str] = {}
    for file in manifest(folder)["files"]:
        data = (sets(folder) / file["path"]).read_bytes()
        assert (file["bytes"], file["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
        found[file["table"]] = found.get(file["table"], "") + data.decode()
    return found


def test_what_is_put(tmp_path: Path) -> None:
    """All parts, the manifest, and the dictionary twice."""
    (tmp_path / "made").mkdir()
    published = put(FolderStore(tmp_path), tables(tmp_path / "made", a="xy", b="z"))
    assert Published(3, 3, 0) == published
    assert {"a": "xy", "b": "z"} == whole(tmp_path)
    assert [] == list((tmp_path / "made").iterdir())
    shown = sets(tmp_path) / "dictionary.json"
    assert manifest(tmp_path)["dictionary"] == hashlib.sha256(shown.read_bytes()).hexdigest()
    assert (sets(tmp_path) / "dictionary.md").read_text().startswith("# Usage on 2026-11-22\n")


def test_an_older_set_goes(tmp_path: Path) -> None:
    """What the new set has no more is removed; what is not ours stays."""
    (tmp_path / "made").mkdir()
    store = FolderStore(tmp_path)
    put(store, tables(tmp_path / "made", a="xy", b="z"))
    (sets(tmp_path) / "note.txt").write_text("mine")
    assert Published(1, 1, 2) == put(store, tables(tmp_path / "made", a="x"))
    assert {"a": "x"} == whole(tmp_path)
    there = {path.split("/")[0] for path in snapshot(sets(tmp_path))}
    assert {"a", "manifest.json", "dictionary.json", "dictionary.md", "note.txt"} == there


def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    """The same bytes under the same names."""
    (tmp_path / "made").mkdir()
    put(FolderStore(tmp_path), tables(tmp_path / "made", a="xy"))
    before = snapshot(sets(tmp_path))
    put(FolderStore(tmp_path), tables(tmp_path / "made", a="xy"))
    assert before == snapshot(sets(tmp_path))


@pytest.mark.parametrize("left", range(7))
def test_an_interruption_leaves_one_set_whole(left: int, tmp_path: Path) -> None:
    """Whenever it breaks, the manifest names the old set or the new one, and all of it is there."""
    (tmp_path / "made").mkdir()
    put(FolderStore(tmp_path), tables(tmp_path / "made", a="xy", b="z"))
    new = tables(tmp_path / "made", a="xv", c="w")
    try:
        put(Failing(tmp_path, left), new)
        failed = False
    except StoreError:
        failed = True
    # Two new parts, the manifest, the dictionary twice, and one step to remove the others.
    assert (left < 6) is failed
    expected = {"a": "xy", "b": "z"} if left < 3 else {"a": "xv", "c": "w"}
    assert expected == whole(tmp_path)
    put(FolderStore(tmp_path), tables(tmp_path / "made", a="xv", c="w"))
    assert {"a": "xv", "c": "w"} == whole(tmp_path)
    assert 3 == len(list(sets(tmp_path).rglob("*.parquet")))


def test_a_name_that_no_store_takes_ends_nothing(tmp_path: Path) -> None:
    """A folder that somebody else made is left alone; what is too old beside it goes."""
    (tmp_path / "made").mkdir()
    put(FolderStore(tmp_path), tables(tmp_path / "made", a="x", b="z"))
    strange = sets(tmp_path) / "a\\b/part-0000-0123456789ab.parquet"
    strange.parent.mkdir()
    strange.write_bytes(b"x")
    put(FolderStore(tmp_path), tables(tmp_path / "made", a="x"))
    assert {"a": "x"} == whole(tmp_path)
    assert [True, False] == [strange.exists(), (sets(tmp_path) / "b").exists()]
