"""The target of requests: all of the ingest side in one process, from the head to the spool.

Law of this file: an input is a request as it stands on the wire; its head is read simply, and
handed to the real `Ingest` as aiohttp would hand it on. What the wire itself can do wrong is for
the target `http`.
"""

import asyncio
import re
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cache
from random import Random
from typing import Final

import brotli
import zstandard
from aiohttp import StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from relay.consent import ConsentPolicy, Missing
from relay.health import Health
from relay.intake import Intake, Rotation
from relay.metrics import Metrics
from relay.pipeline import ProjectPolicy
from relay.protocol.limits import KIB, Limits
from relay.scrub.permit import ScrubbedEnvelope
from relay.scrub.scrubber import Scrubber
from relay.server.answers import Cors
from relay.server.ingest import Ingest, build_ingest_app
from relay.spool.memory import MemorySpool
from tests.fakes import FakeClock
from tests.fuzz import oracles, tally
from tests.fuzz.grammar import KEY
from tests.fuzz.grammar_requests import PROJECTS, request
from tests.fuzz.oracles import hold, one_in
from tests.fuzz.target import Target
from tests.fuzz.targets.envelope import EVERYTHING, OPEN, decide, fresh, shipped
from tests.system import captured

AGAIN: Final = 4
FRESH: Final = 16
METRICS: Final = 64
HANGS: Final = 20.0
"""Seconds in which a request is answered whose body is all there."""

_LIMITS: Final = Limits(envelope=300 * KIB, body=200 * KIB)
_POLICIES: Final = {
    "1": ProjectPolicy("1", ConsentPolicy(), EVERYTHING, _LIMITS),
    "2": ProjectPolicy("2", ConsentPolicy(required=False), EVERYTHING, _LIMITS),
    "3": ProjectPolicy("3", ConsentPolicy(missing=Missing.MINIMAL), {}, _LIMITS, "b" * 32),
    "4": ProjectPolicy("4", ConsentPolicy(required=False, answer=200), {}, _LIMITS),
}
assert tuple(_POLICIES) == PROJECTS

ANSWERS: Final = frozenset({200, 201, 202, 400, 401, 403, 404, 405, 408, 413, 415, 417, 429, 503})
"""Every status of the protocol. 500 is a mistake of ours, and so is not among them."""


class _Kept(MemorySpool):
    """A spool that keeps what it was given for the oracles."""

    def __init__(self) -> None:
        super().__init__(FakeClock())
        self.given: list[ScrubbedEnvelope] = []

    async def put(self, envelope: ScrubbedEnvelope) -> bool:
        self.given.append(envelope)
        return True


class Side:
    """The ingest side, and the loop that it runs on."""

    def __init__(self, scrubber: Scrubber) -> None:
        self.loop = asyncio.new_event_loop()
        self.spool = _Kept()
        self.metrics = Metrics()
        self.intake = Intake(
            find_project=lambda project, key: _POLICIES.get(project) if key == KEY else None,
            projects=dict.fromkeys(_POLICIES, KEY),
            rotation=Rotation(scrubber, b"fuzz" * 8, 0, FakeClock()),
            spool=self.spool,
            metrics=self.metrics,
            timer=lambda: 0.0,
            clock=FakeClock(),
        )
        cors = Cors(["https://suite.example"], ["X-Suite-Consent"])
        self.ingest = Ingest(self.intake, self.metrics, cors, _LIMITS)
        self.app = build_ingest_app(self.ingest, Health({}))
        self.app.freeze()

    def answer(self, head: "Head") -> web.StreamResponse:
        """Answer one request; whatever is raised goes through."""
        return self.loop.run_until_complete(asyncio.wait_for(self._answer(head), HANGS))

    async def _answer(self, head: "Head") -> web.StreamResponse:
        stream = StreamReader(BaseProtocol(self.loop), 1 << 30, loop=self.loop)
        stream.feed_data(head.body)
        stream.feed_eof()
        made = make_mocked_request(
            head.method, head.target, head.headers, payload=stream, app=self.app
        )
        try:
            return await self.app._handle(made)
        except web.HTTPException as error:
            return error


@cache
def _warm() -> Side:
    return Side(shipped())


class Head:
    """A request, read simply."""

    def __init__(self, data: bytes) -> None:
        """Read it; whatever the head lacks is made up."""
        head, _, self.body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("utf-8", "surrogateescape").split("\r\n")
        self.method, _, rest = first.partition(" ")
        target = rest.rpartition(" HTTP/")[0] or rest
        self.target = target if target.startswith("/") else "/" + target
        named = (line.partition(":") for line in lines if ":" in line)
        self.headers = CIMultiDict((name.strip(), value.strip()) for name, _, value in named)
        if not re.fullmatch("[0-9]{1,18}", self.headers.get("Content-Length", "0")):
            del self.headers["Content-Length"]  # aiohttp's parser refuses it before it comes here


def run(data: bytes) -> None:
    """Answer one request and hold every oracle.

    Raises:
        Broken: one does not hold.
    """
    side = _warm()
    side.spool.given.clear()
    head = Head(data)
    counts = one_in(METRICS, data, b"metrics")
    before = _counted(side) if counts else 0
    with oracles.logged() as records:
        try:
            answer = side.answer(head)
        except ValueError as error:
            if _is_no_url(error):
                tally.note("outcome", "no request")
                return
            raise
    _check_answer(data, answer, records)
    oracles.no_secret("log", "\n".join(records), _open(data, head))
    for one in side.spool.given:
        _check_kept(data, head, one, side.intake._rotation.current())
    _check_consent(data, head, side)
    if counts:
        hold("a request is counted once", _counted(side) - before in (0, 1))
        oracles.no_secret("metrics", side.metrics.render(), data)
    if one_in(FRESH, data, b"fresh"):
        _check_fresh(head, answer, side)


def _is_no_url(error: ValueError) -> bool:
    """Tell whether it was raised where the request was made, before the relay saw anything."""
    trace, files = error.__traceback__, list[str]()
    while trace is not None:
        files.append(trace.tb_frame.f_code.co_filename)
        trace = trace.tb_next
    return not any("/relay/" in name.replace("\\", "/") and "tests" not in name for name in files)


def _counted(side: Side) -> float:
    return sum(
        sample.value
        for family in side.metrics._registry.collect()
        if family.name == "relay_requests"
        for sample in family.samples
        if sample.name.endswith("_total")
    )


def _check_answer(data: bytes, answer: web.StreamResponse, records: Sequence[str]) -> None:
    tally.note("answer", str(answer.status))
    hold("an answer of the protocol", answer.status in ANSWERS, (answer.status, records))
    body = bytes(answer.body) if isinstance(answer, web.Response) and answer.body else b""
    shown = f"{answer.reason} {dict(answer.headers)!r}".encode("utf-8", "surrogatepass")
    oracles.no_secret("answer", shown + body, data)
    if answer.status >= 400 and body:
        said = oracles.strict_json(body)
        hold("an error as the protocol has it", {"detail", "causes"} == set(said), said)
    for name, value in answer.headers.items():
        hold("no header goes over a line", "\n" not in name + value and "\r" not in name + value)


def _open(data: bytes, head: Head) -> bytes | None:
    """Return what was given, for oracles that ask whether a secret was given whole.

    None where it is packed once more: an event on the store route may be base64 and zlib.
    """
    if "store" in head.target:
        return None
    opened = [data]
    for unpack in _UNPACKS:
        with suppress(Exception):
            opened.append(unpack(head.body))
    return b"\n".join(opened)


_UNPACKS: Final[tuple[Callable[[bytes], bytes], ...]] = (
    lambda body: zlib.decompressobj(47).decompress(body),  # gzip and zlib
    lambda body: zlib.decompressobj(-15).decompress(body),
    brotli.decompress,
    lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
)


def _check_kept(data: bytes, head: Head, kept: ScrubbedEnvelope, scrubber: Scrubber) -> None:
    given = _open(data, head)
    shown = f"{kept!r} {kept.envelope_id} {kept.project} {kept.key} {kept.client} {kept.categories}"
    oracles.no_secret("permit", shown, given)
    oracles.no_secret("spool", kept.body, given)
    oracles.parsed(kept.body)
    if one_in(AGAIN, data, b"again"):
        done = decide(kept.body, OPEN, scrubber)
        same = done.envelope is not None and done.envelope.body == kept.body
        hold(
            "scrubbing again changes nothing",
            same,
            (kept.body, done.envelope and done.envelope.body),
        )


_SPEAKS: Final = re.compile(rb"allowReport|consent|feedback|user_report|\\u|%", re.IGNORECASE)
"""Whatever could speak of consent, in any spelling."""


def _check_consent(data: bytes, head: Head, side: Side) -> None:
    """Hold that nothing was kept where nothing could have spoken of consent."""
    asked = [kept for kept in side.spool.given if kept.project == "1"]
    if asked and not head.headers.get("Content-Encoding"):
        plain = _SPEAKS.search(data) or b"sentry_data" in data or b"/store/" in data
        hold("without consent nothing is forwarded", plain)
    denied = ["false", "0", "TRUE"]
    said = head.headers.getall("X-Suite-Consent", [])
    if any(one in denied for one in said):
        hold("a denial denies", not [one for one in side.spool.given if one.project in "13"], said)


def _check_fresh(head: Head, answer: web.StreamResponse, side: Side) -> None:
    """Hold that a side that remembers nothing answers and keeps the same, but for new ids."""
    other = Side(fresh(shipped()))
    try:
        again = other.answer(head)
        hold("a fresh relay answers the same", again.status == answer.status, again.status)
        ours = [_without_ids(one.body) for one in side.spool.given]
        theirs = [_without_ids(one.body) for one in other.spool.given]
        hold("a fresh relay keeps the same", ours == theirs, (ours, theirs))
    finally:
        other.intake.close()
        other.loop.close()


_IDS: Final = re.compile(rb"[0-9a-f]{32}")


def _without_ids(body: bytes) -> bytes:
    return _IDS.sub(b"id", body)


def seeds() -> Iterable[bytes]:
    """Return real requests, and some that are drawn."""
    for sample in captured.load(captured.SAMPLES):
        if len(sample.body) < 40_000:
            lines = [f"{sample.method} {sample.path} HTTP/1.1"]
            lines += [f"{name}: {value}" for name, value in sample.headers]
            yield "\r\n".join(lines).encode() + b"\r\n\r\n" + sample.body
    for number in range(100):
        yield request(Random(number))


_TOKENS: Final = (
    b"POST ", b"GET ", b"OPTIONS ", b" HTTP/1.1\r\n", b"/api/1/envelope/", b"/consented",
    b"/tunnel/", b"/api/1/store/", b"/api/1/minidump/", b"/api/1/security/", b"/api/1/cron/x/",
    b"Content-Encoding: gzip\r\n", b"Content-Type: multipart/form-data; boundary=",
    b"X-Sentry-Auth: ", b"X-Suite-Consent: true\r\n", b"sentry_data=", b"\r\n\r\n",
    b"Sentry sentry_key=", f"sentry_key={KEY}".encode(),
)  # fmt: skip

TARGETS: Final = (Target("request", run, request, seeds, _TOKENS),)
