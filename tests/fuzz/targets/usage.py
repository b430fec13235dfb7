"""Usage events: a request's target and consent, and what the gate makes of them; allow-lists, too.

Law of this file: which costly oracles are asked follows from the bytes alone. Costly are: a
scrubber that remembers nothing (one input in `FRESH`), an event among others (`TOGETHER`), and work
against size (`GROWTH`).
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any, Final

from relay import rulefiles
from relay.config import UsageApp
from relay.errors import RequestError, RuleError
from relay.outcomes import Reason
from relay.rules.loading import RuleText
from relay.scrub.scrubber import Scrubber
from relay.usage import batches
from relay.usage.admitting import UsagePolicy, refusal
from relay.usage.catalogue import Catalogue, load_catalogue
from relay.usage.cleaning import clean, prepare
from relay.usage.drafts import Draft, Refused
from relay.usage.event_files import kept_of
from relay.usage.model import CleanEvent, Record, UsageRequest
from relay.usage.pseudonyms import UsageKeys
from relay.usage.requests import MAX_QUERY, read_query, targets_of
from relay.usage.scrubbing import finish
from relay.usage.seen import Seen
from tests.fuzz import oracles, tally
from tests.fuzz.grammar_usage import IDS, request
from tests.fuzz.oracles import hold, one_in
from tests.fuzz.target import Target
from tests.fuzz.targets.drawing import broken, bytes_of, text_of, word
from tests.fuzz.targets.envelope import fresh, shipped
from tests.usage_lists import WORDS, of_each_type
from tests.work import work

FRESH: Final = 12
TOGETHER: Final = 8
GROWTH: Final = 60

NOW: Final = 1_763_800_500.0
"""When the events are taken; the clock of `tests.fuzz.grammar_usage` is near it."""

KEYS: Final = UsageKeys.of(b"fuzz" * 8, 7)

LIST: Final = RuleText("fuzz", "fuzz.yaml", f"{WORDS}events:\n{of_each_type('fuzz/all')}")
"""A list with an attribute of each type, also those that the shipped one has no use for."""

POLICIES: Final = {
    "suite": UsagePolicy(UsageApp("suite")),
    "connect": UsagePolicy(UsageApp("connect", consent="implied")),
    "open": UsagePolicy(UsageApp("open", without_consent=frozenset({"fuzz/all"})), round=60.0),
}
_TARGETS: Final = targets_of(policy.app for policy in POLICIES.values())

KEPT: Final = {
    Record.EVENTS: (
        "type", "version", "commit", "channel", "instance", "session", "message", "time",
        "attributes",
    ),
    Record.OPT_OUTS: ("decision", "day", "app", "version"),
}  # fmt: skip
"""What a record says, and nothing else."""

_ANSWERS: Final = frozenset({Reason.UNKNOWN_ITEM, Reason.SCRUB_FAILED})
"""Why an event is dropped and yet answered as if it were not."""


@cache
def catalogue() -> Catalogue:
    """Return the list that ships, and ours."""
    return load_catalogue([*rulefiles.read_events(()), LIST])


@dataclass(frozen=True, slots=True)
class Input:
    """A request, as far as the relay looks at it."""

    path: str
    query: str
    consent: tuple[str, ...]


def read_input(data: bytes) -> Input:
    """Read the request target from the first line, and values of the header from the others."""
    first, *lines = text_of(data).split("\n")
    path, _, query = first.partition("?")
    return Input(path, query, tuple(lines))


def run(data: bytes) -> None:
    """Have the gate decide about a request.

    Raises:
        Broken: an oracle does not hold.
    """
    one = read_input(data)
    outcome = _answer(one, data, shipped())
    if isinstance(outcome, CleanEvent):
        _check_event(outcome, one, data)
    if one_in(FRESH, data, b"fresh"):
        hold("a fresh relay says the same", outcome == _answer(one, data, fresh(shipped())))
    if one_in(GROWTH, data, b"growth") and outcome is not None:
        _check_growth(one)


def _answer(one: Input, data: bytes, scrubber: Scrubber) -> CleanEvent | Refused | None:
    """Return what becomes of a request; None where it is answered with a 4xx."""
    target = _TARGETS.get(one.path)
    if target is None:
        tally.note("answer", "404")
        return None
    hold("a path leads to an app", target.app in POLICIES, target.app)
    try:
        query = read_query(one.query)
        asked = UsageRequest(target, query, one.consent)
        policy = POLICIES[target.app]
        drawn = clean(asked, policy, catalogue(), scrubber, KEYS, NOW)
    except RequestError as error:
        tally.note("answer", str(int(error.status)))
        hold("a refusal is a 400", error.status == 400, error.status)
        _says_nothing(error, data)
        return None
    if isinstance(drawn, Refused):
        _check_refusal(drawn, data)
    else:
        tally.note("answer", f"204 {drawn.partition.record}")
    if one_in(TOGETHER, data, b"together"):
        _check_together(asked, policy, scrubber, drawn)
    return drawn


def _says_nothing(error: BaseException, data: bytes) -> None:
    oracles.no_secret_in_error(error, data)
    shown = f"{error!r} {vars(error)!r} {error.__context__!r} {error.__cause__!r}"
    hold("an error names no id", not [text for text in IDS.values() if text in shown], shown)


def _check_refusal(refused: Refused, data: bytes) -> None:
    tally.note("answer", str(refused.reason))
    verdict = refused.verdict
    if verdict is not None and not verdict.passes:
        error = refusal(verdict)
        hold("without consent it is a 403", error.status == 403, error.status)
        _says_nothing(error, data)
    else:
        hold("a drop has a reason that is known", refused.reason in _ANSWERS, refused.reason)
    oracles.no_secret("refusal", repr(refused), data)


def _check_event(event: CleanEvent, one: Input, data: bytes) -> None:
    hold("a record is one line", b"\n" not in event.line and b"\r" not in event.line)
    record = oracles.strict_json(event.line)
    kind = event.partition.record
    hold("a record has its keys", KEPT[kind] == tuple(record), tuple(record))
    given = "\n".join((one.query, *(text for pair in read_query(one.query) for text in pair)))
    oracles.no_secret("record", event.line, given.encode("utf-8", "surrogatepass"))
    oracles.no_secret("event", f"{event!r} {event.message} {event.dropped}", data)
    _check_ids(event, record, one)
    body = batches.pack([event], "0" * 32).body
    hold("a batch is read again", batches.unpack(body) == (event.partition, (event.line,)))
    if kind is Record.OPT_OUTS:
        hold("an opt-out says a decision", record["decision"] == "opt_out", record)
        return
    known = catalogue().find(event.partition.app, record["type"])
    hold("a type is on the list", known is not None, record["type"])
    extra = set(record["attributes"]) - set(known.attributes if known else ())
    hold("an attribute is on the list", not extra, extra)
    time = record["time"]
    hold("a time is rounded", time is None or (len(time) == 20 and time.endswith(":00Z")), time)


def _check_ids(event: CleanEvent, record: dict[str, Any], one: Input) -> None:
    """Hold that no id came through, unless the client has said it in another parameter, too."""
    pairs = read_query(one.query)
    text = json.dumps(record) + repr(event.partition)
    for name, value in pairs:
        if name not in IDS or len(value) < 8:
            continue
        if not any(value in other for key, other in pairs if key != name):
            hold("no id comes through as it came", value not in text, name)


def _check_together(
    asked: UsageRequest, policy: UsagePolicy, scrubber: Scrubber, alone: CleanEvent | Refused
) -> None:
    """Hold that an event among others becomes what it becomes alone; so does one seen before."""
    seen = Seen()
    for _ in range(2):
        draft = prepare(asked, policy, catalogue(), KEYS, NOW, seen)
        if isinstance(draft, Refused):
            hold("a refusal is one for good", draft == alone)
            return
        others = [_other("suite", seen), _other("open", seen)]
        done = finish([others[0], draft, others[1]], scrubber, seen).events
        hold("an event is alone among others", done[1] == alone)
        hold("and they are", [done[0], done[2]] == [_alone(one, scrubber) for one in others])


def _alone(draft: Draft, scrubber: Scrubber) -> CleanEvent | Refused:
    return finish([draft], scrubber, Seen()).events[0]


def _other(app: str, seen: Seen) -> Draft:
    target = _TARGETS[f"/{app}/log/web/stable.log"]
    query = read_query(
        "c_v=1.39&c_type=fuzz%2Fall&c_commit=0123456789&c_instance_id=a&c_session_id=b"
        "&c_timestamp=1763800000000&c_consent=true&colour=mail+jane%40example.org&count=7"
    )
    draft = prepare(UsageRequest(target, query), POLICIES[app], catalogue(), KEYS, NOW, seen)
    assert isinstance(draft, Draft)
    return draft


_BASE: Final = 60_000
_EACH: Final = 60
"""Lines of Python that a request may take, and more for each character."""


def _check_growth(one: Input) -> None:
    """Hold that work is bounded by a multiple of the size, however often the query is repeated."""
    for times in (1, 4):
        query = "&".join([one.query] * times)[: MAX_QUERY * 2]
        longer = Input(one.path, query, one.consent)
        scrubber = fresh(shipped())
        steps = work(lambda longer=longer, using=scrubber: _answer(longer, b"", using))
        tally.note("growth", "query")
        hold("work is linear in size", steps <= _BASE + _EACH * len(query), (steps, len(query)))


def seeds() -> Iterable[bytes]:
    """Return Suite's own requests, and some that are drawn."""
    yield from SUITE
    for number in range(60):
        yield draw(Random(number))


def draw(chance: Random) -> bytes:
    return request(catalogue().events)(chance)


_IDS: Final = "&".join(f"{name}={text}" for name, text in IDS.items())
_HEAD: Final = (
    f"c_v=1.39&c_commit=04cafc8c8a72f3ab10c4f9c4a0ab5e1c8c2c2f6d&{_IDS}&c_timestamp=1763800000000"
)

SUITE: Final = (
    f"/suite/log/web/stable.log?c_type=suite%2Fready&{_HEAD}&c_consent=true&language=en".encode(),
    f"/suite/log/desktop/develop.log?c_type=device-connect&{_HEAD}\ntrue".encode(),
    f"/suite/log/web/stable.log?c_type=settings%2Fanalytics&{_HEAD}&value=false".encode(),
    f"/open/log/stable.log?c_type=fuzz%2Fall&{_HEAD}&transports=usb%2Cbridge&colour=a+b".encode(),
    f"/connect/log/web/stable.log?{_HEAD}&c_type=connect&c_consent=false".encode(),
)
"""As `packages/analytics` of Trezor Suite writes them, with ids of ours."""

_TOKENS: Final = (
    b"c_v=", b"c_type=", b"c_commit=", b"c_instance_id=", b"c_session_id=", b"c_timestamp=",
    b"c_message_id=", b"c_consent=true", b"c_consent=false",
    b"settings%2Fanalytics", b"value=false",
    b"fuzz%2Fall", b"flag=", b"count=", b"transports=", b"colour=", b"language=", b"firmware=",
    b"/suite/log/", b"/connect/log/web/", b"/open/log/", b"stable.log?", b"develop.log?",
    b"&", b"=", b"+", b"%", b"%00", b"%2f", b"%252F", b"%c0%af", b"%ed%a0%80", b"\n", b"\ntrue",
    *(f"{name}={text}".encode() for name, text in IDS.items()),
)  # fmt: skip


# --- allow-lists ---------------------------------------------------------------------------------


def run_list(data: bytes) -> None:
    """Hold that a file of an allow-list is refused with its lines, or proves what it says."""
    text = text_of(data)
    try:
        found = load_catalogue([RuleText("list", "list.yaml", text)])
    except RuleError as error:
        _has_places(error, text)
        return
    for name, event in found.events.items():
        assert event.name == name
        assert event.examples
        for example in event.examples:
            assert dict(example.keeps) == kept_of(event, example.query)
        for attribute in event.attributes.values():
            for tried in _TRIED:
                kept = attribute.read(tried)
                assert kept == attribute.read(tried)
                assert isinstance(kept, bool | int | str | list | None)
                assert "c_" != attribute.name[:2]
    assert found == load_catalogue([RuleText("list", "list.yaml", text)])


def _has_places(error: RuleError, text: str) -> None:
    lines = 2 + len(text.splitlines()) + text.count("\n")
    assert error.mistakes
    assert [] == [m for m in error.mistakes if m.file != "list.yaml" or not 1 <= m.line <= lines]


_TRIED: Final = (
    "", "true", "7", "-1", "1e400", "NaN", "0" * 5_000, "9" * 5_000, "usb,usb", ",", "en-GB",
    "1.2.3.4", "x" * 5_000, "\0", "é", "\udc80", "0.1", "1" + "0" * 300,
)  # fmt: skip


@cache
def _lists() -> tuple[bytes, ...]:
    return tuple(one.text.encode() for one in (*rulefiles.read_events(()), LIST))


def draw_list(chance: Random) -> bytes:
    """Draw a file: one that ships with a fault, or one of words that are right or nearly so."""
    if chance.random() < 0.4:
        return broken(chance.choice(_lists()), chance, _LIST_TOKENS)
    lines = ["events:", f"  {chance.choice(('a/b', 'A', 'a//b', 'c_x', word(chance)))!r}:"]
    lines += ["    description: d", "    attributes:"]
    for _ in range(chance.randrange(4)):
        kind = chance.choice(("boolean", "integer", "number", "word", "words", "text", "version"))
        parts = [f"type: {kind}", "description: d"]
        parts += chance.sample(_PARTS, chance.choice((0, 1, 1, 2)))
        name = chance.choice(("a", "b", "amount", "c_x", "label", "value", "1", word(chance)))
        lines.append(f"      {name!r}: {{{', '.join(parts)}}}")
    lines += ["    examples:", f"      - {{query: {word(chance)!r}, keeps: {{}}}}"]
    return broken(bytes_of("\n".join(lines)), chance, _LIST_TOKENS)


_PARTS: Final = (
    "max: 20", "max: 0", "buckets: [1, 10]", "buckets: [10, 1]", "buckets: [.5, .inf]", "values: x",
    "values: [a, b]", "values: ['a,b']", "max_length: 128", "max_length: 1e9", "describes: true",
    "buckets: [-1, 0]", "buckets: [.nan]", "extra: 1",
)  # fmt: skip
_LIST_TOKENS: Final = (
    b"events:\n", b"words: {x: [a, b]}\n", b"description: d\n", b"attributes:\n", b"examples:\n",
    b"type: integer", b"type: words", b"buckets: [1, 10]", b"values: ", b"max: 9", b"keeps: {}",
    b"query: 'a=1'", b"apps: [suite]", b"describes: true", b"- ", b": ", b"{", b"}", b"[", b"]",
    b".inf", b".nan", b"0x10", b"1e3", b"~", b"%00", b"a=1&a=2",
)  # fmt: skip

TARGETS: Final = (
    Target("usage", run, draw, seeds, _TOKENS),
    Target("usage_list", run_list, draw_list, _lists, _LIST_TOKENS),
)
