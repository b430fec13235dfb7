"""Leaves that are nearly a hit, and leaves that are not."""

import pytest

from relay.workbench.linting.model import Code
from tests.linted import codes, make

ROOM = "{in: 'room 1234', out: '[one]'}, {in: 'room 5678', out: '[one]'}"
KEYED = (
    "{event: {room_name: a}, becomes: {room_name: '[one]'}},"
    " {event: {b: {roomName: c}}, becomes: {b: {roomName: '[one]'}}}"
)


@pytest.mark.parametrize(
    ("match", "scrubs", "leaves"),
    [
        pytest.param("{pattern: 'room [0-9]{4}'}", ROOM, "a, 'ROOM 1234'", id="other case"),
        pytest.param("{pattern: 'room [0-9]{4}'}", ROOM, "a, 'room 12'", id="another count"),
        pytest.param(r"{pattern: '\broom [0-9]{4}\b'}", ROOM, "a, 'mushroom 12345'", id="glued on"),
        pytest.param("{pattern: 'room [0-9]{4}'}", ROOM, "a, 'the roommate'", id="the same run"),
        pytest.param(
            "{pattern: 'room [0-9]{4}'}", ROOM, "a, {event: {a: {b: ['room 12']}}}", id="deep"
        ),
        pytest.param(
            "{pattern: '(?i)[a-z]+://(?:room|flat)[0-9]{2}'}",
            "{in: 'a://room12', out: '[one]'}, {in: 'b://flat34', out: '[one]'}",
            "a, 'see x://y'",
            id="a literal of the pattern",
        ),
        pytest.param(
            r"{pattern: '[0-9]{2}\.x\.y'}",
            "{in: '12.x.y', out: '[one]'}, {in: '34.x.y', out: '[one]'}",
            "a, 'b.X.Y'",
            id="an escaped one",
        ),
        pytest.param("{key: room_name}", KEYED, "a, {event: {names: 1}}", id="a word of the key"),
    ],
)
def test_near(match: str, scrubs: str, leaves: str) -> None:
    """One such leaf is enough."""
    assert Code.NO_NEAR_MISS not in codes(make(match, scrubs, leaves))


@pytest.mark.parametrize(
    ("match", "scrubs", "leaves"),
    [
        ("{pattern: 'room [0-9]{4}'}", ROOM, "a, 'nothing of the kind 12'"),
        ("{key: room_name}", KEYED, "a, {event: {other: [1, true, null]}}"),
    ],
)
def test_not_near(match: str, scrubs: str, leaves: str) -> None:
    """Leaves that have nothing in common with what the rule finds."""
    assert {Code.NO_NEAR_MISS} == codes(make(match, scrubs, leaves))


def test_places_and_words_count() -> None:
    """The last key of a selector, and a word of `near`."""
    scrubs = (
        "{event: {extra: {owner: 1}}, becomes: {extra: {owner: '[one]'}}},"
        " {event: {extra: {owner: 2}}, becomes: {extra: {owner: '[one]'}}}"
    )
    text = make("{any: true}", scrubs, "a, {event: {owners: 1}}", more="where: extra.owner")
    assert set() == codes(text)
    assert {Code.NO_NEAR_MISS} == codes(text.replace("owners", "lodgers"))
