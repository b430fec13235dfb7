"""A short run of the targets envelope, request and http; what they draw; and that each can fail."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from relay.errors import BodyError, EnvelopeError, RequestError
from relay.outcomes import Outcome
from relay.pipeline import Processed
from relay.protocol.item_kinds import KINDS
from relay.scrub.items import SCRUBBERS
from relay.scrub.permit import ScrubbedEnvelope
from relay.scrub.scrubber import Scrubber
from tests.fuzz import oracles, planted, seeded, strategies, tally
from tests.fuzz.findings import Finding
from tests.fuzz.grammar import MODES, envelope
from tests.fuzz.grammar_content import CONTENT
from tests.fuzz.grammar_events import FIELDS
from tests.fuzz.grammar_items import BUILDERS, ENCODINGS
from tests.fuzz.grammar_requests import ROUTES, request
from tests.fuzz.grammar_wire import WIRE, connection
from tests.fuzz.grammar_wrong import WRONG
from tests.fuzz.oracles import Broken
from tests.fuzz.targets import envelope as envelopes
from tests.fuzz.targets import http, load
from tests.fuzz.targets import request as requests
from tests.fuzz.targets.envelope import OPEN, PROJECTS, check, decide, shipped

SHORT = settings(
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
ADDRESS = "203.0.113.77"
EVENT = b'{}\n{"type":"event"}\n{"extra":{"a":"203.0.113.77"},"tags":{"allowReport":true}}\n'
ASKS, DENIED = PROJECTS[1], PROJECTS[4]


# --- a short run ----------------------------------------------------------------------------------


@SHORT
@given(strategies.envelopes)
def test_envelopes(data: bytes) -> None:
    """Every oracle holds of envelopes: valid, nearly valid and broken."""
    envelopes.run(data)


@settings(SHORT, max_examples=25)
@given(strategies.simple_envelopes)
def test_envelopes_draw_by_draw(data: bytes) -> None:
    """They hold of envelopes that hypothesis draws part by part, too."""
    envelopes.run(data)


@settings(SHORT, max_examples=100)
@given(strategies.requests)
def test_requests(data: bytes) -> None:
    """They hold of requests, of any route and encoding."""
    requests.run(data)


@pytest.fixture(scope="module")
def program() -> Iterator[None]:
    """End the relay that the target starts."""
    yield
    http.close()


@pytest.mark.system
@pytest.mark.usefixtures("program")
def test_connections() -> None:
    """The running program answers what is HTTP and lives through what is none."""
    for number in range(25):
        http.run(connection(Random(number)))
    http._check_alive(http.running())
    http._check_folder(http.running())


# --- what is drawn --------------------------------------------------------------------------------


def drawn(generate: Callable[[Random], bytes], count: int) -> None:
    tally.COUNTS.clear()
    for number in range(count):
        generate(Random(number))


def test_every_sort_of_envelope_is_drawn() -> None:
    """Each kind, each wrongness, encoding, field, mode and secret comes up."""
    drawn(envelope, 3_000)
    wanted = {
        "kind": KINDS, "wrong": WRONG, "encoding": ENCODINGS, "mode": MODES,
        "secret": planted.FORBIDDEN, "field": FIELDS, "consent": ("granted", "denied", "not said"),
        "hiding": {one.hiding for one in planted.HIDDEN},
    }  # fmt: skip
    missing = {what: set(words) - set(tally.words(what)) for what, words in wanted.items()}
    assert {what: set() for what in wanted} == missing
    assert set(KINDS) == set(BUILDERS)


def test_every_sort_of_request_is_drawn() -> None:
    """Each route and each content encoding, right and wrong, comes up."""
    drawn(request, 800)
    assert set() == set(ROUTES) - set(tally.words("route"))
    assert set() == set(CONTENT) - set(tally.words("content"))


def test_every_sort_of_connection_is_drawn() -> None:
    """Each thing that is wrong on the wire comes up."""
    drawn(connection, 500)
    assert set() == set(WIRE) - set(tally.words("wrong"))


def test_the_same_seed_draws_the_same() -> None:
    """An input is known by its seed and number."""
    for name in ("envelope", "request", "http"):
        target = load(name)
        first = [seeded.data_of(target, "s", number) for number in range(30)]
        assert first == [seeded.data_of(target, "s", number) for number in range(30)]
        assert first != [seeded.data_of(target, "t", number) for number in range(30)]


def test_most_of_what_is_drawn_is_taken() -> None:
    """Inputs get through to the scrubber: fuzzing only the parser would prove nothing."""
    taken = 0
    for number in range(100):
        try:
            taken += decide(envelope(Random(number)), OPEN, shipped()).envelope is not None
        except RequestError:
            continue
    assert taken > 40


# --- that a target can fail -----------------------------------------------------------------------


def changed(monkeypatch: pytest.MonkeyPatch, change: Callable[..., Processed]) -> None:
    """Let something else become of an envelope than what does."""
    real = envelopes.decide

    def sabotaged(data: bytes, project: Any, scrubber: Scrubber) -> Processed:
        done = real(data, project, scrubber)
        return change(done, data) if data == EVENT else done

    monkeypatch.setattr(envelopes, "decide", sabotaged)
    for name in ("AGAIN", "FRESH", "SDK", "ERRORS"):
        monkeypatch.setattr(envelopes, name, 1)


def with_body(done: Processed, body: bytes) -> Processed:
    """The same result with another body that goes on."""
    assert done.envelope is not None
    marks = {name: getattr(done.envelope, name) for name in ("envelope_id", "project", "key")}
    made = object.__new__(ScrubbedEnvelope)
    for name, value in {**marks, "client": "", "categories": (), "body": body}.items():
        object.__setattr__(made, name, value)
    return replace(done, envelope=made)


@pytest.mark.parametrize(
    ("oracle", "change"),
    [
        ("a secret survives", with_body),
        (
            "what is forwarded does not parse",
            lambda done, data: with_body(done, done.envelope.body[:-20]),
        ),
        (
            "what is forwarded is not JSON",
            lambda done, data: with_body(done, done.envelope.body.replace(b'"[ip]"', b"'[ip]'")),
        ),
        ("what is accepted is what goes on", lambda done, data: with_body(done, b"{}\n")),
        (
            "scrubbing again changes nothing",
            lambda done, data: with_body(done, done.envelope.body.replace(b"{", b'{"a":1,', 1)),
        ),
        (
            "a secret survives",
            lambda done, data: replace(done, redactions={ADDRESS: 1}),
        ),
        (
            "kinds are words of ours",
            lambda done, data: replace(
                done, outcomes=(Outcome(0, "x", done.outcomes[0].reason, 1),)
            ),
        ),
    ],
)
def test_a_result_that_is_wrong(
    monkeypatch: pytest.MonkeyPatch, oracle: str, change: Callable[..., Processed]
) -> None:
    """An oracle tells of a leak, of what does not parse, of another number of items, and so on."""
    check(EVENT, OPEN, shipped())
    changed(monkeypatch, change)
    with pytest.raises(Broken, match=oracle):
        check(EVENT, OPEN, shipped())


def test_a_scrubber_that_remembers_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A warm scrubber that finds less than a fresh one is told."""
    monkeypatch.setattr(envelopes, "FRESH", 1)
    data = EVENT.replace(ADDRESS.encode(), b"198.51.100.7")  # which is not planted
    knowing = envelopes.fresh(shipped())
    check(data, OPEN, knowing)
    knowing.memory.remember(["198.51.100.7"])
    with pytest.raises(Broken, match="a fresh scrubber gives the same"):
        check(data, OPEN, knowing)


def test_consent_that_nobody_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes on without consent, or against a denial, is told."""
    silent = EVENT.replace(b"allowReport", b"x")
    check(silent, ASKS, shipped())
    check(EVENT, DENIED, shipped())
    real = envelopes.decide
    monkeypatch.setattr(envelopes, "decide", lambda data, _, scrubber: real(data, OPEN, scrubber))
    for data, project in ((silent, ASKS), (EVENT, DENIED), (silent, PROJECTS[4])):
        with pytest.raises(Broken, match="without consent"):
            check(data, project, shipped())
    check(EVENT, ASKS, shipped())
    with pytest.raises(Broken, match="without consent"):
        check(EVENT.replace(b"true", b"false"), ASKS, shipped())


def test_a_mistake_in_the_scrubber_of_an_item(monkeypatch: pytest.MonkeyPatch) -> None:
    """An item that is dropped for an error that is none of ours is a finding."""

    def fail(*_: Any) -> bytes:
        raise KeyError(ADDRESS)

    monkeypatch.setitem(SCRUBBERS, "event", fail)
    with pytest.raises(Broken, match="no mistake of ours"):
        check(EVENT, OPEN, shipped())


def test_an_error_that_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret in an error's text, or in the error before it, is told; an odd status too."""
    monkeypatch.setattr(envelopes, "ERRORS", 1)

    def refuse(make: Callable[[], Exception]) -> None:
        def decide(*_: Any) -> Processed:
            try:
                raise ValueError(ADDRESS)  # noqa: TRY301 - it only stands before the other
            except ValueError:
                raise make()  # noqa: B904 - this is the mistake

        monkeypatch.setattr(envelopes, "decide", decide)

    for made in (lambda: EnvelopeError(f"at {ADDRESS}"), lambda: EnvelopeError("bad")):
        refuse(made)
        with pytest.raises(Broken, match="a secret survives"):
            check(EVENT, OPEN, shipped())

    class OddError(BodyError):
        status = 500

    refuse(lambda: OddError("bad"))
    with pytest.raises(Broken, match="an answer of the protocol"):
        check(EVENT, OPEN, shipped())


def test_a_log_that_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret in a log record of ours is told, at any level."""

    def tell(done: Processed, _: bytes) -> Processed:
        logging.getLogger("relay.x").debug("at", extra={"file": ADDRESS})
        return done

    changed(monkeypatch, tell)
    with pytest.raises(Broken, match="a secret survives"):
        check(EVENT, OPEN, shipped())


def test_work_that_is_a_square(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that grows with the square of the size is told; what is linear passes."""
    envelopes.check_growth(EVENT, OPEN, shipped())
    real = envelopes.decide

    def slow(data: bytes, project: Any, scrubber: Scrubber) -> Processed:
        for _ in data:
            for _ in data:
                pass
        return real(data, project, scrubber)

    monkeypatch.setattr(envelopes, "decide", slow)
    with pytest.raises(Broken, match="work is linear"):
        envelopes.check_growth(EVENT, OPEN, shipped())


def test_a_request_that_ends_in_500(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that is not one of the protocol is told."""
    head = b"POST /api/2/envelope/?sentry_key=" + b"a" * 32 + b" HTTP/1.1\r\n\r\n"
    requests.run(head + EVENT)

    async def fail(*_: Any) -> bool:
        raise KeyError(ADDRESS)

    monkeypatch.setattr(requests._warm().spool, "put", fail)
    with pytest.raises(Broken, match="an answer of the protocol"):
        requests.run(head + EVENT)


@pytest.mark.parametrize(
    "came", [b"nonsense", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokand more", b"HTTP/1.1 2"]
)
def test_an_answer_that_is_none(came: bytes) -> None:
    """Whatever comes over a connection and is not HTTP is told."""
    whole = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nok"
    assert [(400, whole)] * 2 == http.answers(whole + whole)
    with pytest.raises(Broken, match="an answer is one of HTTP"):
        http.answers(whole + came)


# --- what they look for, and the driver -----------------------------------------------------------


def test_each_secret_is_seen() -> None:
    """Each secret is seen as it is, in JSON, percent-encoded, in hex and base64."""
    for one in planted.FORBIDDEN:
        text = planted.WHOLES[one]
        for shown in (text, json.dumps(json.dumps(text)), text.encode().hex()):
            assert planted.leaks("x", shown.encode(), shown.encode())
    assert [] == planted.leaks("x", b'{"message":"nothing at all, [ip]"}')


def test_a_part_is_a_leak_only_where_the_whole_was_given() -> None:
    """Half a key that was given as half a key may pass; cut by us it may not."""
    whole = planted.WHOLES["xpub"].encode()
    half = whole[: len(whole) // 2]
    assert [] == planted.leaks("x", half, half)
    assert ["xpub"] == [leak.name for leak in planted.leaks("x", half, whole)]
    assert [] == planted.leaks("x", b"/homx/janeroe", b"/homx/janeroe")
    keyed = b'{"password": "Zauberkasse"}'
    assert ["under password"] == [leak.name for leak in planted.leaks("x", keyed, keyed)]
    assert [] == planted.leaks("x", b'"pass": "Zauberkasse"', keyed)
    for whole in (b"/home/janeroe", rb"C:\Users\janeroe", rb"C:\\Users\\janeroe"):
        assert ["windows"] == [leak.name for leak in planted.leaks("x", b"janeroe", whole)]


@pytest.mark.parametrize("excuse", planted.EXCUSES, ids=lambda excuse: excuse.reason)
def test_what_is_excused(excuse: planted.Excuse) -> None:
    """What is excused passes only in the place that the excuse names."""
    name = next(name for name in planted.FORBIDDEN if name.startswith(excuse.names))
    text = planted.FORBIDDEN[name][0]
    field = excuse.around.pattern.split(b"(?:")[1].split(b"|")[0].decode()
    shown = f'{{"{field}":"{text}"}}'.encode()
    assert [] == planted.leaks("x", shown)
    assert [name] == [leak.name for leak in planted.leaks("x", shown.replace(field.encode(), b"a"))]


def test_consent_is_read_by_the_tests_themselves() -> None:
    """The oracle knows grants, denials, keys that stand twice, and the user's own act."""
    cases = {
        EVENT: "granted",
        EVENT.replace(b"true", b"false"): "denied",
        EVENT.replace(b"allowReport", b"x"): "nothing",
        EVENT.replace(b"{}", b'{"consent":true,"consent":true}', 1): "denied",
        EVENT.replace(b'"tags"', b'"tags":{"allowReport":1},"tags"'): "denied",
        b'{"consent":"true"}\n': "granted",
        b'{}\n{"type":"user_report"}\n{}\n': "own act",
    }
    assert list(cases.values()) == [oracles.may_go_on(data) for data in cases]


def test_the_driver_goes_on_after_a_finding(tmp_path: Path) -> None:
    """Processes share the inputs of a seed, count what became of them, and keep what they find."""
    figures = seeded.run("dsn", "s", 50, 2, tmp_path)
    assert (50, 0) == (figures["inputs"], figures["findings"].total())
    assert not list(tmp_path.iterdir())
    seeded._keep(tmp_path, "dsn-s-7", Finding("key", b"data", "trace"))
    assert {"dsn-s-7.bin", "dsn-s-7.txt"} == {path.name for path in tmp_path.iterdir()}
    assert b"data" == (tmp_path / "dsn-s-7.bin").read_bytes()
