"""Notes of what is about to be written, and what is decided by them."""

import pytest

from relay.errors import StoreError
from relay.ports import Claim
from relay.usage.objects import FENCE
from relay.usage.pending import MARGIN, PROBE, Note, Noted, Pending, read_note
from relay.usage.planning import Draft, plan_objects
from tests.usage_store import EVENTS, FakeStore, paths, row

NAME = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32
MAX_AGE = 86_400.0


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


def draft(*numbers: int, name: str = NAME) -> Draft:
    claims = [Claim(number, row(number), 0, 0.0) for number in numbers]
    (one,) = plan_objects(claims, 10**9, lambda: name).drafts
    return one


def noted(one: Draft) -> Noted:
    return Noted(one.path, len(one.data), one.rows)


async def test_a_note_is_read_by_others_as_it_was_written(store: FakeStore) -> None:
    """Another process sees path, size and rows."""
    one = draft(1, 2)
    written = await Pending(store, MAX_AGE).note(NAME, [one])
    reader = Pending(store, MAX_AGE)
    await reader.note(OTHER, [draft(2, 3, name=OTHER)])
    assert Note(NAME, (noted(one),), MAX_AGE) == written
    assert [written] == await reader.others(OTHER, one.rows)


async def test_notes_of_other_rows_are_passed_by(store: FakeStore) -> None:
    """A note is told only where it has one of the rows."""
    await Pending(store, MAX_AGE).note(NAME, [draft(1)])
    reader = Pending(store, MAX_AGE)
    own = await reader.note(OTHER, [draft(2, name=OTHER)])
    assert [] == await reader.others(OTHER, own.rows)


async def test_a_store_that_does_not_list_what_it_has_is_not_trusted(store: FakeStore) -> None:
    """Where the own note is not told, those of others might not be either."""
    pending = Pending(store, MAX_AGE)
    with pytest.raises(StoreError, match="does not list what was written"):
        await pending.others(NAME, frozenset())


@pytest.mark.parametrize("name", [r"a\b", "a\nb", "\udcff", "a", OTHER.upper(), f"a/{NAME}", ""])
async def test_what_has_no_name_of_ours_is_passed_by(store: FakeStore, name: str) -> None:
    """What somebody else has put there is not looked at, and ends nothing."""
    reader = Pending(store, MAX_AGE)
    own = await reader.note(OTHER, [draft(1, name=OTHER)])
    store.objects[f"_pending/{name}.json"] = (b"{}", 0.0)
    assert [] == await reader.others(OTHER, own.rows)


async def test_a_note_too_large_to_be_one_is_not_fetched(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody else has put there is not taken into memory to see what it is."""
    monkeypatch.setattr("relay.usage.pending.LARGEST", 1_000)
    reader = Pending(store, MAX_AGE)
    own = await reader.note(OTHER, [draft(1, name=OTHER)])
    store.objects[f"_pending/{NAME}.json"] = (b" " * 1_001, 0.0)
    steps: list[str] = []

    async def note(step: str) -> None:
        steps.append(step)

    store.step = note
    assert [] == await reader.others(OTHER, own.rows)
    assert [] == [step for step in steps if step.startswith("before get")]


async def test_a_note_is_read_once(store: FakeStore) -> None:
    """Notes never change, so what was read is remembered."""
    await Pending(store, MAX_AGE).note(NAME, [draft(1)])
    reader = Pending(store, MAX_AGE)
    await reader.note(OTHER, [draft(1, name=OTHER)])
    steps: list[str] = []

    async def note(step: str) -> None:
        steps.append(step)

    store.step = note
    for _ in range(3):
        await reader.others(OTHER, draft(1).rows)
    assert 1 == len([step for step in steps if step.startswith("before get")])


async def test_what_was_written_is_believed(store: FakeStore) -> None:
    """An object of the size that was noted is the one that was meant."""
    one = draft(1)
    await store.create(one.path, one.data)
    assert await Pending(store, MAX_AGE).decide(noted(one))
    assert one.data == store.objects[one.path][0]


async def test_what_was_not_written_never_will_be(store: FakeStore) -> None:
    """After the decision that an object was not written, its writer comes too late."""
    one = draft(1)
    assert not await Pending(store, MAX_AGE).decide(noted(one))
    assert FENCE == store.objects[one.path][0]
    assert not await Pending(store, MAX_AGE).write(one)
    assert not await Pending(store, MAX_AGE).decide(noted(one))
    assert FENCE == store.objects[one.path][0]


async def test_what_arrives_amid_the_decision_counts(store: FakeStore) -> None:
    """The object that comes between the look and the fence is there, and no fence is."""
    one = draft(1)

    async def arrive(step: str) -> None:
        if step.startswith("before create"):
            store.objects[one.path] = (one.data, store.now)

    store.step = arrive
    assert await Pending(store, MAX_AGE).decide(noted(one))
    assert one.data == store.objects[one.path][0]


async def test_a_second_try_finds_the_first(store: FakeStore) -> None:
    """What was written before is written."""
    pending = Pending(store, MAX_AGE)
    assert await pending.write(draft(1))
    assert await pending.write(draft(1))
    assert [draft(1).path] == await paths(store)


async def test_the_store_is_probed_once(store: FakeStore) -> None:
    """A store that keeps what is there passes, whether the probe is new or from before."""
    await Pending(store, MAX_AGE).check()
    pending = Pending(store, MAX_AGE)
    await pending.check()
    store.conditional = False
    await pending.check()
    assert [PROBE] == await paths(store)


async def test_a_store_that_keeps_nothing_is_refused(store: FakeStore) -> None:
    """Where both of two creations succeed nobody can be told that another was first."""
    store.conditional = False
    with pytest.raises(StoreError, match="no conditional writes"):
        await Pending(store, MAX_AGE).check()


async def test_a_note_counts_off_what_is_settled(store: FakeStore) -> None:
    """When all rows of a note are settled, by whichever rounds, none is left."""
    pending = Pending(store, MAX_AGE)
    note = await pending.note(NAME, [draft(1, 2)])
    first, second = sorted(note.rows)
    assert [False, True] == [pending.count_off(note, {first}), pending.count_off(note, {second})]


async def test_old_notes_go_by_the_time_of_the_store(store: FakeStore) -> None:
    """A note is too old when it is older than another by the age of rows, and some more."""
    await Pending(store, MAX_AGE).note(NAME, [draft(1)])
    pending = Pending(store, MAX_AGE)
    found: list[int] = []
    for age in (0.0, MAX_AGE + MARGIN, 1.0):
        store.now += age
        await pending.note(OTHER, [draft(1, name=OTHER)])
        found.append(len(await pending.others(OTHER, draft(1).rows)))
    assert [1, 1, 0] == found
    assert [f"_pending/{OTHER}.json"] == await paths(store, "_pending")


async def test_a_note_stays_for_as_long_as_its_own_rows(store: FakeStore) -> None:
    """Who shares the store, and keeps rows for less long, does not delete it too early."""
    await Pending(store, 10 * MAX_AGE).note(NAME, [draft(1)])
    pending = Pending(store, MAX_AGE)
    found: list[int] = []
    for age in (5 * MAX_AGE, 5 * MAX_AGE + MARGIN + 1):
        store.now += age
        await pending.note(OTHER, [draft(1, name=OTHER)])
        found.append(len(await pending.others(OTHER, draft(1).rows)))
    assert [1, 0] == found


async def test_a_note_holds_paths_of_ours_only() -> None:
    """A note that names anything but an object of ours is none."""
    good = '{"max_age":9,"objects":[{"path":"%s","size":99,"rows":["a"]}]}'
    assert EVENTS.app in read_note(NAME, (good % draft(1).path).encode()).objects[0].path
    for path in ("_pending/x.json", "sets/dt=2026-11-22/x.parquet", "/etc/passwd"):
        with pytest.raises(ValueError, match="no note"):
            read_note(NAME, (good % path).encode())
