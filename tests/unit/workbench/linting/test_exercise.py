"""What no example of a rule needs."""

from relay.workbench.linting.model import Code
from tests.linted import linted, make


def spare(text: str) -> list[tuple[str, int]]:
    """What is said, without what all messages have in common, with the line."""
    return [
        (f.message.removeprefix("no example needs "), f.line)
        for f in linted(text)
        if f.code is Code.UNEXERCISED
    ]


def pattern(match: str, *texts: str, leaves: str = "'room', rooms") -> str:
    scrubs = ", ".join(f"{{in: '{text} 7', out: '[one]'}}" for text in texts)
    return make(match, scrubs, leaves)


def test_an_alternative() -> None:
    """One that no example has; an example for each is enough."""
    match = "{pattern: '(?:room|flat|house) [0-9]'}"
    assert [("the alternative house of the pattern", 4)] == spare(pattern(match, "room", "flat"))
    assert [] == spare(pattern(match, "room", "flat", "house"))


def test_what_is_inside_of_a_spare_one_is_not_told() -> None:
    """The outer one says it all, and is cut where it is long."""
    match = "{pattern: '(?:room|(?:flat|" + "house" * 20 + ")) [0-9]'}"
    ((message, _),) = spare(pattern(match, "room", "room "[:-1]))
    assert message.startswith("the alternative (?:flat|househouse")
    assert message.endswith("… of the pattern")
    assert len(message) < 120


def test_an_alternative_that_a_leaf_needs() -> None:
    """Without it the pattern would find less of what stays; nothing is spare."""
    match = r"{pattern: '(?:^|[^a-z])(room [0-9])'}"
    text = make(
        match,
        "{in: 'room 7', out: '[one]'}, {in: 'a room 7', out: 'a [one]'}",
        "'room', 'broom 7'",
    )
    assert [] == spare(text)


def test_a_pattern_that_cannot_do_without() -> None:
    """Without `b` it could match nothing at all; without the group all of it would go."""
    match = "{pattern: '(?:a?|b)c?(?:x|y)'}"
    text = make(
        match,
        "{in: 'bx', out: '[one]'}, {in: 'y', out: '[one]'}, {in: 'acy', out: '[one]'}",
        "'b', 'ac'",
    )
    assert [] == spare(text)
    grouped = make(
        "{pattern: '(x)1|y1'}", "{in: x1, out: '[one]1'}, {in: x1x1, out: '[one]1[one]1'}", "x2, y1"
    )
    assert [("the alternative y1 of the pattern", 4)] == spare(grouped)


def test_a_key() -> None:
    """Each key is told at its line, as it is spelled."""
    scrubs = "{event: {room: 1}, becomes: {room: '[one]'}}, {event: {big_flat: 1}, becomes: "
    match = "\n  key: [room,\n        '*flat',\n        guest_house]"
    text = make(match, scrubs + "{big_flat: '[one]'}}", "{event: {rooms: 1}}, flat")
    assert [("the key 'guest_house'", 7)] == spare(text)


def test_a_key_with_a_pattern() -> None:
    """The same for rules that look into values."""
    scrubs = "{event: {room: 17}, becomes: {room: '[one]'}}, {in: 'flat=17', out: 'flat=[one]'}"
    match = "{key: [room, flat, house], pattern: '[0-9]{2}'}"
    text = make(match, scrubs, "{event: {room: 1}}, 'flat=1'")
    assert [("the key 'house'", 4)] == spare(text)


def test_a_key_in_other_letters() -> None:
    """The second spelling says nothing new; the first is needed."""
    scrubs = "{event: {room_name: 1}, becomes: {room_name: '[one]'}}, {event: {roomName: 1}, "
    text = make(
        "{key: [room_name, roomName, flat]}",
        scrubs + "becomes: {roomName: '[one]'}}, {event: {flat: 1}, becomes: {flat: '[one]'}}",
        "{event: {rooms: 1}}, flat",
    )
    assert [("the key 'roomName', which is 'room_name' in other letters", 4)] == spare(text)


def test_a_key_that_another_ends_like() -> None:
    """Spelled with a space it is found in text by its own spelling alone."""
    other = "{event: {secret: 1}, becomes: {secret: '[one]'}}"
    match = "{key: ['*secret', token_secret]}"
    leaves = "{event: {secrets: 1}}, secret"
    whole = "{event: {token_secret: 1}, becomes: {token_secret: '[one]'}}"
    assert [("the key 'token_secret'", 4)] == spare(make(match, f"{other}, {whole}", leaves))
    text = "{in: 'token secret: Jane Doe', out: 'token secret: [one]'}"
    assert [] == spare(make(match, f"{other}, {text}", leaves))


def test_a_check() -> None:
    """It must refuse something."""
    scrubs = "{in: 'at 10.1.2.3', out: 'at [one]'}, {in: '172.16.0.9', out: '[one]'}"
    match = "{pattern: '[0-9.]{7,15}', check: ip}"
    assert [] == spare(make(match, scrubs, "'24.11.1.0.0', '10.1'"))
    assert [("the check: nothing under leaves", 4)] == spare(make(match, scrubs, "'10.1', '10'"))


def test_words_close_by() -> None:
    """Each word, and that one is wanted at all."""
    scrubs = "{in: 'hotel room 7', out: 'hotel [one]'}, {in: 'hotel: room 7', out: 'hotel: [one]'}"
    match = "{pattern: 'room [0-9]', near: [hotel, hostel]}"
    assert [("'hostel' in near", 4)] == spare(make(match, scrubs, "'room 7', room"))
    assert [("'hostel' in near", 4), ("near: nothing under leaves", 4)] == spare(
        make(match, scrubs, "'room x', room")
    )


def test_selectors() -> None:
    """Each of `where` and `except`; a single `where` must keep the rule from something."""
    scrubs = (
        "{event: {extra: {a: 'room 7'}}, becomes: {extra: {a: '[one]'}}},"
        " {event: {extra: {b: 'room 7'}}, becomes: {extra: {b: '[one]'}}}"
    )
    match = "{pattern: 'room [0-9]'}"
    leaf = "{event: {tags: {a: 'room 7'}}}"
    more = "where: [extra.a, extra.b, extra.c]\nexcept: [extra.d]"
    assert [("extra.c in where", 5), ("extra.d in except", 6)] == spare(
        make(match, scrubs, f"{leaf}, room", more=more)
    )
    assert [] == spare(make(match, scrubs, f"{leaf}, room", more="where: extra.*"))
    assert [("extra.* in where", 5)] == spare(
        make(match, scrubs, "{event: {tags: {a: 'room'}}}, room", more="where: extra.*")
    )


def test_any_rules() -> None:
    """Of several places each; a single place cannot be left out."""
    scrubs = (
        "{event: {extra: {a: 1}}, becomes: {extra: {a: '[one]'}}},"
        " {event: {extra: {a: 2}}, becomes: {extra: {a: '[one]'}}}"
    )
    leaves = "{event: {extra: {c: 1}}}, {event: {a: 1}}"
    one = make("{any: true}", scrubs, leaves, more="where: extra.a")
    assert [] == spare(one)
    two = make("{any: true}", scrubs, leaves, more="where: [extra.a, extra.b]")
    assert [("extra.b in where", 5)] == spare(two)
