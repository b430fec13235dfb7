"""Rules tried while they are written: the same functions as in the service, and what they say."""

from collections import Counter
from pathlib import Path

import pytest

from relay import jsonio
from relay.errors import EnvelopeError
from relay.protocol.envelope import parse
from relay.rulefiles import read
from relay.rules.loading import RuleText, load_rules
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber
from relay.workbench.trying import Desk, Kind, Sample, Tried, merged, scrub_sample, try_rules

RULES = Path(__file__).parents[3] / "rules"
LOADED = load_rules(read([RULES / "network", RULES / "people"]))
KEYS = HashKeys(b"k" * 32)

TICKET = """\
id: support/ticket
description: Numbers of support tickets
why: A ticket leads to the person who wrote it.
match:
  pattern: '\\bTKT-[0-9]{5}\\b'
redact: {method: replace, text: '[ticket]'}
examples:
  scrubs:
    - {in: 'see TKT-48213.', out: 'see [ticket].'}
    - {in: 'TKT-00001 and TKT-00002', out: '[ticket] and [ticket]'}
  leaves:
    - 'TKT-123'
    - event: {extra: {note: 'XTKT-48213'}}
"""
EVENT = '{"message": "TKT-48213 from 203.0.113.42", "extra": {"note": "fine"}}'


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk(LOADED, KEYS)


def tried(
    desk: Desk, text: str, sample: str = EVENT, kind: str = "event", *, with_loaded: bool = True
) -> Tried:
    """Try one rule."""
    edited = [RuleText("rule", "rule.yaml", text)] if text else []
    return try_rules(desk, edited, Sample(Kind(kind), sample), with_loaded=with_loaded)


def shown(it: Tried) -> str:
    assert it.result is not None
    return "".join(segment.text for segment in it.result.segments)


def rules_of(it: Tried) -> set[str]:
    assert it.result is not None
    return {redaction.rule for redaction in it.result.redactions}


def test_mistakes_are_those_of_the_loader(desk: Desk) -> None:
    """With a mistake nothing is tried; it has its line and a hint."""
    it = tried(desk, TICKET.replace("pattern:", "patern:"))
    assert [(5, "unknown key 'patern' in match", "did you mean 'pattern'?")] == [
        (m.line, m.message, m.hint) for m in it.mistakes
    ]
    assert (None, (), ()) == (it.result, it.examples, it.edited)


def test_a_rule_scrubs_beside_the_loaded_ones(desk: Desk) -> None:
    """What comes out is what a scrubber of all these rules makes."""
    it = tried(desk, TICKET)
    whole = Scrubber.from_rules((*LOADED, *load_rules([RuleText("", "f", TICKET)])), KEYS)
    clean = jsonio.loads(whole.scrub_json(EVENT.encode()).body)
    del clean["_meta"]
    assert jsonio.pretty(clean) == shown(it)
    assert {"support/ticket", "network/ip-address"} == rules_of(it)
    assert ("support/ticket",) == it.edited


def test_a_rule_scrubs_alone(desk: Desk) -> None:
    """Without the loaded rules nothing of theirs is found."""
    assert {"support/ticket"} == rules_of(tried(desk, TICKET, with_loaded=False))


def test_without_a_rule_the_loaded_ones_scrub(desk: Desk) -> None:
    """An empty editor shows what the service does today."""
    it = tried(desk, "")
    assert ({"network/ip-address"}, ()) == (rules_of(it), it.examples)


def test_nothing_at_all_scrubs_nothing(desk: Desk) -> None:
    """With no rules the sample comes out as it came."""
    it = tried(desk, "", with_loaded=False)
    assert (set(), jsonio.pretty(jsonio.loads(EVENT))) == (rules_of(it), shown(it))


def test_examples_of_the_edited_rule_are_run(desk: Desk) -> None:
    """Only those, each with its line; one that fails says so."""
    it = tried(desk, TICKET.replace("see [ticket].'", "see [tickets].'"))
    assert [(9, False), (10, True), (12, True), (13, True)] == [
        (e.example.line, e.passed) for e in it.examples
    ]
    assert ("see [tickets].", "see [ticket].") == (it.examples[0].wanted, it.examples[0].got)


def test_an_edited_rule_takes_the_place_of_a_loaded_one(desk: Desk) -> None:
    """A rule with the id of a loaded one is that one, changed."""
    file = next(text for text in read([RULES / "network"]) if text.name == "ip-address")
    it = tried(desk, file.text.replace("'[ip]'", "'[address]'").replace("[ip]", "[address]"))
    assert ("network/ip-address",) == it.edited
    assert "[address]" in shown(it)
    assert len(LOADED) == len(merged(LOADED, LOADED[:1]))


def test_shadow_rules_are_counted(desk: Desk) -> None:
    """A shadow rule changes nothing; what it would have found is told, its examples are run."""
    it = tried(desk, f"status: shadow\n{TICKET}")
    assert it.result is not None
    assert ("TKT-48213" in shown(it), 4) == (True, len([e for e in it.examples if e.passed]))
    assert (("support/ticket", 1),) == it.result.shadow


def test_a_rule_that_is_off_proves_nothing(desk: Desk) -> None:
    """It is not looked at, as in the service."""
    it = tried(desk, f"status: off\n{TICKET}".replace("status: off", "status: 'off'"))
    assert ((), {"network/ip-address"}) == (it.examples, rules_of(it))


def test_text_is_marked(desk: Desk) -> None:
    """A text comes out as a text."""
    it = tried(desk, TICKET, "from 203.0.113.42: TKT-48213", "text")
    assert "from [ip]: [ticket]" == shown(it)


def test_an_envelope_is_shown_item_by_item(desk: Desk) -> None:
    """Each item has a heading; what is dropped has its reason; what is no JSON is shown as text."""
    parts = [
        '{"event_id":"40f3051fff454a82b482d0e3e3a62e46"}',
        '{"type":"event"}',
        '{"user":{"email":"a@example.com","ip_address":"1.2.3.4"},"message":"TKT-48213"}',
        '{"type":"nobody_knows","length":2}',
        "{}",
        '{"type":"attachment","length":23,"filename":"a.txt"}',
        "TKT-48213 203.0.113.42\n",
        "",
    ]
    it = tried(desk, TICKET, "\n".join(parts), "envelope")
    assert it.result is not None
    assert ["envelope", "item 1, event", "item 3, attachment"] == [
        segment.text for segment in it.result.segments if segment.heading
    ]
    assert [(1, "unknown", "unknown_item")] == [
        (o.index, o.kind, o.reason) for o in it.result.dropped
    ]
    assert "[ticket] [ip]" in shown(it)
    assert {("user.ip_address", "item 1, event"), ("user.email", "item 1, event")} == {
        (r.path, r.part) for r in it.result.removed
    }


def attached(payload: str) -> str:
    """An envelope with one attachment."""
    head = '{"event_id":"40f3051fff454a82b482d0e3e3a62e46"}'
    length = len(payload.encode())
    return f'{head}\n{{"type":"attachment","length":{length},"filename":"a"}}\n{payload}\n'


@pytest.mark.parametrize("client", ["browser-11.12.0", "electron-4.24.0", "python-2.75.0"])
def test_what_is_shown_is_what_is_sent_on(desk: Desk, client: str) -> None:
    """Of captured envelopes: the same redactions, the same items, as a whole scrub makes."""
    scrubber = desk.prepare((), with_loaded=True).scrubber
    tried_out = 0
    for file in sorted((RULES.parent / "tests" / "samples" / client).glob("*.bin"))[::3]:
        data = file.read_bytes()
        try:
            text = data.decode()
            whole = scrubber.scrub_envelope(data)
        except (UnicodeDecodeError, EnvelopeError):
            continue
        if not parse(data).items:
            continue  # a report on a route of its own: no envelope
        result = scrub_sample(scrubber, Sample(Kind.ENVELOPE, text))
        tried_out += 1
        remarks = Counter(remark.rule_id for remark in whole.remarks)
        assert (file.name, remarks) == (file.name, Counter(r.rule for r in result.redactions))
        items = parse(whole.body).items
        headings = [segment for segment in result.segments if segment.heading]
        assert (file.name, len(items) + 1) == (file.name, len(headings))
        shown = "".join(segment.text for segment in result.segments)
        for item in items:
            if item.headers["type"] in ("event", "transaction"):
                document = jsonio.loads(item.payload)
                document.pop("_meta", None)
                assert jsonio.pretty(document) in shown
    assert tried_out > 5


def test_marks_that_fit_no_text_are_listed(desk: Desk) -> None:
    """Documents a line are shown as text: what was redacted in them stands in the list."""
    it = tried(desk, TICKET, attached('{"a": "TKT-00001"}\n{"b": "TKT-00002"}'), "envelope")
    assert it.result is not None
    assert '{"a":"[ticket]"}\n{"b":"[ticket]"}' in shown(it)
    assert ["support/ticket"] * 2 == [one.rule for one in it.result.removed]


def test_what_is_no_text_is_not_shown(desk: Desk) -> None:
    """Of a payload in another encoding its size is told."""
    wide = TICKET.replace("[ticket]", "[tickét]")
    text = "see the ticket TKT-00001 here".encode("utf-16-le").decode()
    it = tried(desk, wide, attached(text), "envelope", with_loaded=False)
    assert it.result is not None
    assert ("(56 bytes)" in shown(it), {"support/ticket"}) == (True, rules_of(it))


@pytest.mark.parametrize(
    ("kind", "text", "problem"),
    [
        ("event", '{"a": hunter2}', "the sample is no JSON: not JSON, at line 1, column 7"),
        ("event", " \n", "there is no sample"),
        ("envelope", "", "there is no sample"),
        ("event", "[" * 300 + "]" * 300, "nested too deeply"),
        ("event", '{}\n{"type":"event"}\n{}', "at line 2, column 1; is it an envelope?"),
        ("envelope", "hunter2", "the relay would drop it: "),
        ("envelope", '{"message": "hunter2"}', "the envelope has no items; is it an event?"),
    ],
)
def test_a_sample_that_cannot_be_scrubbed_says_why(
    desk: Desk, kind: str, text: str, problem: str
) -> None:
    """In words that repeat nothing of it."""
    it = tried(desk, TICKET, text, kind)
    assert it.result is not None
    assert problem in it.result.problem
    assert "hunter2" not in it.result.problem


def test_sets_are_remembered(desk: Desk) -> None:
    """The same rules are compiled once; a few sets stay."""
    edited = [RuleText("rule", "rule.yaml", TICKET)]
    first = desk.prepare(edited, with_loaded=True)
    assert first is desk.prepare(edited, with_loaded=True)
    for number in range(4):
        desk.prepare([RuleText("rule", "rule.yaml", f"{TICKET}#{number}")], with_loaded=False)
    assert first is not desk.prepare(edited, with_loaded=True)
