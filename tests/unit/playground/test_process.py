"""The playground's own process: begun when asked, bounded, and gone when nobody asks."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from relay.errors import OverloadedError, RelayError
from relay.playground import process as process_module
from relay.playground.child import MEMORY
from relay.playground.process import WAITING, TryingProcess
from relay.playground.work import Op
from relay.rulefiles import read
from relay.rules.loading import RuleText
from tests.unit.playground.test_work import trial

ROOT = Path(__file__).parents[3]
RULES = read([ROOT / "rules" / "network" / "mac-address.yaml"])


@asynccontextmanager
async def trying(
    texts: Callable[[], tuple[RuleText, ...]] = lambda: RULES, **bounds: float
) -> AsyncIterator[TryingProcess]:
    """Make one, and end it."""
    made = TryingProcess(texts, **bounds)
    try:
        yield made
    finally:
        await made.close()


async def until(look: Callable[[], bool]) -> None:
    """Return when something is so."""
    async with asyncio.timeout(30):
        while not look():  # noqa: ASYNC110 - the system gives no sign
            await asyncio.sleep(0.01)


async def gone(pid: int | None) -> None:
    """Return when a process is no more."""
    await until(lambda: not Path(f"/proc/{pid}").exists())


def has_ended(pid: int) -> bool:
    """Whether a process has ended, be it that nobody has asked how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def body(**changed: Any) -> bytes:
    return json.dumps(trial(**changed)).encode()


def status_of(pid: int | None, name: str) -> str:
    """A line of what the system says of a process."""
    text = Path(f"/proc/{pid}/{name}").read_text()
    return " ".join(text.split())


async def test_it_answers_bounded_and_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """It begins at first use, without our settings, and can open nothing; it ends when closed."""
    monkeypatch.setenv("RELAY_HASH__SECRET", "hunter2")
    async with trying() as it:
        assert it.pid is None
        first = await it.ask(Op.TRY, body())
        pid = it.pid
        assert (200, True) == (first.status, b"[ticket]" in first.body)
        assert "hunter2" not in status_of(pid, "environ")
        limits = status_of(pid, "limits")
        assert "Max open files 0 0" in limits
        assert "Max file size 0 0" in limits
        assert "Max core file size 1 1" in limits or "Max core file size 0 0" in limits
        assert int(limits.partition("Max address space ")[2].split()[0]) < 2 * MEMORY
        assert int(limits.partition("Max cpu time ")[2].split()[0]) < 30
        files = {path.name: path for path in Path(f"/proc/{pid}/fd").iterdir()}
        assert ({"0", "1", "2"}, "/dev/null") == ({*files}, str(files["2"].readlink()))
        rules = json.loads((await it.ask(Op.RULES)).body)["rules"]
        assert (["network/mac-address"], pid) == ([rule["id"] for rule in rules], it.pid)
    await gone(pid)
    assert it.pid is None


async def test_other_rules_want_another_process() -> None:
    """When the service has other rules, the next request is answered with them."""
    now = [RULES]
    async with trying(lambda: now[0]) as it:
        await it.ask(Op.RULES)
        pid = it.pid
        now[0] = read([ROOT / "rules" / "network" / "ip-address.yaml"])
        rules = json.loads((await it.ask(Op.RULES)).body)["rules"]
        assert ["network/ip-address"] == [rule["id"] for rule in rules]
        await gone(pid)


async def test_what_takes_too_long_is_ended_and_the_next_is_answered() -> None:
    """Whoever asked is told; the process begins again for the next one."""
    async with trying() as it:
        await it.ask(Op.RULES)
        pid = it.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        it._seconds = 0.05
        over = await it.ask(Op.TRY, body())
        assert (422, True) == (over.status, b"was ended" in over.body)
        await gone(pid)
        it._seconds = 60
        assert 200 == (await it.ask(Op.TRY, body())).status
        again = it.pid
        assert again is not None
        os.kill(again, signal.SIGKILL)
        while not has_ended(again):
            pass  # so that the loop does not hear of its end before it is asked
        assert 200 == (await it.ask(Op.TRY, body())).status


async def test_it_ends_when_nobody_asks() -> None:
    """After a while without a request there is no process."""
    async with trying(idle=0.0) as it:
        await it.ask(Op.RULES)
        await until(lambda: it.pid is None)


async def test_who_goes_away_takes_the_process_along() -> None:
    """A request that is given up leaves no answer behind for the next one."""
    async with trying() as it:
        await it.ask(Op.RULES)
        pid = it.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        asking = asyncio.ensure_future(it.ask(Op.TRY, body()))
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await gone(pid)


async def test_only_some_may_wait() -> None:
    """What comes while too many wait is refused at once."""
    async with trying() as it:
        asking = [asyncio.ensure_future(it.ask(Op.RULES)) for _ in range(WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(OverloadedError):
            await it.ask(Op.RULES)
        assert [200] * WAITING == [(await one).status for one in asking]


async def test_rules_that_do_not_load_are_an_error() -> None:
    """It does not go on with no rules as if these were the service's."""
    async with trying(lambda: (RuleText("a", "a.yaml", "nothing"),)) as it:
        with pytest.raises(RelayError, match="cannot load the rules"):
            await it.ask(Op.RULES)
        assert it.pid is None


async def test_a_process_that_breaks_is_told_of_in_two_words(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the log nor the answer says more."""
    monkeypatch.setattr(process_module.sys, "executable", "/bin/false")
    async with trying() as it:
        answer = await it.ask(Op.RULES)
    assert (500, b'{"detail":"internal error","causes":[]}') == (answer.status, answer.body)
    assert ["playground_process_failed"] == [record.message for record in caplog.records]


async def test_it_uses_up_no_more_than_it_may() -> None:
    """A request that wants more memory than there is ends the process, and is told so."""
    async with trying(seconds=300) as it:
        # A text of 60 MB, which is read in several ways, each of them as large.
        sample = {"kind": "text", "text": "AA:BB:CC:DD:EE:FF " * 3_300_000}
        answer = await it.ask(Op.TRY, body(sample=sample, rules=[]))
        assert (422, True) == (answer.status, b"memory" in answer.body)
        assert 200 == (await it.ask(Op.RULES)).status


def test_it_does_not_outlive_its_parent() -> None:
    """The end of its input is its own."""
    done = subprocess.run(
        [sys.executable, "-m", "relay.playground.child"], cwd=ROOT, input=b"", check=False
    )
    assert 0 == done.returncode


def test_what_it_needs_is_loaded_before_the_door_closes() -> None:
    """The examples of all shipped rules, and samples of each client, want no module beyond."""
    done = subprocess.run(
        [sys.executable, "-c", LATE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "[]" == done.stdout.strip()


LATE = """
import codecs, sys
from pathlib import Path
from relay import rulefiles
from relay.playground import child
from relay.rules.loading import load_rules
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber
from relay.workbench.trying import Desk, Kind, Sample, try_rules

for name in child.CODECS:
    codecs.lookup(name)
keys = HashKeys(b"k" * 32)
desk = Desk(load_rules(rulefiles.shipped()), keys)
desk.prepare((), with_loaded=True)
before = set(sys.modules)
for sample in sorted(Path("tests/samples").glob("*/*.bin"))[::12]:
    text = sample.read_bytes().decode("utf-8", "replace")
    for kind in Kind:
        try_rules(desk, (), Sample(kind, text), with_loaded=True)
for rule in desk.loaded:
    for one in (*rule.scrubs, *rule.leaves):
        value = getattr(one, "before", getattr(one, "value", None))
        if isinstance(value, str):
            try_rules(desk, (), Sample(Kind.TEXT, value), with_loaded=True)
print(sorted(set(sys.modules) - before))
"""
