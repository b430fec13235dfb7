"""Each code word: a rule where it is said, and one where it is not."""

import pytest

from relay.rules.loading import RuleText, load_rules
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber
from relay.workbench.linting.model import MEANINGS, Code, Severity
from relay.workbench.linting.running import SLOW_SHARE, lint
from tests.linted import TICKET, codes, linted, make, said

ROOM = make(
    "{pattern: 'room [0-9]{4}'}",
    "{in: 'room 1234', out: '[one]'}, {in: 'a room 5678', out: 'a [one]'}",
    "'room 123', 'rooms 1234'",
)
WIDER = make(
    "{pattern: 'room [0-9]+'}",
    "{in: 'room 1', out: '[two]'}, {in: 'room 22', out: '[two]'}",
    "'room', 'rooms 1'",
    id="x/two",
)
WHOLE = make(
    "{key: [room_name]}",
    "{event: {room_name: a}, becomes: {room_name: '[one]'}},"
    " {event: {b: {roomName: c}}, becomes: {b: {roomName: '[one]'}}}",
    "{event: {room_names: a}}, 'room name'",
)


def test_a_good_rule() -> None:
    """There is nothing to say about the rule of the guide."""
    assert () == linted(TICKET)


def test_every_word_has_its_meaning() -> None:
    """The table is whole."""
    assert set(Code) == set(MEANINGS)


def test_an_example_that_fails() -> None:
    """What other examples prove is not told then."""
    broken = TICKET.replace("'TKT-123'", "'TKT-12345'")
    (finding,) = linted(broken)
    assert (Code.FAILS, Severity.ERROR, 11) == (finding.code, finding.severity, finding.line)


def test_a_rule_that_is_off_is_read_only() -> None:
    """Its text is looked at, its behaviour is not."""
    off = TICKET.replace("'TKT-123'", "'TKT-12345'") + "status: off\n"
    assert set() == codes(off)
    assert {Code.THIN_TEXT} == codes(off.replace("Numbers of support tickets", "Tickets"))


def test_a_shadow_rule_is_held_as_if_enforced() -> None:
    """So that it can be mended before it is promoted."""
    assert {Code.UNEXERCISED} == codes(
        ROOM.replace("room [", "(?:room|flat) [") + "status: shadow\n"
    )


def test_findings_stand_in_the_order_of_files_and_lines() -> None:
    """As a person reads them."""
    one = ROOM.replace("Nobody upstream may see it.", "Because.").replace("[one]", "one!")
    found = linted(one, TICKET.replace("A ticket leads to the person who wrote it.", "Yes."))
    assert [("x/one", 3), ("x/one", 6), ("support/ticket", 4)] == [(f.rule, f.line) for f in found]


def test_only_some() -> None:
    """Rules that are not of interest are still part of the set."""
    files = [RuleText("x/one", "one", ROOM), RuleText("x/two", "two", WIDER)]
    found = lint(load_rules(files), files, made, only={"x/one"})
    assert {("x/one", Code.SHADOWED), ("x/one", Code.OVERLAPS)} == {(f.rule, f.code) for f in found}


def made(rules: tuple) -> Scrubber:  # type: ignore[type-arg]
    return Scrubber.from_rules(rules, HashKeys(b"k" * 32))


def test_slow() -> None:
    """A rule that was measured to take most of the time; nothing where nothing was measured."""
    files = [RuleText("support/ticket", "f", TICKET)]
    rules = load_rules(files)
    (finding,) = lint(rules, files, made, shares={"support/ticket": SLOW_SHARE})
    assert (Code.SLOW, Severity.NOTE) == (finding.code, finding.severity)
    assert () == lint(rules, files, made, shares={"support/ticket": SLOW_SHARE / 2})


# --- sets ----------------------------------------------------------------------------------------


def test_shadowed() -> None:
    """A rule whose examples another cleans as well; not the wider one of the two."""
    found = [finding for finding in linted(ROOM, WIDER) if finding.code is Code.SHADOWED]
    assert [("x/one", "x/two")] == [(finding.rule, finding.other) for finding in found]


def test_not_shadowed_if_the_other_takes_less() -> None:
    """What is left over is not clean."""
    less = WIDER.replace("'room [0-9]+'", "'room [0-9]'").replace(
        "{in: 'room 22', out: '[two]'}", "{in: 'room 22', out: '[two]2'}"
    )
    assert ("x/one", Code.SHADOWED) not in said(ROOM, less)


def test_not_shadowed_by_a_rule_that_is_not_enforced() -> None:
    """Shadow rules change nothing."""
    assert ("x/one", Code.SHADOWED) not in said(ROOM, WIDER + "status: shadow\n")


def test_shadowed_whole_values() -> None:
    """Rules about keys too."""
    every = WHOLE.replace("x/one", "x/two").replace("room_name]", "'*name']")
    assert ("x/one", Code.SHADOWED) in said(WHOLE, every)
    assert ("x/two", Code.SHADOWED) not in said(
        WHOLE, every.replace("{b: {roomName: c}}", "{b: {myName: c}}").replace(
            "{roomName: '[one]'}", "{myName: '[one]'}")
    )  # fmt: skip


def test_overlaps() -> None:
    """It says which one wins; rules that find different spans do not overlap."""
    found = {f.rule: f for f in linted(ROOM, WIDER) if f.code is Code.OVERLAPS}
    assert {"x/one"} == set(found)
    assert "x/two finds the same span in 2 of its examples; x/one wins" == found["x/one"].message
    assert Code.OVERLAPS not in codes(ROOM, TICKET)


def test_the_same_match() -> None:
    """The later of two; not where the place differs."""
    twin = ROOM.replace("x/one", "x/two")
    assert ("x/two", Code.SAME_MATCH) in said(ROOM, twin)
    elsewhere = twin.replace("redact:", "except: [release]\nredact:")
    assert ("x/two", Code.SAME_MATCH) not in said(ROOM, elsewhere)


def test_the_same_key() -> None:
    """Two rules that write different things under one key; not if they write the same."""
    twin = WHOLE.replace("x/one", "x/two").replace("[room_name]", "[room_name, flat]")
    assert ("x/two", Code.SAME_KEY) not in said(WHOLE, twin)
    assert ("x/two", Code.SAME_KEY) in said(WHOLE, twin.replace("[one]", "[two]"))


def test_a_marker_that_is_found() -> None:
    """By another rule."""
    secret = TICKET.replace("[ticket]", "room 1234")
    assert ("support/ticket", Code.MARKER_FOUND) in said(ROOM, secret)
    assert ("x/one", Code.MARKER_FOUND) not in said(ROOM, secret)


# --- width ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", [".+", r"\w+", "[a-z .]+"])
def test_a_pattern_that_matches_anything(pattern: str) -> None:
    """An error, and more to the point than that its examples fail."""
    text = make(f"{{pattern: '{pattern}'}}", "{in: a, out: b}, {in: b, out: c}", "'', ' '")
    assert ("x/one", Code.MATCHES_ANYTHING) in said(text)


def test_a_pattern_that_matches_one_kind() -> None:
    """Commit ids; not with a word that it wants close by."""
    value = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"
    scrubs = (
        f"{{in: 'key {value}', out: 'key [one]'}}, {{in: 'key {value[::-1]}', out: 'key [one]'}}"
    )
    wide = make("{pattern: '[0-9a-f]{4,}-?[0-9a-f]{2,}'}", scrubs, "'key 9f86', '9f86'")
    assert Code.MATCHES_KIND in codes(wide)
    near = wide.replace("}'}", "}', near: [key]}").replace("'9f86'", f"'{value}'")
    assert Code.MATCHES_KIND not in codes(near)


def test_a_common_key() -> None:
    """Whole values under `message`; not with a `where`."""
    common = WHOLE.replace("room_name", "message").replace("roomName", "Message")
    assert Code.COMMON_KEY in codes(common)
    assert Code.COMMON_KEY not in codes(common.replace("redact:", "where: ['**']\nredact:"))
    assert Code.COMMON_KEY not in codes(WHOLE)


def test_nothing_telling() -> None:
    """A pattern that no word and no run goes with."""
    vague = ROOM.replace("room [0-9]{4}", "[a-z]+ [0-9]{4}").replace("'rooms 1234'", "'4 1234'")
    assert Code.NOTHING_TELLING in codes(vague)
    assert Code.NOTHING_TELLING not in codes(ROOM)
