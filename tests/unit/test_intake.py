"""Intake: a body through the pipeline into the spool, counted."""

import asyncio
import json
import threading
from contextlib import suppress
from typing import Any

import pytest

from relay import intake as intake_module
from relay.consent import ConsentPolicy, Evidence, Missing, Source, Verdict
from relay.errors import (
    ConsentError,
    EnvelopeError,
    ProjectError,
    RateLimitedError,
    RelayError,
    ScrubError,
    SpoolFullError,
    SpoolUnavailableError,
    UpstreamError,
)
from relay.intake import ASIDE, OFF_LOOP, THREADS, Intake, Rotation, Taken
from relay.limit_memory import LimitMemory
from relay.losses import LossCounter
from relay.metrics import Metrics
from relay.outcomes import Reason
from relay.pipeline import Processed, ProjectPolicy, RequestFacts, process
from relay.protocol.auth import Credentials
from relay.scrub.permit import ScrubbedEnvelope
from relay.side.body import Body
from relay.side.process import GoneError, Hold
from relay.side.work import Job, do
from relay.spool.memory import MemorySpool
from tests.fakes import FakeClock
from tests.inline_rules import HASHED, IP, MASKED, scrubber

KEY = "a" * 32
ID = "f" * 32
ADDRESS = "203.0.113.77"
SHADOW = f"{MASKED}\nstatus: shadow"


class SickSpool(MemorySpool):
    """A spool that takes nothing."""

    def __init__(self, error: Exception) -> None:
        super().__init__(FakeClock())
        self.error = error

    async def put(self, envelope: ScrubbedEnvelope) -> None:
        """Fail."""
        raise self.error


class Setup:
    """An intake with what is around it."""

    def __init__(self, spool: MemorySpool | None = None, **policy: Any) -> None:
        self.metrics = Metrics()
        self.clock = FakeClock()
        self.spool = spool or MemorySpool(self.clock)
        self.limits = LimitMemory(lambda project, key: (project, key))
        self.losses = LossCounter()
        found = ProjectPolicy("1", ConsentPolicy(**policy))
        self.rotation = Rotation(scrubber(IP, HASHED, SHADOW), b"s" * 32, 60, self.clock)
        self.shadow: list[dict[tuple[str, str], int]] = []
        self.intake = Intake(
            find_project=lambda project, key: found if (project, key) == ("1", KEY) else None,
            projects={"1": KEY},
            rotation=self.rotation,
            spool=self.spool,
            metrics=self.metrics,
            limits=self.limits,
            losses=self.losses,
            clock=self.clock,
            timer=lambda: 1.0,
            note_shadow=lambda hits: self.shadow.append(dict(hits)),
        )

    async def take(self, body: bytes, *evidence: Evidence, project: str = "1") -> Taken:
        """Take a body."""
        facts = RequestFacts(Credentials(KEY), project, lambda _: evidence, ID)
        return await self.intake.take(body, facts)

    def ends(self) -> dict[str, float]:
        """How many envelopes were counted under each word."""
        projects = ("1", "unknown")
        counted = {
            reason.value: sum(
                self.metrics.value("relay_envelopes_total", project=project, outcome=reason)
                for project in projects
            )
            for reason in Reason
        }
        return {reason: number for reason, number in counted.items() if number}

    def limit(self, header: str) -> None:
        """Let the upstream set limits."""
        self.limits.learn("1", KEY, 200, {"x-sentry-rate-limits": header}, self.clock.now())

    def lost(self) -> dict[tuple[str, str], int]:
        """What was noted for a client report since the last look."""
        taken = self.losses.take()
        assert {("1", KEY)} >= set(taken)
        return {(r.value, c): n for sums in taken.values() for (r, c), n in sums.items()}

    def verdicts(self) -> dict[str, float]:
        """How often each verdict was counted."""
        counted = {v.value: self.metrics.value("relay_consent_total", verdict=v) for v in Verdict}
        return {verdict: number for verdict, number in counted.items() if number}

    async def bodies(self) -> list[bytes]:
        """What is in the spool."""
        return [claim.envelope.body for claim in await self.spool.claim(10)]


def event(message: str = "x", event_id: str = ID) -> bytes:
    """Write an envelope with one event."""
    payload = json.dumps({"message": message, "who": "jane", "event_id": event_id}).encode()
    return b'{}\n{"type":"event"}\n' + payload + b"\n"


class Gate:
    """Its `process` waits in a thread until the test opens it."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.inside = threading.Semaphore(0)
        self.now = self.most = 0
        self._lock = threading.Lock()

    def process(self, *arguments: Any) -> Processed:
        """Wait, then process."""
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.inside.release()
        assert self.open.wait(20)
        with self._lock:
            self.now -= 1
        return process(*arguments)


GRANT = Evidence(Source.URL, granted=True)
DENY = Evidence(Source.URL, granted=False)


async def test_large_bodies_are_scrubbed_in_few_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """While many large bodies wait, the loop goes on, and no more than a few are in threads."""
    gate, setup = Gate(), Setup()
    monkeypatch.setattr(intake_module, "process", gate.process)
    bodies = [event("x" * OFF_LOOP, f"{number:032x}") for number in range(THREADS + 2)]
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        tasks = [group.create_task(setup.take(body, GRANT)) for body in bodies]
        for _ in range(THREADS):
            await asyncio.to_thread(gate.inside.acquire)
        assert THREADS == gate.now
        gate.open.set()
    assert len(bodies) == len({task.result().event_id for task in tasks})
    assert THREADS == gate.most
    setup.intake.close()
    with pytest.raises(RuntimeError):
        await setup.take(bodies[0], GRANT)
    assert {"accepted": len(bodies), "internal": 1} == setup.ends()


@pytest.mark.parametrize("padding", [0, OFF_LOOP])
async def test_what_is_accepted_is_in_the_spool(padding: int) -> None:
    """An event with consent is in the spool, clean, when it is answered; large ones too."""
    setup = Setup()
    assert Taken(ID) == await setup.take(event(f"{ADDRESS} " + "x" * padding), GRANT)
    (body,) = await setup.bodies()
    assert ADDRESS.encode() not in body
    assert b"[ip]" in body
    assert 1 == setup.metrics.value("relay_items_total", kind="event", reason="accepted")
    assert 1 == setup.metrics.value("relay_envelopes_total", project="1", outcome="accepted")
    assert 1 == setup.metrics.value("relay_consent_total", verdict="granted")


async def test_without_consent_nothing_is_kept() -> None:
    """A refusal is raised and counted, and the spool stays empty."""
    setup = Setup()
    with pytest.raises(ConsentError):
        await setup.take(event())
    with pytest.raises(ConsentError):
        await setup.take(event(), DENY)
    assert [] == await setup.bodies()
    for outcome in ("consent_missing", "consent_denied"):
        assert 1 == setup.metrics.value("relay_envelopes_total", project="1", outcome=outcome)
        assert 1 == setup.metrics.value("relay_items_total", kind="event", reason=outcome)


async def test_a_refusal_may_look_like_a_success() -> None:
    """With `answer: 200` the client hears yes, and nothing is kept."""
    setup = Setup(answer=200)
    assert Taken(ID) == await setup.take(event())
    assert [] == await setup.bodies()
    assert 1 == setup.metrics.value("relay_envelopes_total", project="1", outcome="consent_missing")


async def test_what_is_dropped_is_not_put() -> None:
    """An envelope of which nothing goes on is answered, and not spooled."""
    setup = Setup()
    body = b'{"event_id":"%s"}\n{"type":"made_up"}\n{}\n' % ID.encode()
    assert Taken(ID) == await setup.take(body, GRANT)
    assert [] == await setup.bodies()
    assert 1 == setup.metrics.value("relay_envelopes_total", project="1", outcome="unknown_item")


@pytest.mark.parametrize(
    ("body", "project", "error", "label", "outcome"),
    [
        (b"nonsense", "1", EnvelopeError, "1", "invalid_envelope"),
        (event(), "2", ProjectError, "unknown", "unknown_project"),
        (event(), ADDRESS, ProjectError, "unknown", "unknown_project"),
    ],
)
async def test_refused_requests_are_counted(
    body: bytes, project: str, error: type[RelayError], label: str, outcome: str
) -> None:
    """A project id of a client is a label only where it is configured."""
    setup = Setup()
    with pytest.raises(error):
        await setup.take(body, GRANT, project=project)
    assert 1 == setup.metrics.value("relay_envelopes_total", project=label, outcome=outcome)
    assert ADDRESS.encode() not in setup.metrics.render()


async def test_an_empty_envelope_has_its_own_word() -> None:
    """An envelope without items is answered; nothing is spooled, and no verdict is counted."""
    setup = Setup()
    assert Taken(None) == await setup.take(b"{}\n")
    assert [] == await setup.bodies()
    assert ({"empty": 1}, {}) == (setup.ends(), setup.verdicts())


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SpoolFullError("full"), "spool_full"),
        (SpoolUnavailableError("away"), "spool_unavailable"),
        (ValueError(ADDRESS), "internal"),
        (UpstreamError("no word of a request"), "internal"),
    ],
)
async def test_what_could_not_be_spooled_is_not_accepted(error: Exception, reason: str) -> None:
    """When the spool fails, the error is raised and no item counts as accepted."""
    setup = Setup(SickSpool(error))
    with pytest.raises(type(error)):
        await setup.take(event(), GRANT)
    assert 1 == setup.metrics.value("relay_items_total", kind="event", reason=reason)
    assert 0 == setup.metrics.value("relay_items_total", kind="event", reason="accepted")
    assert ({reason: 1}, {"granted": 1}) == (setup.ends(), setup.verdicts())


async def test_a_mistake_of_ours_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the pipeline itself fails, the request is counted as such, once."""

    def broken(*_: object) -> None:
        raise TypeError(ADDRESS)

    monkeypatch.setattr(intake_module, "process", broken)
    setup = Setup()
    with pytest.raises(TypeError):
        await setup.take(event(), GRANT)
    assert {"internal": 1} == setup.ends()


FEEDBACK = b'{"type":"feedback"}\n{"contexts":{"feedback":{"message":"broken"}}}\n'
PICTURE = b'{"type":"attachment","length":1}\nx\n'


@pytest.mark.parametrize(
    ("body", "evidence", "missing", "verdicts"),
    [
        (event(), [GRANT], Missing.REJECT, ["granted"]),
        (event(), [DENY], Missing.REJECT, ["denied"]),
        (event(), [], Missing.REJECT, ["missing"]),
        (event(), [], Missing.MINIMAL, ["minimal"]),
        (b"{}\n" + FEEDBACK, [], Missing.REJECT, ["explicit"]),
        (b"{}\n" + FEEDBACK + PICTURE + PICTURE, [], Missing.REJECT, ["explicit", "missing"]),
        (event() + PICTURE, [], Missing.MINIMAL, ["minimal", "missing"]),
        (event() + PICTURE, [GRANT], Missing.REJECT, ["granted"]),
    ],
)
async def test_verdicts_are_those_of_the_items(
    body: bytes, evidence: list[Evidence], missing: Missing, verdicts: list[str]
) -> None:
    """Each verdict that an item got is counted, once an envelope: what passed is not `missing`."""
    setup = Setup(missing=missing)
    with suppress(ConsentError):
        await setup.take(body, *evidence)
    assert dict.fromkeys(verdicts, 1) == setup.verdicts()


async def test_shadow_rules_are_counted() -> None:
    """A rule on trial changes nothing, and its hits are counted by its id."""
    setup = Setup()
    await setup.take(event("hushhush and hushnow"), GRANT)
    assert b"hushhush and hushnow" in (await setup.bodies())[0]
    assert 2 == setup.metrics.value("relay_shadow_hits_total", rule="t/masked")
    assert 0 == setup.metrics.value("relay_redactions_total", rule="t/masked")
    assert [{("t/masked", "event/message"): 2}] == setup.shadow
    await setup.take(event("nothing"), GRANT)
    assert 1 == len(setup.shadow)


async def test_pseudonyms_change_with_the_period() -> None:
    """Inside a period the same person has the same pseudonym, in the next one another."""
    setup = Setup()
    await setup.take(event("a", "1" * 32), GRANT)
    setup.clock.advance(1)
    await setup.take(event("a", "2" * 32), GRANT)
    setup.clock.advance(60)
    await setup.take(event("a", "3" * 32), GRANT)
    one, two, three = (body.split(b'"who":"')[1][:30] for body in await setup.bodies())
    assert one == two != three
    assert one.startswith(b"hash:")


def test_no_rotation() -> None:
    """With a period of 0 the keys stay for ever."""
    clock = FakeClock()
    rotation = Rotation(scrubber(HASHED), b"s" * 32, 0, clock)
    first = rotation.current()
    clock.advance(1e9)
    assert first is rotation.current()


async def test_other_rules_hold_from_the_next_envelope_on() -> None:
    """The keys of the period are theirs too: the same person keeps the same pseudonym."""
    setup = Setup()
    await setup.take(event("203.0.113.7", "1" * 32), GRANT)
    setup.rotation.replace(scrubber(HASHED))
    await setup.take(event("203.0.113.7", "2" * 32), GRANT)
    setup.rotation.replace(scrubber(HASHED, IP))
    await setup.take(event("203.0.113.8", "3" * 32), GRANT)
    one, two, three = await setup.bodies()
    assert [False, True, False] == [b"203.0.113" in body for body in (one, two, three)]
    assert two.split(b'"who":"')[1][:30] == three.split(b'"who":"')[1][:30]


def test_projects_by_key() -> None:
    """A route that names no project finds it by its key."""
    setup = Setup()
    assert "1" == setup.intake.project_of_key(KEY)
    assert setup.intake.project_of_key("b" * 32) is None


SESSION = b'{"type":"session"}\n{"sid":"00000000-0000-4000-8000-000000000000"}\n'
REPORT = b'{"type":"client_report"}\n{"timestamp":1,"discarded_events":[]}\n'


@pytest.mark.parametrize("padding", [0, OFF_LOOP])
async def test_what_is_limited_is_refused(padding: int) -> None:
    """With all of an envelope limited the client hears how long; nothing is scrubbed or kept."""
    setup = Setup()
    setup.limit("60:error:organization:quota, 90:session:key")
    setup.clock.advance(10.5)
    with pytest.raises(RateLimitedError) as caught:
        await setup.take(event(f"hushhush {'x' * padding}") + PICTURE, GRANT)
    assert ("50:error:organization:quota", 50) == (caught.value.limits, caught.value.retry_after)
    assert [] == await setup.bodies()
    assert {"rate_limited": 1} == setup.ends()
    assert 1 == setup.metrics.value("relay_items_total", kind="event", reason="rate_limited")
    assert 0 == setup.metrics.value("relay_shadow_hits_total", rule="t/masked")
    assert {
        ("rate_limited", "error"): 1,
        ("rate_limited", "attachment"): 1,
        ("rate_limited", "attachment_item"): 1,
    } == setup.lost()


async def test_the_rest_of_a_limited_envelope_passes() -> None:
    """A limited event takes its attachment along; a session and a client's own report go on."""
    setup = Setup()
    setup.limit("60:error:key")
    taken = await setup.take(event() + PICTURE + SESSION + REPORT, GRANT)
    assert Taken(ID, "60:error:key") == taken
    (body,) = await setup.bodies()
    assert (True, True, False) == (
        b'"session"' in body, b'"client_report"' in body, b'"attachment"' in body,
    )  # fmt: skip
    assert {"accepted": 1} == setup.ends()


async def test_when_a_limit_has_ended_everything_passes() -> None:
    """And the answer says nothing of limits."""
    setup = Setup()
    setup.limit("60:error:key")
    setup.clock.advance(60)
    assert Taken(ID) == await setup.take(event(), GRANT)
    assert {} == setup.lost()


async def test_who_does_not_consent_hears_nothing_of_limits() -> None:
    """A refusal is a refusal, and is what is counted; of a mixed envelope, only what passed."""
    setup = Setup()
    setup.limit("60::key")
    with pytest.raises(ConsentError):
        await setup.take(event())
    assert {("consent_missing", "error"): 1} == setup.lost()
    silent = Setup(answer=200)
    silent.limit("60::key")
    assert Taken(ID) == await silent.take(event())
    mixed = Setup()
    mixed.limit("60:error:key, 30:feedback:key")
    with pytest.raises(RateLimitedError) as caught:
        await mixed.take(b"{}\n" + FEEDBACK + PICTURE)
    assert "30:feedback:key" == caught.value.limits
    assert {
        ("rate_limited", "feedback"): 1,
        ("consent_missing", "attachment"): 1,
        ("consent_missing", "attachment_item"): 1,
    } == mixed.lost()


async def test_what_is_dropped_anyway_is_not_limited() -> None:
    """An item that policy drops, or whose kind is unknown, says nothing of limits."""
    setup = Setup()
    setup.limit("60::key")
    video = b'{"type":"replay_video","length":1}\nx\n'
    assert Taken(None) == await setup.take(b"{}\n" + video + b'{"type":"made_up"}\n{}\n', GRANT)
    assert {("item_policy", "replay"): 1} == setup.lost()


async def test_metrics_are_limited_by_namespace() -> None:
    """Buckets of a limited namespace are stopped, others pass."""
    setup = Setup()
    setup.limit("60:metric_bucket:key::spans")
    for namespace, passes in (("spans", False), ("custom", True)):
        bucket = {"name": f"c:{namespace}/n@none", "type": "c", "value": 1, "timestamp": 1}
        body = b'{}\n{"type":"metric_buckets"}\n' + json.dumps([bucket]).encode()
        if passes:
            assert Taken(None) == await setup.take(body, GRANT)
            continue
        with pytest.raises(RateLimitedError) as caught:
            await setup.take(body, GRANT)
        assert "60:metric_bucket:key::spans" == caught.value.limits


async def test_every_drop_is_noted() -> None:
    """What is dropped counts by reason and category; what goes on, and what nobody knows, not."""
    setup = Setup()
    broken = b'{"type":"session"}\n{"sid":\n'
    bytes_ = b'{"type":"attachment","length":9}\n\x89PNG\0\xff\xfe\x80\x81\n'
    await setup.take(event() + broken + bytes_ + b'{"type":"made_up"}\n{}\n' + REPORT, GRANT)
    assert {
        ("invalid", "session"): 1,
        ("item_policy", "attachment"): 9,
        ("item_policy", "attachment_item"): 1,
    } == setup.lost()
    with pytest.raises(ProjectError):
        await setup.take(event(), GRANT, project="2")
    with pytest.raises(EnvelopeError):
        await setup.take(b"nonsense", GRANT)
    assert {} == setup.lost()


async def test_what_finds_no_room_is_noted() -> None:
    """An accepted item that the spool does not take is a loss of its own reason."""
    setup = Setup(SickSpool(SpoolFullError("full")))
    with pytest.raises(SpoolFullError):
        await setup.take(event() + REPORT, GRANT)
    assert {("spool_full", "error"): 1} == setup.lost()


async def test_a_repeat_is_counted_beside_what_was_accepted() -> None:
    """An identical envelope is answered as the first one was, and is in the spool once."""
    setup = Setup()
    body = event()
    for _ in range(3):
        assert Taken(ID) == await setup.take(body, GRANT)
    assert (3, 2) == (
        setup.ends()["accepted"],
        setup.metrics.value("relay_repeats_total"),
    )
    assert 1 == len(await setup.bodies())
    assert (3, 3 * len(body)) == (
        setup.metrics.value("relay_envelope_bytes_count"),
        setup.metrics.value("relay_envelope_bytes_sum"),
    )


# --- side processes -------------------------------------------------------------------------------


class Side:
    """What stands for the way to side processes: it works here, or fails as it is told."""

    def __init__(self, setup: Setup, error: Exception | None = None) -> None:
        self.setup = setup
        self.error = error
        self.jobs: list[Job] = []

    async def run(self, body: Body, job: Job, hold: Hold) -> Processed:
        self.jobs.append(job)
        if self.error is not None:
            raise self.error
        rotation = self.setup.intake._rotation
        done = do(body.whole(), job, self.setup.intake.find_project, rotation.current())
        hold(len(done.envelope.body) if done.envelope is not None else 0)
        return done


def aside(error: Exception | None = None) -> tuple[Setup, Side]:
    """An intake that has side processes."""
    setup = Setup()
    side = Side(setup, error)
    setup.intake._side = side  # type: ignore[assignment]
    return setup, side


LARGE = "x" * ASIDE


async def test_only_large_bodies_go_aside() -> None:
    """With the period and the limits of now; what comes back is stored and counted as ever."""
    setup, side = aside()
    setup.clock.advance(60)
    setup.limit("60:attachment:key")
    for number, text in enumerate(("short", "x" * OFF_LOOP, f"{LARGE} {ADDRESS}")):
        await setup.take(event(text, f"{number:032x}"), GRANT)
    (job,) = side.jobs
    assert setup.intake._rotation.period == job.period > 0
    assert ["attachment"] == list(job.known.by_category)
    assert all(ADDRESS.encode() not in body for body in await setup.bodies())
    assert {"accepted": 3} == setup.ends()
    assert 1 == setup.metrics.value("relay_side_bodies_total", outcome="done")


async def test_what_was_posted_goes_aside_whatever_its_size() -> None:
    """What it opens to is not known yet; how much comes back is told."""
    setup, side = aside()
    held: list[int] = []
    facts = RequestFacts(Credentials(KEY), "1", lambda _: [GRANT], ID)
    await setup.intake.take(b"y", facts, lambda data: event(data.decode()), held.append)
    (body,) = await setup.bodies()
    assert b'"y"' in body
    assert ([len(body)], 1) == (held, len(side.jobs))


async def test_without_side_processes_threads_convert() -> None:
    """The same comes out."""
    setup = Setup()
    facts = RequestFacts(Credentials(KEY), "1", lambda _: [GRANT], ID)
    await setup.intake.take(b"y", facts, lambda data: event(data.decode()))
    assert b'"y"' in (await setup.bodies())[0]


async def test_whom_nobody_has_named_stays_here() -> None:
    """The limits that hold for it are known only when it has been read."""
    setup, side = aside()
    facts = RequestFacts(None, None, lambda _: [GRANT], ID)
    dsn = b'{"dsn":"http://%s@relay.example/1"}' % KEY.encode()
    await setup.intake.take(event(LARGE).replace(b"{}", dsn, 1), facts)
    assert ([], {"accepted": 1}) == (side.jobs, setup.ends())


async def test_what_takes_too_much_is_dropped() -> None:
    """Answered as any drop is: sent again it would be no better."""
    setup, _ = aside(ScrubError("too much"))
    assert Taken(None) == await setup.take(event(LARGE), GRANT)
    assert [] == await setup.bodies()
    assert {"scrub_failed": 1} == setup.ends()
    assert 1 == setup.metrics.value("relay_side_bodies_total", outcome="over")


@pytest.mark.parametrize(
    ("error", "end", "outcome"),
    [
        (RelayError("internal error"), "failed", "internal"),
        (EnvelopeError("none"), "refused", "invalid_envelope"),
    ],
)
async def test_what_breaks_aside_is_counted(error: RelayError, end: str, outcome: str) -> None:
    """Under the word of its error."""
    setup, _ = aside(error)
    with pytest.raises(type(error)):
        await setup.take(event(LARGE), GRANT)
    assert {outcome: 1} == setup.ends()
    assert 1 == setup.metrics.value("relay_side_bodies_total", outcome=end)


async def test_when_side_processes_are_gone_threads_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing is lost by it, and it is said once."""
    setup, side = aside(GoneError("gone"))
    for number in range(2):
        await setup.take(event(LARGE, f"{number:032x}"), GRANT)
    assert ({"accepted": 2}, 1) == (setup.ends(), len(side.jobs))
    assert ["side_process_gone"] == [record.getMessage() for record in caplog.records]
    assert 1 == setup.metrics.value("relay_side_bodies_total", outcome="gone")
