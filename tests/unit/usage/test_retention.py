"""What goes out of the store, and what stays: by the day in a path, and by our names."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay import jsonio
from relay.config import UsageKeep
from relay.errors import StoreError
from relay.ports import Expired
from relay.spool import Bounds, MemorySpool
from relay.usage import export_publishing, retention
from relay.usage.export_parts import Made
from relay.usage.folder import FolderStore
from relay.usage.model import Partition, Record
from relay.usage.objects import FENCE, path_of
from relay.usage.pending import PROBE
from relay.usage.retention import DAY, day_at, expire, expire_spool, first_kept, owner_of
from relay.usage.retention_report import Kind, SpoolReport, Tally
from relay.usage.store import Stored
from tests.fakes import FakeClock, envelope
from tests.usage_store import paths

TODAY = date(2026, 11, 26)
NAME = "0" * 32


def event(day: date | str, name: str = NAME) -> str:
    return path_of(Partition(Record.EVENTS, "suite", "web", str(day), 14), name)


def opt_out(day: date | str) -> str:
    return path_of(Partition(Record.OPT_OUTS, "suite", "", str(day), None), NAME)


def part(day: date | str) -> str:
    return f"sets/dt={day}/accounts_empty-account/part-0000-0123456789ab.parquet"


def note(*named: str) -> bytes:
    return jsonio.dumps(
        {"max_age": 9, "objects": [{"path": one, "size": 90, "rows": [NAME]} for one in named]}
    )


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "usage")


# --- the boundary ---


def test_90_days_are_there_on_day_91() -> None:
    """On day 91 all of day 1 goes and day 2 stays; on day 90 nothing goes."""
    day_1 = date(2026, 1, 1)
    assert day_1 + timedelta(days=1) == first_kept(day_1 + timedelta(days=90), 90 * DAY)
    assert day_1 == first_kept(day_1 + timedelta(days=89), 90 * DAY)


@pytest.mark.parametrize(
    ("keep", "days"), [(DAY, 1), (1.5 * DAY, 1), (2 * DAY, 2), (0, 1), (90 * DAY - 1, 89)]
)
def test_what_is_no_whole_day_is_not_kept(keep: float, days: int) -> None:
    """Whole days stay, today among them, and today always."""
    assert TODAY - timedelta(days=days - 1) == first_kept(TODAY, keep)


def test_longer_than_there_are_days_is_for_ever() -> None:
    """A time to keep that is longer than the calendar keeps all."""
    assert date.min == first_kept(TODAY, 1e12)


@given(
    now=st.floats(0, 4e9),
    keep=st.floats(DAY, 1_000 * DAY),
    age=st.floats(0, 2_000 * DAY),
)
def test_nothing_that_stays_is_older_than_configured(now: float, keep: float, age: float) -> None:
    """Until its day ends, no record of a day that stays is too old; one that goes is near it."""
    taken = now - age
    day = day_at(taken)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
    first = first_kept(day_at(now), keep)
    if day >= first:
        assert age <= keep
    else:
        assert now - midnight > keep - 2 * DAY


# --- whose objects are ours ---


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        (event("2026-01-02"), (Kind.EVENTS, date(2026, 1, 2))),
        (opt_out("2026-01-02"), (Kind.OPT_OUTS, date(2026, 1, 2))),
        (part("2026-01-02"), (Kind.SETS, date(2026, 1, 2))),
        ("sets/dt=2026-01-02/manifest.json", (Kind.SETS, date(2026, 1, 2))),
        ("sets/dt=2026-01-02/dictionary.md", (Kind.SETS, date(2026, 1, 2))),
        ("sets/dt=2026-01-02/mine.parquet", None),
        ("sets/dt=2026-01-02/a/b/part-0000-0123456789ab.parquet", None),
        ("sets/dt=2026-13-02/manifest.json", None),
        (event("2026-02-30"), None),
        (event("2026-01-02") + ".bak", None),
        ("elsewhere/" + event("2026-01-02"), None),
        ("backup/dt=2026-01-02/notes.txt", None),
        ("dt=2026-01-02", None),
    ],
)
def test_only_names_of_ours_have_a_day(path: str, owner: object) -> None:
    """A day in a path is not enough: the whole path must be as we write it."""
    assert owner == owner_of(path)


async def test_what_an_export_writes_is_ours(
    store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every object of a day's sets is known, so all of them go."""
    monkeypatch.setattr(export_publishing, "to_markdown", lambda _: "# Of no matter here")
    file = tmp_path / "one.parquet"
    file.write_bytes(b"PAR1")
    made = Made("accounts_empty-account", None, (), ((file, 1),), 10, 0, {})
    dictionary = {"day": "2026-01-02", "complete": True, "min_group": 10, "catalogue": "",
                  "tables": []}  # fmt: skip
    await export_publishing.publish(store, dictionary, [made], lambda _done, _all: None)
    found = await paths(store)
    assert len(found) > 1
    assert {(Kind.SETS, date(2026, 1, 2))} == {owner_of(path) for path in found}


# --- a whole store ---


async def test_each_set_goes_by_its_own_time(store: FolderStore) -> None:
    """Events, decisions and sets are kept for as long as each is configured."""
    keep = UsageKeep(events=2 * DAY, opt_outs=3 * DAY, sets=4 * DAY)
    for days in range(6):
        for path in (event(ago(days)), opt_out(ago(days)), part(ago(days))):
            await store.put(path, b"x" * 10)
    report = await expire(store, keep, TODAY)
    kept = [*map(event, map(ago, range(2))), *map(opt_out, map(ago, range(3)))]
    assert sorted([*kept, *map(part, map(ago, range(4)))]) == await paths(store)
    told = {one.kind: (one.first, one.gone, one.left) for one in report.kinds}
    assert {
        Kind.EVENTS: (ago(1), Tally(4, 40, ago(5), ago(2)), Tally(2, 20, ago(1), TODAY)),
        Kind.OPT_OUTS: (ago(2), Tally(3, 30, ago(5), ago(3)), Tally(3, 30, ago(2), TODAY)),
        Kind.SETS: (ago(3), Tally(2, 20, ago(5), ago(4)), Tally(4, 40, ago(3), TODAY)),
        Kind.NOTES: (ago(2), Tally(), Tally()),
    } == told
    assert (9, "", Tally()) == (report.objects, report.error, report.strangers)


async def test_a_dry_run_deletes_nothing(store: FolderStore) -> None:
    """It tells the same as the run that deletes."""
    for days in (0, 90, 91):
        await store.put(event(ago(days)), b"x")
    before = await paths(store)
    told = await expire(store, UsageKeep(), TODAY, dry_run=True)
    assert before == await paths(store)
    done = await expire(store, UsageKeep(), TODAY)
    assert told.kinds == done.kinds
    assert ([event(TODAY)], True, False) == (await paths(store), told.dry_run, done.dry_run)


async def test_a_second_run_finds_nothing(store: FolderStore) -> None:
    """What is done is done; an empty store is no mistake."""
    assert 0 == (await expire(store, UsageKeep(), TODAY)).objects
    await store.put(event(ago(90)), b"x")
    assert [1, 0] == [(await expire(store, UsageKeep(), TODAY)).objects for _ in range(2)]


@pytest.mark.parametrize("folder", ["a\\b", "a\nb", "a\u2028b", "\udcff"])
async def test_a_name_that_no_store_takes_keeps_nothing(store: FolderStore, folder: str) -> None:
    """A folder that somebody else made ends no sweep: what is too old goes all the same."""
    await store.put(event(ago(400)), b"four")
    file = store._root / f"sets/dt={ago(400)}" / folder / "part-0000-0123456789ab.parquet"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"four")
    report = await expire(store, UsageKeep(), TODAY)
    assert (1, "", Tally(1, 4)) == (report.objects, report.error, report.strangers)


async def test_strangers_are_left_alone(store: FolderStore) -> None:
    """What has no name of ours stays, however old its day is, and is counted."""
    strange = ["readme.txt", f"sets/dt={ago(400)}/chart.png", f"events/dt={ago(400)}/x.csv"]
    for path in (*strange, event(ago(400))):
        await store.put(path, b"four")
    report = await expire(store, UsageKeep(), TODAY)
    assert sorted(strange) == await paths(store)
    assert Tally(3, 12) == report.strangers


async def test_days_to_come_stay(store: FolderStore) -> None:
    """Where a clock was wrong, nothing that is dated later is touched."""
    await store.put(event(ago(-400)), b"x")
    assert 0 == (await expire(store, UsageKeep(), TODAY)).objects


async def test_empty_folders_go(store: FolderStore, tmp_path: Path) -> None:
    """Of a day that went no folder is left, and the others stand."""
    for path in (event(ago(90)), opt_out(ago(90)), part(ago(90)), event(ago(89))):
        await store.put(path, b"x")
    await expire(store, UsageKeep(), TODAY)
    folders = {one.name for one in (tmp_path / "usage").rglob("*") if one.is_dir()}
    assert {".parts", "events", "app=suite", "environment=web", f"dt={ago(89)}", "hh=14"} == folders


async def test_a_note_goes_with_all_that_it_names(store: FolderStore) -> None:
    """One that names anything that is kept stays; the probe of the store stays for ever."""
    await store.put(PROBE, FENCE)
    old, mixed, young = (f"_pending/{digit * 32}.json" for digit in "123")
    await store.put(old, note(event(ago(90)), opt_out(ago(95))))
    await store.put(mixed, note(event(ago(90)), opt_out(ago(89))))
    await store.put(young, note(event(TODAY)))
    report = await expire(store, UsageKeep(), TODAY)
    assert sorted([PROBE, mixed, young]) == await paths(store)
    (notes,) = [one for one in report.kinds if one.kind is Kind.NOTES]
    assert (1, ago(90), ago(90)) == (notes.gone.objects, notes.gone.oldest, notes.gone.newest)
    assert (2, ago(89), TODAY) == (notes.left.objects, notes.left.oldest, notes.left.newest)
    assert Tally() == report.strangers


@pytest.mark.parametrize("data", [b"{", b"", b'{"objects":[]}'])
async def test_a_note_that_cannot_be_read_is_as_old_as_its_file(
    store: FolderStore, data: bytes
) -> None:
    """It goes when events of the day on which it was written do."""
    path = f"_pending/{NAME}.json"
    await store.put(path, data)
    (stored,) = [one async for one in store.list()]
    written = day_at(stored.modified)
    assert 0 == (await expire(store, UsageKeep(), written + timedelta(days=89))).objects
    assert 1 == (await expire(store, UsageKeep(), written + timedelta(days=90))).objects


class MemoryStore:
    """A `store.Store` in memory."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    async def put(self, path: str, data: bytes) -> None:
        self.objects[path] = data

    async def create(self, path: str, data: bytes) -> bool:
        return self.objects.setdefault(path, data) is data

    async def get(self, path: str) -> bytes | None:
        return self.objects.get(path)

    async def size(self, path: str) -> int | None:
        return len(self.objects[path]) if path in self.objects else None

    async def list(self, prefix: str = "") -> AsyncIterator[Stored]:
        for path, data in list(self.objects.items()):
            if path.startswith(prefix):
                yield Stored(path, len(data))

    async def delete(self, paths: Sequence[str]) -> None:
        for path in paths:
            self.objects.pop(path, None)

    async def tidy(self) -> None:
        pass


MAKERS = {Kind.EVENTS: event, Kind.OPT_OUTS: opt_out, Kind.SETS: part}
KEPT = st.integers(1, 400)


@given(
    objects=st.sets(st.tuples(st.sampled_from(list(MAKERS)), st.integers(-3, 410))),
    notes=st.lists(st.sets(st.integers(-3, 410), min_size=1), max_size=3),
    strange=st.sets(st.integers(0, 410)),
    keep=st.tuples(KEPT, KEPT, KEPT),
    batch=st.integers(1, 5),
)
async def test_what_stays_is_what_is_young_or_not_ours(
    objects: set[tuple[Kind, int]],
    notes: list[set[int]],
    strange: set[int],
    keep: tuple[int, int, int],
    batch: int,
) -> None:
    """Whatever a store holds and is to keep: each object stays by its own kind and day alone."""
    store, stays = MemoryStore(), set()
    kept = dict(zip(MAKERS, keep, strict=True))
    for kind, days in objects:
        await store.put(MAKERS[kind](ago(days)), b"x")
        stays |= {MAKERS[kind](ago(days))} if days < kept[kind] else set()
    for number, named in enumerate(notes):
        path = f"_pending/{number:032x}.json"
        await store.put(path, note(*(event(ago(days)) for days in named)))
        stays |= {path} if min(named) < kept[Kind.EVENTS] else set()
    for days in strange:
        stays.add(f"events/dt={ago(days)}/{NAME}.ndjson")
        await store.put(f"events/dt={ago(days)}/{NAME}.ndjson", b"x")
    before = len(store.objects)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retention, "BATCH", batch)
        report = await expire(store, UsageKeep(*(days * DAY for days in keep)), TODAY)
    assert stays == set(store.objects)
    assert (before - len(stays), "") == (report.objects, report.error)
    assert len(strange) == report.strangers.objects


async def test_others_have_their_turn_meanwhile() -> None:
    """A long list that is here as a whole holds up no request."""
    store = MemoryStore()
    for number in range(10 * retention.AT_ONCE):
        await store.put(event(TODAY, f"{number:032x}"), b"x")
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.ensure_future(others())
    await expire(store, UsageKeep(), TODAY)
    beside.cancel()
    assert turns >= 10


# --- what fails ---


class Failing(FolderStore):
    """A store that fails to delete some, or to list all."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.keeps = ""
        self.ends = False

    async def delete(self, paths: Sequence[str]) -> None:
        if self.keeps and any(self.keeps in path for path in paths):
            raise StoreError("locked")
        await super().delete(paths)

    async def list(self, prefix: str = "") -> AsyncIterator[Stored]:
        async for stored in super().list(prefix):
            yield stored
            if self.ends:
                raise StoreError("away")


async def test_what_fails_is_told_and_the_rest_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One batch that cannot be deleted keeps no other one."""
    monkeypatch.setattr(retention, "BATCH", 1)
    store = Failing(tmp_path)
    for days in (90, 91, 92):
        await store.put(event(ago(days)), b"x")
    store.keeps = str(ago(91))
    report = await expire(store, UsageKeep(), TODAY)
    assert [event(ago(91))] == await paths(store)
    (events,) = [one for one in report.kinds if one.kind is Kind.EVENTS]
    assert (2, Tally(1, 1, ago(91), ago(91))) == (events.gone.objects, events.failed)
    assert "locked" == report.error


async def test_a_store_that_fails_again_and_again_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some failures the rest waits for the next time."""
    monkeypatch.setattr(retention, "BATCH", 1)
    store = Failing(tmp_path)
    for number in range(retention.MOST_FAILURES + 5):
        await store.put(event(ago(90), f"{number:032x}"), b"x")
    store.keeps = "dt="
    report = await expire(store, UsageKeep(), TODAY)
    (events,) = [one for one in report.kinds if one.kind is Kind.EVENTS]
    assert (0, retention.MOST_FAILURES) == (events.gone.objects, events.failed.objects)


async def test_a_list_that_breaks_off_is_no_success(tmp_path: Path) -> None:
    """What was found until then goes, and the error is told."""
    store = Failing(tmp_path)
    await store.put(event(ago(90)), b"x")
    store.ends = True
    report = await expire(store, UsageKeep(), TODAY)
    (events,) = [one for one in report.kinds if one.kind is Kind.EVENTS]
    assert ("away", 1, 0) == (report.error, events.gone.objects, events.failed.objects)


# --- spools, and telling ---


async def test_a_spool_tells_what_went() -> None:
    """Its report is what went, or why nothing did."""
    clock = FakeClock()
    spool = MemorySpool(clock, Bounds(max_age=10))
    await spool.put(envelope())
    clock.advance(10)
    gone = Expired(waiting=1, bytes=len(envelope().body))
    assert SpoolReport("usage", gone) == await expire_spool("usage", spool, dry_run=True)
    assert SpoolReport("usage", gone) == await expire_spool("usage", spool)
    await spool.close()
    failed = await expire_spool("usage", spool)
    assert (Expired(), "the spool is closed") == (failed.gone, failed.error)
