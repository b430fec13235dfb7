"""Why a rule did nothing at a place: each reason, and what is redacted explained by who fired."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import relay
from relay import jsonio
from relay.rules.model import Rule
from relay.rules.selectors import parse_selector
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber
from relay.workbench.explaining import explain
from relay.workbench.reasons import MEANINGS, MOST_PLACES, Answer, Cause, watched, why_not
from relay.workbench.trying import Kind
from tests.inline_rules import DEVICE, EMAIL, IP, NUMBER, rules
from tests.strategies import json_documents

SAMPLES = Path(__file__).parents[2] / "samples"
KEYS = HashKeys(b"k" * 32)
MODEST = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
NEAR = "id: t/room\nmatch: {pattern: 'room [0-9]+', near: [hotel]}\nredact: {method: mask}"
ANY = "id: t/any\nmatch: {any: true}\nwhere: 'extra.*.owner'\nredact: {method: remove}"
NEVER = f"{EMAIL}\nstatus: off".replace("t/email", "t/off")
TRIED = f"{EMAIL}\nstatus: shadow".replace("t/email", "t/tried")
KEYED = (
    "id: t/pin\nmatch: {key: pin_code, pattern: '[0-9]+'}\nredact: {method: replace, text: '[p]'}"
)


def ask(value: Any, path: str, *bodies: str, only: frozenset[str] | None = None) -> Answer:
    made = rules(*bodies)
    scrubber = Scrubber.from_rules(made, KEYS)
    document = watched(scrubber, value, len(json.dumps(value)))
    return why_not(made, scrubber, document, parse_selector(path), only)


def causes(value: Any, path: str, *bodies: str) -> list[tuple[str, str]]:
    return [(str(why.cause), why.detail) for why in ask(value, path, *bodies).whys]


@pytest.mark.parametrize(
    ("value", "path", "body", "cause", "detail"),
    [
        ({"a": "no"}, "a", NUMBER, "pattern", ""),
        ({"a": "12345"}, "a", NUMBER, "fired", "replace: part"),
        ({"a": 12345}, "a", NUMBER, "fired", "replace: part"),
        ({"a": "1.2.3.4.5.6"}, "a", IP, "check", "ip"),
        ({"a": "room 12"}, "a", NEAR, "near", "hotel"),
        ({"a": "12345"}, "a", f"{NUMBER}\nwhere: [extra.**, b]", "where", "extra.**; b"),
        ({"a": "12345"}, "a", f"{NUMBER}\nexcept: [b, '*']", "except", "*"),
        (
            {"a": {"device_ident": "x"}},
            "a.*",
            DEVICE,
            "key",
            "the nearest of its keys is device_id",
        ),
        ({"a": "x"}, "a", DEVICE, "key", "its keys: device_id, label"),
        ({"pin_code": "none"}, "pin_code", KEYED, "pattern", ""),
        ({"label": "x"}, "label", f"{DEVICE}\nwhere: extra.**", "where", "extra.**"),
        ({"label": None}, "label", DEVICE, "empty", ""),
        ({"a": "x@y.z"}, "a", NEVER, "off", ""),
        ({"a": "x@y.z"}, "a", TRIED, "shadow", ""),
        ({"a": "x"}, "a", TRIED, "pattern", ""),
        ({"a": {"b": "12345"}}, "a", NUMBER, "inside", ""),
        ({"timestamp": 1700000000}, "timestamp", NUMBER, "protected", ""),
        ({"a": {"owner": 1}}, "a.owner", ANY, "where", "extra.*.owner"),
        ({"extra": {"a": {"owner": "Jo"}}}, "**.owner", ANY, "fired", "remove: value"),
        ({"label": "[d]"}, "label", DEVICE, "stands", ""),
    ],
)
def test_each_reason(value: Any, path: str, body: str, cause: str, detail: str) -> None:
    """One rule, one place, one reason."""
    assert [(cause, detail)] == causes(value, path, body)


def test_two_reasons() -> None:
    """Each condition that keeps a rule is told."""
    body = f"{IP}\nwhere: extra.**"
    assert [("check", "ip"), ("where", "extra.**")] == causes({"a": "1.2.3.4.5.6"}, "a", body)


def test_another_rule_was_first() -> None:
    """What is taken with a whole value, or by a longer span, is told with the rule's name."""
    assert [("fired", "replace: value"), ("taken", "t/device")] == causes(
        {"label": "12345"}, "label", DEVICE, NUMBER
    )
    assert [("taken", "t/device")] == causes({"label": {"a": "12345"}}, "label.a", NUMBER, DEVICE)[
        :1
    ]


def test_a_field_without_its_shape() -> None:
    """A field that is dropped for its shape is told beside the rules."""
    whys = ask({"event_id": "12345"}, "event_id", NUMBER).whys
    assert [("protected/shape", Cause.FIRED), ("t/number", Cause.TAKEN)] == [
        (why.rule, why.cause) for why in whys
    ]


def test_a_path_that_is_not_there() -> None:
    """The nearest one is named, without what rules know of it."""
    value = {"extra": {"jo@example.org": {"messages": "x"}}}
    assert "extra.''.messages" == ask(value, "extra.*.message", EMAIL).nearest
    assert 0 == ask(value, "extra.*.message", EMAIL).places
    assert "" == ask(value, "nothing", EMAIL).nearest


def test_a_path_as_it_is_shown() -> None:
    """A key that was redacted is asked about by its new name; its old one is not told."""
    (why,) = ask({"jo@example.org": {"a": "12345"}}, "''.a", NUMBER, EMAIL,
                 only=frozenset({"t/number"})).whys  # fmt: skip
    assert ("''.a", Cause.FIRED) == (why.path, why.cause)


def test_many_places() -> None:
    """No more than a few are answered for, and it is said how many there are."""
    answer = ask({"a": ["x"] * 50}, "a.*", NUMBER)
    assert (50, MOST_PLACES) == (answer.places, len(answer.whys))


def test_every_cause_has_a_meaning() -> None:
    """People are told each in words."""
    assert set(Cause) == set(MEANINGS)


@cache
def shipped() -> tuple[Rule, ...]:
    return relay.load_scrubber(verify=False).compiled.rules


@pytest.mark.parametrize(
    "name",
    [
        "python-2.75.0/consent-tag-before-send-01",
        pytest.param("python-2.75.0/compress-none-01", marks=pytest.mark.long),
    ],
)
def test_remarks_are_explained_by_who_fired(name: str) -> None:
    """At each place of a real event, the rules with a remark are those that say they fired."""
    data = sample(name)
    scrubber = Scrubber.from_rules(shipped(), KEYS)
    for part in explain(scrubber, data, Kind.ENVELOPE).parts:
        for document in part.documents:
            remarks: dict[str, set[str]] = {}
            for redaction in part.redactions:
                if redaction.document == ("" if document.label == part.kind else document.label):
                    remarks.setdefault(redaction.path, set()).add(redaction.rule)
            places = [path for path, by in remarks.items() if "protocol/client-address" not in by]
            for at in range(0, len(places), MOST_PLACES):
                some = places[at : at + MOST_PLACES]
                selector = parse_selector(" || ".join(some))
                fired: dict[str, set[str]] = {path: set() for path in some}
                for why in why_not(shipped(), scrubber, document, selector).whys:
                    if why.cause is Cause.FIRED:
                        fired[why.path].add(why.rule)
                assert {path: remarks[path] for path in some} == fired


def sample(name: str) -> bytes:
    data = (SAMPLES / f"{name}.bin").read_bytes()
    assert jsonio.loads(data.partition(b"\n")[0])
    return data


NARROWED = {
    "where": f"{NUMBER}\nwhere: user.**",
    "except": f"{NUMBER}\nexcept: '**'",
    "near": NUMBER.replace("'}", "', near: [hotel]}", 1),
    "check": NUMBER.replace("'}", "', check: ip}", 1),
    "off": f"{NUMBER}\nstatus: off",
    "shadow": f"{NUMBER}\nstatus: shadow",
}


@MODEST
@given(document=json_documents, how=st.sampled_from(sorted(NARROWED)), key=st.sampled_from("abc"))
def test_a_narrowed_rule_says_how(document: Any, how: str, key: str) -> None:
    """A planted value that a narrowed rule leaves: the reason is what narrows it."""
    value = {"extra": {"x": document, key: "see 9876543"}}
    assert [how] == [cause for cause, _ in causes(value, f"extra.{key}", NARROWED[how])]


@MODEST
@given(document=json_documents, path=st.sampled_from(["**", "extra.*", "**.nothing", "extra.q.*"]))
def test_no_secret_is_in_an_answer(document: Any, path: str) -> None:
    """Keys and values that rules know, enforced or tried, are in no answer and no repr."""
    value = {"extra": {"janeroe@example.org": {"98765432": document}, "a": "98765432"}}
    value["pairs"] = [["janeroe@example.org", "98765432"]]  # type: ignore[assignment]
    for mail in (EMAIL, TRIED):
        shown = repr(ask(value, path, mail, NUMBER))
        assert not [word for word in ("janeroe", "98765432") if word in shown]
