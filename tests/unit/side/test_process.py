"""Side processes: what comes back, and that a body that breaks one costs nothing else."""

import asyncio
import gc
import os
import resource
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import uvloop

from relay.errors import EnvelopeError, OverloadedError, ProjectError, RelayError, ScrubError
from relay.pipeline import Processed
from relay.rulefiles import pack
from relay.rules.loading import RuleText
from relay.scrub.hashing import period_keys
from relay.side import nursery, process
from relay.side.body import Body
from relay.side.process import AT_ONCE, HUGE, GoneError, SideProcess
from relay.side.work import Job, do
from tests.inline_rules import HASHED, IP, rule_text, scrubber
from tests.side_jobs import find, job

SECRET = b"s" * 32
RULES = scrubber(IP, HASHED)
SECONDS = 30


def event(message: str = "x", **more: str) -> bytes:
    document = f'{{"event_id":"{"f" * 32}","message":"{message}"}}'
    return b'{}\n{"type":"event"}\n' + document.encode() + b"\n"


def converted(convert: Callable[[bytes], bytes], **more: str) -> Job:
    return Job(job(**more).facts, job().known, 0, convert)


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nursery, "CPU_SECONDS", 1)
    monkeypatch.setattr(nursery, "MEMORY", 256 * 1024 * 1024)


@pytest.fixture
def side() -> Iterator[SideProcess]:
    made = SideProcess.start(find, RULES, SECRET)
    assert made is not None
    yield made
    made.close()


async def send(side: SideProcess, work: Job, data: bytes | None = None) -> Processed:
    async with asyncio.timeout(SECONDS):
        return await side.run(Body(event() if data is None else data), work, lambda _: None)


def text_of(done: Processed) -> str:
    assert done.envelope is not None
    return done.envelope.body.decode()


async def test_it_does_what_would_be_done_here(side: SideProcess) -> None:
    """The result is the one that this process would have made, for small and for large bodies."""
    for times in (1, 30_000):
        held: list[int] = []
        text = b"at 203.0.113.77\n" + b"nothing is to be found here, line by line\n" * times
        who = event().replace(b'"message"', b'"who":"me","m"')
        body = who + b'{"type":"attachment","filename":"a.txt","length":%d}\n' % len(text) + text
        work = Job(job().facts, job().known, 7)
        async with asyncio.timeout(SECONDS):
            done = await side.run(Body(body), work, held.append)
        assert do(body, work, find, RULES.with_keys(period_keys(SECRET, 7))) == done
        assert [len(text_of(done))] == held
        assert "203.0.113.77" not in text_of(done)


async def test_errors_come_back(side: SideProcess) -> None:
    """With the class that says how to answer."""
    with pytest.raises(EnvelopeError):
        await send(side, job(), b"nonsense")
    with pytest.raises(ProjectError):
        await send(side, job(project="2"))


def made_of(data: bytes) -> bytes:
    return event("made of " + data.decode())


async def test_what_was_posted_is_converted_there(side: SideProcess) -> None:
    """Before it is an envelope."""
    assert "made of this" in text_of(await send(side, converted(made_of), b"this"))


# --- what breaks ----------------------------------------------------------------------------------


def abort(_: bytes) -> bytes:
    os.abort()


def fault(_: bytes) -> bytes:
    os.kill(os.getpid(), signal.SIGSEGV)  # as a library in C does that was given no memory
    return b""


def leave(_: bytes) -> bytes:
    os._exit(0)


def fail(_: bytes) -> bytes:
    raise ValueError("203.0.113.77")


def spin(_: bytes) -> bytes:
    while True:
        pass


def swell(_: bytes) -> bytes:
    return b"x" * 1024**3


@pytest.mark.parametrize(
    ("convert", "error"),
    [
        (abort, RelayError),
        (fault, ScrubError),
        (leave, RelayError),
        (fail, RelayError),
        (spin, ScrubError),
        (swell, ScrubError),
    ],
)
async def test_what_breaks_a_child_costs_its_body_only(
    convert: Callable[[bytes], bytes], error: type[RelayError], tight: None, side: SideProcess
) -> None:
    """It is our mistake, or over its bounds; the next body has a child of its own."""
    with pytest.raises(RelayError) as caught:
        await send(side, converted(convert))
    assert error is type(caught.value)
    assert "203.0.113.77" not in str(caught.value) + repr(caught.value.__context__)
    assert "x" in text_of(await send(side, job()))


def cut_off(missing: int, _: bytes) -> bytes:
    """Write a result to the parent as the work would, but end in the middle."""
    (own,) = (s for s in gc.get_objects() if isinstance(s, socket.socket) and usable(s))
    own.sendall(process._RESULT.pack(True, 5, 5) + b"aboutbody!"[: 10 - missing])
    os._exit(0)


def usable(one: object) -> bool:
    try:
        os.fstat(one.fileno())  # type: ignore[attr-defined]
    except OSError:
        return False
    return True


@pytest.mark.parametrize("missing", [0, 1, 2, 3, 9, 10])
async def test_a_result_that_is_cut_off_is_none(missing: int, side: SideProcess) -> None:
    """Not even where the byte of the end would fill it up."""
    with pytest.raises(RelayError) as caught:
        await send(side, converted(partial(cut_off, missing)))
    assert RelayError is type(caught.value)


# --- what a child is ------------------------------------------------------------------------------


def look(_: bytes) -> bytes:
    links = [n for n in Path("/proc/self/fd").iterdir() if n.exists() or n.is_symlink()]
    opened = [os.readlink(n) for n in links if int(n.name) > 2 and n.is_symlink()]  # noqa: PTH115
    open_files = sorted(name.partition(":")[0] for name in opened if "/fd" not in name)
    core = resource.getrlimit(resource.RLIMIT_CORE)
    parent = os.getppid()
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    no_core = max(core) in (0, 1)  # 1 is too small for a file, and keeps collectors away
    return event(f"open={'+'.join(open_files)} no_core={no_core} children={len(children)};")


async def test_a_child_holds_nothing_but_its_own_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file or socket of the process that serves, no other body, and it leaves no core."""
    with (tmp_path / "spool").open("w"):
        side = SideProcess.start(find, RULES, SECRET)
        assert side is not None
        shown = text_of(await send(side, converted(look)))
        side.close()
    assert "open=socket no_core=True" in shown


async def test_few_at_one_time(side: SideProcess) -> None:
    """Others wait for their turn."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(send(side, converted(look))) for _ in range(8)]
    seen = {text_of(task.result()).partition("children=")[2].partition(";")[0] for task in tasks}
    assert seen <= {str(number) for number in range(1, AT_ONCE + 1)}


def mark_and_wait(folder: str, data: bytes) -> bytes:
    (Path(folder) / str(os.getpid())).write_text("")
    signal.pause()
    return data


async def waiting_in(folder: Path, number: int) -> list[int]:
    async with asyncio.timeout(SECONDS):
        while len(found := list(folder.iterdir())) < number:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
    return [int(file.name) for file in found]


async def ended(pid: int) -> None:
    async with asyncio.timeout(SECONDS):
        while Path(f"/proc/{pid}").exists():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


async def test_huge_bodies_leave_a_way_free(side: SideProcess, tmp_path: Path) -> None:
    """While one of them takes its time and another waits, the rest goes on."""
    blocked = converted(partial(mark_and_wait, str(tmp_path)))
    tasks = [asyncio.create_task(send(side, blocked, b"x" * HUGE)) for _ in range(2)]
    await waiting_in(tmp_path, 1)
    assert "x" in text_of(await send(side, job()))
    assert 1 == len(list(tmp_path.iterdir()))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_nobody_waits_for_ever(
    side: SideProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body whose turn does not come is refused; one whose process hangs is given up."""
    monkeypatch.setattr(process, "TURN_SECONDS", 0.2)
    monkeypatch.setattr(process, "WHOLE_SECONDS", 2.0)
    hanging = [
        partial(send, side, converted(partial(mark_and_wait, str(tmp_path))))
        for _ in range(AT_ONCE)
    ]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_outcome(one())) for one in hanging]
        await waiting_in(tmp_path, AT_ONCE)
        with pytest.raises(OverloadedError):
            await send(side, job())
    assert [ScrubError] * AT_ONCE == [task.result() for task in tasks]
    assert "f" * 32 == (await send(side, job())).event_id


async def _outcome(running: Awaitable[Processed]) -> type[Exception] | None:
    try:
        await running
    except RelayError as error:
        return type(error)
    return None


async def test_a_child_whose_result_nobody_wants_ends(side: SideProcess, tmp_path: Path) -> None:
    """Whoever waited has gone, and with it the work."""
    task = asyncio.create_task(send(side, converted(partial(mark_and_wait, str(tmp_path)))))
    (pid,) = await waiting_in(tmp_path, 1)
    task.cancel()
    await ended(pid)
    assert "x" in text_of(await send(side, job()))


# --- the nursery ----------------------------------------------------------------------------------


async def test_without_a_nursery(side: SideProcess) -> None:
    """When it is gone, the body is as it was; one that was under way there is lost."""
    os.kill(side.pid, signal.SIGKILL)
    await asyncio.to_thread(os.waitid, os.P_PID, side.pid, os.WEXITED | os.WNOWAIT)
    body = Body(event())
    with pytest.raises(GoneError):
        await side.run(body, job(), lambda _: None)
    assert event() == body.whole()


async def test_a_nursery_that_dies(side: SideProcess, tmp_path: Path) -> None:
    """What is under way there ends as a mistake of ours."""
    task = asyncio.create_task(send(side, converted(partial(mark_and_wait, str(tmp_path)))))
    (pid,) = await waiting_in(tmp_path, 1)
    os.kill(side.pid, signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(RelayError):
        await task


async def test_signals_to_all_do_not_end_it(side: SideProcess) -> None:
    """What stops the relay lets it finish first."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(side.pid, number)
    assert "x" in text_of(await send(side, job()))


async def test_it_ends_with_its_parent(side: SideProcess, tmp_path: Path) -> None:
    """The nursery and its children go when the other end is closed."""
    task = asyncio.create_task(send(side, converted(partial(mark_and_wait, str(tmp_path)))))
    (pid,) = await waiting_in(tmp_path, 1)
    side.close()
    await ended(pid)
    await ended(side.pid)
    with pytest.raises(RelayError):
        await task


def test_where_there_is_no_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no nursery."""
    monkeypatch.setattr(process.sys, "platform", "darwin")
    assert SideProcess.start(find, RULES, SECRET) is None


# --- other rules ----------------------------------------------------------------------------------


def written(marker: str) -> bytes:
    """Rules that write a marker in the place of `here`, as they travel."""
    body = f"id: t/spot\nmatch: {{pattern: 'here'}}\nredact: {{method: replace, text: '{marker}'}}"
    return pack([RuleText("r", "r.yaml", rule_text(body))])


def descendants(pid: int) -> set[int]:
    """The processes that one has started, and those of them."""
    found: set[int] = set()
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found |= {int(child), *descendants(int(child))}
    return found


async def count_of(side: SideProcess, number: int) -> None:
    """Return when the first nursery has so many descendants."""
    async with asyncio.timeout(SECONDS):
        while number != len(descendants(side.pid)):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


async def test_other_rules_hold_from_the_switch_on(side: SideProcess) -> None:
    """Before it the old ones do, though the new ones stand ready; each switch is to the last."""
    here = event("here")
    way = await side.prepare(written("one"))
    shown = [text_of(await send(side, job(), here))]
    side.switch(way)
    shown.append(text_of(await send(side, job(), here)))
    side.switch(await side.prepare(written("two")))
    shown.append(text_of(await send(side, job(), here)))
    assert ["here", "one", "two"] == [w for t in shown for w in ("here", "one", "two") if w in t]


async def test_a_library_that_forgets_no_number_closes_no_way() -> None:
    """In each child libuv closes what had the numbers of its pipe before, and opens another one."""
    uvloop.new_event_loop().close()
    side = SideProcess.start(find, RULES, SECRET)
    assert side is not None
    try:
        for word in ("one", "two", "three"):
            side.switch(await side.prepare(written(word)))
            assert word in text_of(await send(side, job(), event("here")))
    finally:
        side.close()


async def test_bodies_that_wait_for_their_turn_get_the_new_rules(
    side: SideProcess, tmp_path: Path
) -> None:
    """Those that are under way end as they began."""
    blocked = converted(partial(mark_and_go_on, str(tmp_path)))
    under_way = [asyncio.create_task(send(side, blocked, event("here"))) for _ in range(AT_ONCE)]
    pids = await waiting_in(tmp_path, AT_ONCE)
    waits = asyncio.create_task(send(side, job(), event("here")))
    side.switch(await side.prepare(written("new")))
    for pid in pids:
        os.kill(pid, signal.SIGUSR1)
    assert ["here"] * AT_ONCE == ["here" * ("here" in text_of(await t)) for t in under_way]
    assert "new" in text_of(await waits)


def mark_and_go_on(folder: str, data: bytes) -> bytes:
    signal.signal(signal.SIGUSR1, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    (Path(folder) / str(os.getpid())).write_text("")
    signal.sigwait({signal.SIGUSR1})
    return data


async def test_what_began_with_rules_of_before_ends_well(side: SideProcess, tmp_path: Path) -> None:
    """Also where its nursery was retired; after it that nursery is gone."""
    side.switch(await side.prepare(written("one")))
    blocked = converted(partial(mark_and_go_on, str(tmp_path)))
    task = asyncio.create_task(send(side, blocked, event("here")))
    (pid,) = await waiting_in(tmp_path, 1)
    side.switch(await side.prepare(written("two")))
    await count_of(side, 3)  # two nurseries, and the body
    os.kill(pid, signal.SIGUSR1)
    assert "one" in text_of(await task)
    await count_of(side, 1)
    assert "two" in text_of(await send(side, job(), event("here")))


async def test_nurseries_do_not_add_up(side: SideProcess) -> None:
    """However often rules change, there is one of the first rules and one of the last."""
    for number in range(3):
        side.switch(await side.prepare(written(f"rules {number}")))
    await count_of(side, 1)
    (last,) = descendants(side.pid)
    side.close()
    await ended(last)
    await ended(side.pid)


async def test_rules_that_cannot_be_loaded_there(side: SideProcess) -> None:
    """No way to them is given; what holds goes on."""
    with pytest.raises(GoneError):
        await side.prepare(b"[]]")
    assert "x" in text_of(await send(side, job()))
    await count_of(side, 0)


async def test_a_nursery_with_new_rules_that_hangs(
    side: SideProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is given up after a while."""
    monkeypatch.setattr(process, "RENEW_SECONDS", 0.0)
    with pytest.raises(GoneError):
        await side.prepare(written("new"))


async def test_given_up(side: SideProcess) -> None:
    """No body goes to rules that hold no more."""
    side.give_up()
    with pytest.raises(GoneError):
        await send(side, job())
