"""Objects of usage events, made up, and the sets that were made of them, read again."""

import asyncio
import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import zstandard

from relay.usage.catalogue import Attribute, Catalogue, EventType, Type
from relay.usage.export import Exported, Wish, export
from relay.usage.folder import FolderStore

DAY = date(2026, 11, 22)


def attribute(name: str, kind: Type, **more: Any) -> Attribute:
    return Attribute(name, kind, f"What {name} is.", **more)


def catalogue(*events: EventType) -> Catalogue:
    return Catalogue({event.name: event for event in events}, "d1" * 32)


def event_type(name: str, *attributes: Attribute, apps: Iterable[str] = ()) -> EventType:
    return EventType(
        name, f"When {name} is.", {one.name: one for one in attributes}, frozenset(apps)
    )


READY = event_type(
    "suite/ready",
    attribute("language", Type.LANGUAGE, describes=True),
    attribute("networks", Type.WORDS, values=frozenset({"btc", "eth", "ltc"}), describes=True),
    attribute("theme", Type.WORD, values=frozenset({"dark", "light"})),
    attribute("devices", Type.INTEGER, max=9),
    attribute("accounts", Type.INTEGER, buckets=(1, 10)),
    attribute("version", Type.VERSION),
)
CLICK = event_type("click", attribute("tor", Type.BOOLEAN))


def pseudonym(text: str) -> str:
    """As those of the relay look: 32 hex digits."""
    return hashlib.md5(text.encode()).hexdigest()


def record(person: str, kind: str = "suite/ready", **more: Any) -> dict[str, Any]:
    """A record line as plain data; what is not said is as with everybody."""
    attributes = more.pop("attributes", {})
    return {
        "type": kind,
        "version": "26.11.1",
        "commit": "0123abc",
        "channel": "stable",
        "instance": pseudonym(person),
        "session": pseudonym(f"{person} {more.pop('session', 1)}"),
        "message": None,
        "time": "2026-11-22T14:00:00Z",
        "attributes": attributes,
    } | more


def put(
    folder: Path,
    lines: Iterable[Mapping[str, Any]],
    *,
    hour: int | None = 14,
    day: str = "2026-11-22",
    app: str = "suite",
    environment: str = "desktop",
    name: str | None = None,
) -> Path:
    """Write an object as the sink does; without an hour it is one of decisions to opt out."""
    data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    place = f"app={app}/dt={day}"
    if hour is not None:
        place = f"app={app}/environment={environment}/dt={day}/hh={hour:02}"
    record_set = "opt_outs" if hour is None else "events"
    name = name or hashlib.md5(place.encode() + data).hexdigest()
    path = folder / record_set / place / f"{name}.ndjson.zst"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(zstandard.compress(data))
    return path


def run(folder: Path, known: Catalogue, to: Path | None = None, **wish: Any) -> Exported:
    """Make the sets of the day; without `min_group` nothing is suppressed."""
    wanted = Wish(**({"day": DAY, "min_group": 1, "rotate": 30 * 86_400.0} | wish))
    target = FolderStore(to or folder)
    return asyncio.run(export(FolderStore(folder), target, known, wanted, lambda *_: None))


def sets(folder: Path, day: str = "2026-11-22") -> Path:
    return folder / "sets" / f"dt={day}"


def rows(folder: Path, table: str, day: str = "2026-11-22") -> list[dict[str, Any]]:
    """The rows of a table, in the order in which they are written; none if there is no file."""
    found: list[dict[str, Any]] = []
    for file in sorted((sets(folder, day) / table).glob("*.parquet")):
        with duckdb.connect() as connection:
            read = connection.execute("SELECT * FROM read_parquet(?)", [str(file)])
            names = [column[0] for column in read.description or ()]
            found += [dict(zip(names, row, strict=True)) for row in read.fetchall()]
    return found


def dictionary(folder: Path, day: str = "2026-11-22") -> dict[str, Any]:
    return json.loads((sets(folder, day) / "dictionary.json").read_text())


def manifest(folder: Path, day: str = "2026-11-22") -> dict[str, Any]:
    return json.loads((sets(folder, day) / "manifest.json").read_text())


def snapshot(folder: Path) -> dict[str, str]:
    """Every file below a folder with its digest."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
