"""What must survive: fresh random lines, in text and in every place of an event."""

import secrets
from functools import cache

import pytest

import relay
from benchmarks.precision import event_of, measure, places_of
from benchmarks.survivors import KINDS, lines

SEED = secrets.randbits(32)


@cache
def shipped() -> relay.Scrubber:
    """The rules that ship."""
    return relay.load_scrubber(secret=b"test" * 8, verify=False)


def scrub(event: bytes) -> bytes:
    """Scrub one event."""
    return shipped().scrub_json(event).body


def test_lines_survive_in_every_place_of_an_event() -> None:
    """A few thousand lines come out as they were, wherever they stand."""
    found = measure(scrub, 3_000, SEED)
    assert 3_000 == found.lines
    assert 0 == found.failed
    assert () == found.changed, f"seed {SEED}"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_lines_survive_as_text(kind: str) -> None:
    """Lines of each kind come out of `scrub_text` as they were, alone and among others."""
    made = [line for name, line in lines(len(KINDS) * 60, SEED) if name == kind]
    assert made == [shipped().scrub_text(line) for line in made], f"seed {SEED}"


def test_the_same_seed_gives_the_same_lines() -> None:
    """A run can be repeated, and another seed is another run."""
    assert list(lines(200, 7)) == list(lines(200, 7))
    assert list(lines(200, 7)) != list(lines(200, 8))


def test_each_place_is_measured() -> None:
    """A line that is changed in one place only is found there."""
    event = event_of(["one", "two"])
    assert all(["one", "two"] == found for found in places_of(event).values())
    found = measure(
        lambda data: data.replace(b'"vars": {"value": "', b'"vars": {"value": "x'), 60, 7
    )
    assert {"variable"} == {one.place for one in found.changed}
    assert {()} == {one.rules for one in found.changed}
    assert 60 == len(found.changed)
    assert 0 == found.unchanged


def test_what_fails_is_counted() -> None:
    """An event that is not scrubbed is in no other count."""

    def broken(_data: bytes) -> bytes:
        raise ValueError

    found = measure(broken, 120, 7)
    assert (0, 3) == (found.lines, found.failed)


def test_changes_name_their_rules() -> None:
    """The rule that changed a line is told."""

    def wrong(data: bytes) -> bytes:
        return scrub(data.replace(b"std::vector::push_back", b"jane@example.org"))

    found = measure(wrong, 3_000, 7)
    assert {("people/email",)} == {
        one.rules for one in found.changed if one.before == "std::vector::push_back"
    }
