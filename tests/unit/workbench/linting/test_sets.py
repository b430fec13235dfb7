"""What rules do to each other."""

from relay.workbench.linting.model import Code
from tests.linted import ROOM, TICKET, WHOLE, WIDER, codes, linted, said


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
