"""Keys and values inside text."""

import json

import pytest

from relay.scrub import structure
from relay.scrub.structure import entries, looks_like_json, value_after

SECRET = "My savings"


def found(text: str, key: str = "device_id") -> tuple[str, str] | None:
    """Return the key and value that `value_after` reads for the first key in a text."""
    start = text.index(key)
    stops = [i for i in range(start, len(text)) if text[i] in "=:"]
    colon = stops[0] + 1
    if text[colon : colon + 1] == ">":
        colon += 1
    pair = value_after(text, start, colon)
    return None if pair is None else (pair[0], text[slice(*pair[1])])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"device_id":"My savings","b":1}', ("device_id", SECRET)),
        ("{'device_id': 'My savings', 'b': 1}", ("device_id", SECRET)),
        ('{"device_id" : 17, "b": 2}', ("device_id", "17")),
        ("device_id=abc&b=c", ("device_id", "abc")),
        ('device_id==="abc"', None),
        ("device_id == abc", None),
        ("getpass('device_id: ', x)", None),
        ('ask("device_id="+x)', None),
        ("say 'device_id:' abc1", None),
        ("'device_id: \t'35C8", None),
        ("device_id: {}", None),
        ('{"device_id": [], "b": "c"}', None),
        ("x; device_id=a,b; c=d", ("device_id", "a,b")),
        ("device_id: 35C8 17C5\r\nhost: x", ("device_id", "35C8 17C5")),
        ("device_id: it is gone\r\nhost: x", None),
        ("{ device_id: abc1, b }", ("device_id", "abc1")),
        ('Map(1) {"device_id" => "My savings"}', ("device_id", SECRET)),
        ("user.device_id=abc", ("user.device_id", "abc")),
        ("my_device_id=abc", ("my_device_id", "abc")),
        ('"device_id": {"a": [1, "}"]} tail', ("device_id", '{"a": [1, "}"]}')),
        ('"device_id": [1, (2)], tail', ("device_id", "[1, (2)]")),
        ('"device_id":"My sav', ("device_id", "My sav")),
        ('"device_id":["My sav', ("device_id", '["My sav')),
        ('"device_id":"a\\"b","c"', ("device_id", 'a\\"b')),
        (r"{\"device_id\":\"My savings\",\"b\":1}", ("device_id", SECRET)),
        (r"{\"device_id\":{\"a\":\"b\"},\"b\":1}", ("device_id", r"{\"a\":\"b\"}")),
        (r"{\"device_id\":{\"a\":\"{[\"},\"b\":1}", ("device_id", r"{\"a\":\"{[\"}")),
        (r"{\"device_id\":[\"a\\\"]\",2],\"b\":1}", ("device_id", r"[\"a\\\"]\",2]")),
        (r"{\"device_id\":[\"a\\\\\",2],\"b\":1}", ("device_id", r"[\"a\\\\\",2]")),
        (r"{\\\"device_id\\\":{\\\"a\\\":\\\"}\\\"},b", ("device_id", r"{\\\"a\\\":\\\"}\\\"}")),
        (r'{"device_id":"a\\","b":1}', ("device_id", r"a\\")),
        (r"{\"device_id\":\"a\"}\" tail", ("device_id", "a")),
        (r"{\\\"device_id\\\":\\\"My savings\\\"}", ("device_id", SECRET)),
        ('"device_id": null, "b"', None),
        ("{'device_id': None}", None),
        ('"device_id": true', None),
        ('"device_id":""', None),
        ("device_id=", None),
        ("device_id: ", None),
        ("device_id=&b", None),
        ('device_id="', None),
    ],
)
def test_value_after(text: str, expected: tuple[str, str] | None) -> None:
    """The value of a key is found in each spelling, cut off too; null and booleans are none."""
    assert expected == found(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("password :Battery horse", "Battery horse"),
        ("password\t:Battery horse", "Battery horse"),
        ("password:Battery horse", None),
        ("say password :swordfish", "swordfish"),
        ("say password\t:swordfish", "swordfish"),
        ("say password:swordfish", None),
        ("say password=swordfish", "swordfish"),
        ("say password =swordfish", None),
        ("say password\t=swordfish", None),
    ],
)
def test_a_blank_before_the_sign_counts_as_one_behind_it(text: str, value: str | None) -> None:
    """Words that are spaced are read as a line or a sentence, and others as a pair."""
    sign = text.replace("=", ":").index(":") + 1
    found = value_after(text, text.index("password"), sign)
    assert value == (None if found is None else text[slice(*found[1])])


def test_the_key_before_a_value_is_bounded() -> None:
    """What stands glued before a key is read back over so many characters, not over the text."""
    text = "x" * 10_000 + "device_id=1"
    pair = value_after(text, 10_000, 10_010)
    assert pair is not None
    assert 64 + len("device_id") == len(pair[0])


def test_walk_in_text_yields_paths() -> None:
    """Each scalar under a key is yielded with its path, its place and its type."""
    text = json.dumps({"user": {"id": 7, "name": "Jane", "on": True}, "l": [{"a": "b"}, "c"]})
    seen = [(path, text[slice(*span)], kind) for path, span, kind in entries(text)]
    expected = [
        (("user", "id"), "7", "number"),
        (("user", "name"), "Jane", "string"),
        (("l", 0, "a"), "b", "string"),
        (("l", 1), "c", "string"),
    ]
    assert expected == seen


@pytest.mark.parametrize("text", ['{"a":hash:1f-2e,"b":2}', "{a: hash:1f-2e , b: 2}"])
def test_walk_in_text_reads_a_value_with_a_colon(text: str) -> None:
    """A pseudonym that replaced a number is one value, so that a second search changes nothing."""
    seen = [(path, text[slice(*span)]) for path, span, _ in entries(text)]
    assert [(("a",), "hash:1f-2e"), (("b",), "2")] == seen


@pytest.mark.parametrize("size", range(1, 41))
def test_walk_in_text_reads_what_is_cut_off(size: int) -> None:
    """A text that ends anywhere gives what it gave whole, as far as it goes."""
    text = '{"a":{"b":"cd"},"e":[1,"f\\"g"],"h":-2.5}'
    whole = [path for path, _, _ in entries(text)]
    part = [path for path, _, _ in entries(text[:size])]
    assert whole[: len(part)] == part


@pytest.mark.parametrize("value", ["1", '"s"', "{}"])
def test_walk_in_text_reads_to_the_end(value: str) -> None:
    """However dense: a value that is passed over goes out as it came."""
    text = '{"a":[' + f'{{"b":{value}}},' * 3_000 + '{"c":1}'
    *_, (path, _, _) = entries(text)
    assert ("a", 3_000, "c") == path


def test_walk_in_text_does_not_go_deeper_than_any_rule() -> None:
    """Values nested too deeply for any rule are passed over, later ones are not."""
    text = "[" * 50_000 + "1" + "]" * 50_000
    assert [] == list(entries(text))
    text = '{"x":' + "[" * 200 + "1" + "]" * 200 + ',"a":2}'
    assert [("a",)] == [path for path, _, _ in entries(text)]


@pytest.mark.parametrize("cut", ["", "\\", '"', "\\\\"])
def test_unclosed_quotes_are_read_once(cut: str) -> None:
    """Text full of escaped quotes is one token: it is not read again from each of them."""
    text = '"' + '\\"' * 1_000 + cut
    tokens = list(structure._BRACKET_TOKENS.finditer(text))
    assert 2 >= len(tokens)
    tokens = list(structure._TOKENS.finditer(text.replace('"', "'")))
    assert 2 >= len(tokens)


def test_brackets_after_an_unclosed_quote() -> None:
    """A quote that nothing closes does not hide the bracket that ends the value."""
    text = 'device_id={it is 5" tall} and more'
    assert ("device_id", '{it is 5" tall}') == found(text)


def test_brackets_after_an_unclosed_quote_that_is_escaped() -> None:
    """So it is in JSON inside a string, where the end of a string was cut out."""
    text = r"{\"device_id\": {\"a\": \"x} and more"
    assert ("device_id", r"{\"a\": \"x}") == found(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("{", True), (" [1]", True), ("", False), ("a{", False), ('"{"', False)],
)
def test_looks_like_json(text: str, expected: bool) -> None:
    """A text that starts with a bracket is walked as a document."""
    assert expected == looks_like_json(text)


@pytest.mark.parametrize("bracket", ["{}", "[]", "()"])
def test_a_value_in_brackets_ends_with_its_own(bracket: str) -> None:
    """The bracket that closes it, not one of another kind."""
    first, last = bracket
    text = f"device_id={first}my savings 1{last} and more"
    assert ("device_id", f"{first}my savings 1{last}") == found(text)
    text = f"device_id={first}my {first}sav{last} 1{last} and more"
    assert ("device_id", f"{first}my {first}sav{last} 1{last}") == found(text)


def test_unclosed_brackets_in_a_list_of_words() -> None:
    """The walk goes on with the key that stood outside of what has ended."""
    text = '{"a":{"b":[1,{"c":2},3],"d":4},"e":5}'
    seen = [(path, text[slice(*span)]) for path, span, _ in entries(text)]
    assert [
        (("a", "b", 0), "1"), (("a", "b", 1, "c"), "2"), (("a", "b", 2), "3"),
        (("a", "d"), "4"), (("e",), "5"),
    ] == seen  # fmt: skip
