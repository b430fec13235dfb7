"""A scrubber that is looked at does what it does alone, and says where things stood."""

from typing import Any

from hypothesis import HealthCheck, given, settings

from relay import jsonio
from relay.workbench.watching import Seen, Target, Watching
from tests.inline_rules import DEVICE, EMAIL, HASHED, IP, MASKED, NUMBER, scrubber
from tests.strategies import json_documents

SCRUBBER = scrubber(NUMBER, IP, DEVICE, EMAIL, HASHED, MASKED)


def seen_in(value: Any) -> tuple[Seen, ...]:
    watching = Watching.of(SCRUBBER)
    watching.scrub_value(value, 100)
    return watching.log[-1].seen


def test_spans_before_and_after() -> None:
    """Each part of a text says where it stood, and where its replacement stands."""
    seen = seen_in({"a": "at 12345 and 10.20.30.40, x@y.z"})
    assert [
        ("t/number", Target.PART, (3, 8), (3, 6), "12345"),
        ("t/ip", Target.PART, (13, 24), (11, 15), "10.20.30.40"),
        ("t/email", Target.PART, (26, 31), (17, 17), "x@y.z"),
    ] == [(s.rule, s.target, s.span, s.clean_span, s.found) for s in seen]


def test_wholes_and_keys() -> None:
    """A whole value and a key have no span; the path is that of the clean document."""
    seen = seen_in({"q@w.e": {"device_id": ["a"]}})
    assert {
        ("t/device", Target.WHOLE, ("", "device_id"), ("q@w.e", "device_id")),
        ("t/email", Target.KEY, ("",), ("q@w.e",)),
    } == {(s.rule, s.target, s.path, s.before) for s in seen}


def test_nothing_found_is_in_a_repr() -> None:
    """What is logged can be looked at without harm."""
    watching = Watching.of(SCRUBBER)
    watching.scrub_value({"a": "12345 x@y.z", "who": "Jane Roe"}, 100)
    assert not [word for word in ("12345", "x@y.z", "Jane") if word in repr(watching.log)]


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(document=json_documents)
def test_to_be_looked_at_changes_nothing(document: Any) -> None:
    """The same comes out as of a scrubber alone, and each remark has its redaction."""
    data = jsonio.dumps(document)
    alone, watching = SCRUBBER.scrub_json(data), Watching.of(SCRUBBER)
    looked_at = watching.scrub_json(data)
    assert alone.body == looked_at.body
    # What is found in `_meta` has no remark.
    seen = [s.rule for watched in watching.log if watched.structural for s in watched.seen]
    assert sorted(seen) == sorted(r[0] for note in alone.notes for r in note.remarks)
