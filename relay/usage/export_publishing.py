"""Puts the sets of a day into a store, so that a reader finds the old ones whole, or the new ones.

A file's name holds its digest, so nothing that is there is written over. `manifest.json` names the
files of the set; it is put when all of them are there, atomically as every object is. Only then
the others go. Whoever is interrupted before leaves the old set; the same run once more ends it.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from relay import jsonio
from relay.usage.dictionary import to_markdown
from relay.usage.export_parts import Made
from relay.usage.objects import PART, SETS
from relay.usage.store import Store

MANIFEST: Final = "manifest.json"

_DIGITS: Final = 12
_PART: Final = re.compile(PART)  # noqa: TID251 - names of ours


@dataclass(frozen=True, slots=True)
class Published:
    """What is there now: files and their bytes; and files of an older set that went."""

    files: int
    bytes: int
    removed: int


def folder_of(day: str) -> str:
    """Return where the sets of a day are, without a slash at its end."""
    return f"{SETS}/dt={day}"


async def publish(
    store: Store,
    dictionary: Mapping[str, Any],
    tables: Iterable[Made],
    advance: Callable[[int, int], None],
) -> Published:
    """Put a day's sets in the place of those that are there.

    Args:
        store: where they are put, below `sets/dt=…/`.
        dictionary: as `describe` made it.
        tables: with their files, which are removed once they are put.
        advance: told how many files are done, and of how many.

    Raises:
        StoreError: not all of it was put; the old set is whole, or the new one is.
    """
    folder = folder_of(dictionary["day"])
    parts = [(table, nth, file, rows) for table in tables
             for nth, (file, rows) in enumerate(table.files)]  # fmt: skip
    files: list[dict[str, Any]] = []
    for done, (table, nth, file, rows) in enumerate(parts, 1):
        data = file.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        path = f"{table.name}/part-{nth:04}-{digest[:_DIGITS]}.parquet"
        if await store.size(f"{folder}/{path}") != len(data):
            await store.put(f"{folder}/{path}", data)
        files.append(
            {"table": table.name, "path": path, "rows": rows, "bytes": len(data), "sha256": digest}
        )
        file.unlink()
        advance(done, len(parts))
    shown = _page(dictionary)
    manifest = {
        "day": dictionary["day"],
        "complete": dictionary["complete"],
        "min_group": dictionary["min_group"],
        "catalogue": dictionary["catalogue"],
        "dictionary": hashlib.sha256(shown).hexdigest(),
        "files": files,
    }
    await store.put(f"{folder}/{MANIFEST}", _page(manifest))
    await store.put(f"{folder}/dictionary.json", shown)
    await store.put(f"{folder}/dictionary.md", to_markdown(dictionary).encode())
    removed = await _remove_others(store, folder, {str(file["path"]) for file in files})
    return Published(len(files), sum(file["bytes"] for file in files), removed)


def _page(value: Mapping[str, Any]) -> bytes:
    return f"{jsonio.pretty(value)}\n".encode()


async def _remove_others(store: Store, folder: str, named: set[str]) -> int:
    """Remove the parts of a day's sets that the manifest does not name."""
    stale = []
    async for stored in store.list(folder):
        path = stored.path.removeprefix(f"{folder}/")
        if path not in named and _PART.fullmatch(path) is not None:
            stale.append(stored.path)
    if stale:
        await store.delete(sorted(stale))
    return len(stale)
