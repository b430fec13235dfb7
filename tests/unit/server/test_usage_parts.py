"""What usage events need in a process that serves: their spool, their gate, what runs beside."""

import gc
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from relay.clock import SystemClock
from relay.config import Settings, parse
from relay.errors import SpoolUnavailableError
from relay.metrics import Metrics
from relay.rulefiles import shipped_folder
from relay.scrub.hashing import HashKeys
from relay.server.loaded import Loaded, load
from relay.server.parts import Parts, open_parts, prepare_all
from relay.server.usage_parts import COLLECT, surroundings
from relay.spool.sqlite import SqliteSpool
from relay.usage.pseudonyms import usage_secret
from tests.unit.usage.events import TARGET, query

USAGE = f"""\
rules: ['{shipped_folder() / "network"}']
usage: {{apps: [{{name: suite}}], hash: {{secret: 0123456789abcdef}}, store: {{url: 'file:kept'}}}}
"""


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    """What is loaded once for all tests here, for it takes long."""
    return load(parse(USAGE, "r.yaml", {}))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loaded: Loaded) -> Settings:
    monkeypatch.chdir(tmp_path)
    return loaded.settings


async def opened(stack: AsyncExitStack, loaded: Loaded) -> Parts:
    return await open_parts(stack, loaded, Metrics())


async def test_nothing_is_opened_without_an_app(
    loaded: Loaded, settings: Settings, tmp_path: Path
) -> None:
    """No spool, no route, no check."""
    async with AsyncExitStack() as stack:
        parts = await opened(stack, replace(loaded, settings=parse(None, "r.yaml", {})))
        assert (None, None, 1) == (parts.usage, parts.usage_ingest, len(parts.spools))
        assert {"spool", "forwarder", "serving"} == set(await parts.health.parts())
    assert ["spool.db"] == sorted(path.name for path in tmp_path.glob("*.db"))


async def test_usage_events_have_a_spool_of_their_own(
    loaded: Loaded, settings: Settings, tmp_path: Path
) -> None:
    """It is guarded, and asked whether it is well."""
    async with AsyncExitStack() as stack:
        parts = await opened(stack, loaded)
        assert parts.usage is not None
        assert (parts.spool, parts.usage.spool) == parts.spools
        assert isinstance(parts.usage.spool, SqliteSpool)
        assert (await parts.health.parts())["usage_spool"]
        await parts.usage.spool.close()
        with pytest.raises(SpoolUnavailableError):
            await parts.usage.spool.check()
    assert ["spool.db", "usage.db"] == sorted(path.name for path in tmp_path.glob("*.db"))


async def test_the_collector_does_not_look_through_all_that_wait(
    loaded: Loaded, settings: Settings
) -> None:
    """It looks less often, for as long as events are taken."""
    before = gc.get_threshold()
    async with AsyncExitStack() as stack:
        await opened(stack, loaded)
        assert (COLLECT, *before[1:]) == gc.get_threshold()
    assert before == gc.get_threshold()


async def test_new_rules_hold_for_usage_events_too(loaded: Loaded, settings: Settings) -> None:
    """From one moment on, for both; each with keys of its own."""
    async with AsyncExitStack() as stack:
        parts = await opened(stack, loaded)
        assert parts.usage is not None
        other = loaded.scrubber.with_keys(HashKeys(b"other" * 8))
        parts.use(other)
        both = (parts.rotation.current(), parts.usage.rotation.current())
        assert [other.compiled] * 2 == [one.compiled for one in both]
        assert both[0].keys.secret != both[1].keys.secret


async def test_the_same_secret_gives_no_common_pseudonym(
    loaded: Loaded, settings: Settings
) -> None:
    """An operator may have configured it twice: what the rules hash differs all the same."""
    same = replace(settings, hash=replace(settings.usage.hash, rotate=settings.hash.rotate))
    async with AsyncExitStack() as stack:
        parts = await opened(stack, replace(loaded, settings=same))
        assert parts.usage is not None
        both = (parts.rotation.current(), parts.usage.rotation.current())
        assert 2 == len({one.keys.pseudonym("a", "b") for one in both})
    assert usage_secret(b"0123456789abcdef") != b"0123456789abcdef"


async def test_what_waits_at_the_end_is_written(
    loaded: Loaded, settings: Settings, tmp_path: Path
) -> None:
    """The intake ends before the sink, and the sink before the spool."""
    async with AsyncExitStack() as stack:
        parts = await opened(stack, loaded)
        assert parts.usage is not None
        intake = parts.usage.ingest._intake
        decision = query(c_type="settings/analytics", value="false")
        caller = intake._begin(TARGET, decision, ())
        assert caller is not None
    assert (True, None) == (caller.done(), caller.result())
    assert 1 == len(list(tmp_path.glob("kept/opt_outs/**/*.ndjson.zst")))


def test_all_spools_are_prepared(settings: Settings, tmp_path: Path) -> None:
    """Before processes share them; a damaged one is set aside, whichever it is."""
    assert 0 == prepare_all(settings)
    (tmp_path / "usage.db").write_bytes(b"no database" * 1_000)
    assert 1 == prepare_all(settings)
    assert 0 == prepare_all(parse(None, "r.yaml", {}))


def test_tasks_know_how_many_share_a_spool(settings: Settings) -> None:
    """So that what is meant for all can be divided."""
    clock, metrics = SystemClock(), Metrics()
    many = replace(settings, listen=replace(settings.listen, workers=3))
    around = surroundings(many, None, clock, metrics)  # type: ignore[arg-type]
    assert (many.usage, 3) == (around.settings, around.workers)
