"""The rules over usage events: many at once, each for itself."""

from collections.abc import Callable
from typing import Any

import pytest

import relay
from relay import jsonio
from relay.errors import ScrubError
from relay.outcomes import Reason
from relay.rules.loading import RuleText
from relay.scrub.hashing import HashKeys
from relay.scrub.results import Done
from relay.scrub.scrubber import Scrubber
from relay.scrub.verified import scrubber_of
from relay.usage.attributes import Type
from relay.usage.catalogue import Catalogue
from relay.usage.cleaning import prepare
from relay.usage.drafts import Draft, Refused
from relay.usage.model import CleanEvent
from relay.usage.scrubbing import Cleaned, finish
from relay.usage.seen import Seen
from tests.unit.usage.events import CATALOGUE, COMMIT, KEYS, NOW, attribute, policy, request

RULE = """\
description: {id}
why: a test
match: {match}
redact: {redact}
examples:
  scrubs:
    - {{in: 'x', out: 'y'}}
    - {{in: 'xx', out: 'yy'}}
  leaves: ['z', 'zz']
"""


def rules(match: str, redact: str = "{method: replace, text: '[x]'}", status: str = "") -> Scrubber:
    """Make a scrubber of one rule."""
    text = RULE.format(id="one", match=match, redact=redact)
    files = (RuleText("test/one", "one.yaml", f"id: test/one\n{text}{status}"),)
    return scrubber_of(files, HashKeys(b"k" * 32), verify=False)


@pytest.fixture(scope="module")
def shipped() -> Scrubber:
    return relay.load_scrubber(verify=False)


def draft(seen: Seen, **more: str | None) -> Draft:
    found = prepare(request(**more), policy(), CATALOGUE, KEYS, NOW, seen)
    assert isinstance(found, Draft)
    return found


def lines(cleaned: Cleaned) -> list[Any]:
    """Records, or the word why there is none."""
    return [
        jsonio.loads(one.line) if isinstance(one, CleanEvent) else one.reason
        for one in cleaned.events
    ]


MANY: list[dict[str, str | None]] = [
    {"note": "from 10.0.0.1 to fe80::1"},
    {"mode": "normal", "count": "1"},
    {"mode": "normal", "count": "1"},
    {"note": "nothing"},
    {"c_type": "settings/analytics", "value": "false"},
    {"c_type": "settings/analytics", "value": "true"},
    {"note": "mail me at jan.novak@example.com", "firmware": "2.8.1"},
    {"parts": "a,b", "size": "4"},
    {"c_commit": "a" * 7},
]


def test_each_event_stands_for_itself(shipped: Scrubber) -> None:
    """Together they become what each becomes alone, whatever was seen before."""
    alone = [lines(finish([draft(Seen(), **one)], shipped, Seen()))[0] for one in MANY]
    for seen in (Seen(), Seen()):
        for _ in range(2):
            together = finish([draft(seen, **one) for one in MANY], shipped, seen)
            assert alone == lines(together)
    assert "from [ip] to [ip]" == alone[0]["attributes"]["note"]


class Failing:
    """Rules that cannot look at some documents, or at several at once."""

    def __init__(self, scrubber: Scrubber, fails: Callable[[Any], bool]) -> None:
        self._scrubber, self._fails = scrubber, fails

    def run(self, root: Any, size: int, root_type: str) -> Done:
        if self._fails(root):
            raise ScrubError("too much")
        return self._scrubber.run(root, size, root_type)


def test_one_that_fails_takes_no_other_along(shipped: Scrubber) -> None:
    """It is dropped, with its word; the others are as they would be."""
    seen = Seen()
    failing = Failing(shipped, lambda root: b"poison" in jsonio.dumps(root))
    drafts = [draft(seen, note=note) for note in ("one", "poison", "at 10.0.0.1")]
    cleaned = finish(drafts, failing, seen)  # type: ignore[arg-type]
    first, second, third = lines(cleaned)
    assert ("one", Reason.SCRUB_FAILED, "at [ip]") == (
        first["attributes"]["note"],
        second,
        third["attributes"]["note"],
    )
    assert isinstance(cleaned.events[1], Refused)
    assert {"network/ip-address": 1} == dict(cleaned.redactions)


def test_one_that_fails_alone_is_dropped(shipped: Scrubber) -> None:
    """There is nobody to try again without."""
    failing = Failing(shipped, lambda _: True)
    assert [Reason.SCRUB_FAILED] == lines(finish([draft(Seen())], failing, Seen()))  # type: ignore[arg-type]


def test_nothing_becomes_nothing(shipped: Scrubber) -> None:
    """No draft, no event."""
    assert Cleaned(()) == finish([], shipped, Seen())


@pytest.mark.parametrize(
    ("match", "more", "expected"),
    [
        ("{pattern: 'normal'}", {"mode": "normal", "dark": "true"}, {"dark": True}),
        ("{pattern: '2\\.8\\.1'}", {"firmware": "2.8.1", "dark": "true"}, {"dark": True}),
        ("{key: [parts]}", {"parts": "a,b", "dark": "true"}, {"dark": True}),
        ("{key: [count]}", {"count": "3", "dark": "true"}, {"dark": True}),
        ("{pattern: '\\bb\\b'}", {"parts": "a,b", "dark": "true"}, {"dark": True}),
    ],
)
def test_what_a_rule_changes_is_dropped_unless_it_is_a_text(
    match: str, more: dict[str, str | None], expected: dict[str, Any]
) -> None:
    """A word that was redacted is none of the list; it is counted."""
    cleaned = finish([draft(Seen(), **more)], rules(match), Seen())
    assert expected == lines(cleaned)[0]["attributes"]
    assert {("suite/ready", "scrub_failed"): 1} == dict(cleaned.events[0].dropped)


def test_a_text_that_a_rule_removes_is_gone() -> None:
    """Nothing is left to be kept."""
    cleaned = finish(
        [draft(Seen(), note="abc")], rules("{key: [note]}", "{method: remove}"), Seen()
    )
    assert lines(cleaned)[0]["attributes"] in ({}, {"note": ""})


def test_a_version_or_commit_that_a_rule_changes_is_not_kept() -> None:
    """The event is, for it says what was done all the same."""
    version = finish([draft(Seen())], rules("{pattern: '1\\.27'}"), Seen())
    assert (None, COMMIT) == tuple(lines(version)[0][name] for name in ("version", "commit"))
    assert {("suite/ready", "scrub_failed"): 1} == dict(version.events[0].dropped)
    commit = finish([draft(Seen(), note="a")], rules("{pattern: '0aab3c64'}"), Seen())
    assert ("1.27", None) == tuple(lines(commit)[0][name] for name in ("version", "commit"))
    assert {("suite/ready", "scrub_failed"): 1} == dict(commit.events[0].dropped)


def test_a_type_that_a_rule_changes_drops_the_event() -> None:
    """Nobody could say what it is."""
    cleaned = finish([draft(Seen(), note="a")], rules("{pattern: 'suite/'}"), Seen())
    assert [Reason.SCRUB_FAILED] == lines(cleaned)


def test_a_decision_is_kept_without_a_version_that_a_rule_changes() -> None:
    """It is the decision that matters."""
    decision = draft(Seen(), c_type="settings/analytics", value="false")
    cleaned = finish([decision], rules("{pattern: '1\\.27'}"), Seen())
    expected = {"decision": "opt_out", "day": "2026-11-22", "app": "suite", "version": None}
    assert [expected] == lines(cleaned)


class Counting:
    """Rules that tell what they were shown."""

    def __init__(self, scrubber: Scrubber) -> None:
        self._scrubber = scrubber
        self.shown: list[Any] = []

    def run(self, root: Any, size: int, root_type: str) -> Done:
        self.shown.append(jsonio.loads(jsonio.dumps(root)))
        return self._scrubber.run(root, size, root_type)


def test_every_key_and_value_is_shown_to_the_rules(shipped: Scrubber) -> None:
    """What was seen of a closed list is not shown again, nor a version; a text is, each time."""
    counting, seen = Counting(shipped), Seen()
    more = {
        "mode": "normal",
        "parts": "a",
        "count": "1",
        "size": "4",
        "note": "x",
        "firmware": "1.2",
    }
    for _ in range(3):
        finish([draft(seen, **more)], counting, seen)  # type: ignore[arg-type]
    header = {"type": "suite/ready", "version": "1.27"}
    typed = {"mode": "normal", "parts": ["a"], "count": 1, "size": "1-9", "firmware": "1.2"}
    again = [{**header, "attributes": {"note": "x"}}]
    whole = [{**header, "attributes": {**typed, "note": "x"}}, {"commit": COMMIT}]
    assert [whole, again, again] == counting.shown


def test_an_event_of_words_that_were_seen_needs_no_rules(shipped: Scrubber) -> None:
    """Nothing is left to look at; another version is."""
    counting, seen = Counting(shipped), Seen()
    for version in ("1.27", "1.27", "1.28"):
        finish([draft(seen, mode="normal", c_v=version)], counting, seen)  # type: ignore[arg-type]
    documents = [[one.get("version") for one in root] for root in counting.shown]
    assert [["1.27", None], ["1.28"]] == documents


def test_other_rules_look_at_everything_again(shipped: Scrubber) -> None:
    """Also where an event was prepared while the former ones held."""
    before, after = Seen(), Seen()
    finish([draft(before, mode="normal")], shipped, before)
    late = draft(before, mode="normal")
    assert {} == dict(late.fresh)
    counting = Counting(shipped)
    finish([late], counting, after)  # type: ignore[arg-type]
    assert {"mode": "normal"} == counting.shown[0][0]["attributes"]


def test_what_a_rule_has_changed_is_not_remembered() -> None:
    """It is shown, and changed, each time."""
    scrubber, seen = rules("{pattern: 'normal'}"), Seen()
    for _ in range(3):
        cleaned = finish([draft(seen, mode="normal", dark="true")], scrubber, seen)
        assert {"dark": True} == lines(cleaned)[0]["attributes"]


def test_hits_are_counted_by_rule() -> None:
    """Of enforced ones, and of those that are tried out."""
    enforced = finish([draft(Seen(), note="abc")], rules("{pattern: 'abc'}"), Seen())
    assert ({"test/one": 1}, {}) == (dict(enforced.redactions), dict(enforced.shadow))
    tried = finish(
        [draft(Seen(), note="abc")], rules("{pattern: 'abc'}", status="status: shadow\n"), Seen()
    )
    assert ["abc"] == [one["attributes"]["note"] for one in lines(tried)]
    assert [("test/one", 1)] == [(rule, count) for (rule, _), count in tried.shadow.items()]


def test_an_unknown_catalogue_is_no_matter() -> None:
    """Attributes of a type that the list holds under another name are its own."""
    other = Catalogue(
        {"a": type(CATALOGUE.events["suite/ready"])("a", "", {"n": attribute("n", Type.TEXT)})}, ""
    )
    found = prepare(request(c_type="a", n="b"), policy(), other, KEYS, NOW, Seen())
    assert isinstance(found, Draft)
    assert {"n": "b"} == found.record["attributes"]
