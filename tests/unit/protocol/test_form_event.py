"""The event in a form."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay import jsonio
from relay.errors import BodyError, TooLargeError
from relay.protocol.form_event import form_event
from relay.protocol.limits import DEFAULT
from relay.protocol.multipart import Part


def fields(**given: str) -> list[Part]:
    """Make parts that are no files."""
    return [Part(name, None, "", text.encode()) for name, text in given.items()]


def file(name: str, *documents: Any) -> Part:
    """Make a file of msgpack."""
    data = b"".join(msgpack.packb(one, datetime=True) for one in documents)
    return Part(name, "x", "", data)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {}),
        ({"guid": "1"}, {"extra": {"guid": "1"}}),
        ({"sentry[release]": "1.0"}, {"release": "1.0"}),
        ({"sentry[tags][allowReport]": "true"}, {"tags": {"allowReport": "true"}}),
        ({"sentry": '{"tags":{"a":1}}', "sentry[tags][b]": "2"}, {"tags": {"a": 1, "b": "2"}}),
        ({"sentry[user][id]": "2", "sentry": '{"user":{"id":1}}'}, {"user": {"id": "2"}}),
        ({"sentry___app": '{"dist":"3"}'}, {"dist": "3"}),
        ({"sentry__2": ':"x"}', "sentry__1": '{"dist"'}, {"dist": "x"}),
        ({"sentry": "no JSON", "b": "1"}, {"extra": {"b": "1"}}),
        ({"sentry": "[1]"}, {}),
        ({"sentry[a]b[c]": "1"}, {}),
        ({"sentry" + "[a]" * 16: "1"}, {}),
        ({"sentry[a]": "1", "sentry[a][b]": "2"}, {"a": "1"}),
    ],
)
def test_fields(given: dict[str, str], expected: dict[str, Any]) -> None:
    """Sentry's fields make the event, others are extra, what does not parse is left out."""
    assert expected == form_event(fields(**given), DEFAULT)


def test_files_of_sentry_native() -> None:
    """Its event goes before the form's; breadcrumbs of two files that take turns are in order."""
    event = {"tags": {"allowReport": True}, "level": "fatal", "n": 1.5, "none": None}
    late, early = {"timestamp": "2026-01-02"}, {"timestamp": "2026-01-01"}
    parts = [
        *fields(sentry='{"level":"info","dist":"1"}'),
        file("__sentry-breadcrumb1", late, late),
        file("__sentry-breadcrumb2", early),
        file("__sentry-event", event),
    ]
    made = form_event(parts, DEFAULT)
    assert {"values": [late, late]} == made.pop("breadcrumbs")
    assert {**event, "dist": "1"} == made


def test_breadcrumbs_of_the_second_file() -> None:
    """Either file may be the older; what is no breadcrumb, and one without a time, is no harm."""
    early, late = {"timestamp": "2026-01-01"}, {"timestamp": "2026-01-02"}
    for first, second in (([early], [late]), ([late], [early])):
        parts = [file("__sentry-breadcrumb1", *first), file("__sentry-breadcrumb2", *second)]
        assert {"values": [late]} == form_event(parts, DEFAULT)["breadcrumbs"]
    odd = file("__sentry-breadcrumb2", 1, "x", {"message": "a"})
    both = form_event([file("__sentry-breadcrumb1", early, early), odd], DEFAULT)["breadcrumbs"]
    assert {"values": [early, early]} == both
    assert {"values": [{"message": "a"}]} == form_event([odd], DEFAULT)["breadcrumbs"]
    assert {} == form_event([file("__sentry-breadcrumb1", 1)], DEFAULT)


def test_a_file_that_breaks_off() -> None:
    """The documents before the broken one count; a file whose first is none says nothing."""
    whole = file("__sentry-breadcrumb1", {"n": 1}, None, {"n": 2})
    assert {"values": [{"n": 1}]} == form_event([whole], DEFAULT)["breadcrumbs"]
    wrong_key = Part("__sentry-event", "x", "", msgpack.packb({1: "x"}))
    assert {} == form_event([wrong_key], DEFAULT)


def test_text_in_a_file_need_not_be_utf_8() -> None:
    """What cannot be read is marked, as in a field."""
    data = b"\x81\xa1a\xa2x\xff"
    assert {"a": "x\ufffd"} == form_event([Part("__sentry-event", "x", "", data)], DEFAULT)


def test_lists_in_a_file() -> None:
    """They come as they are, to a depth that no event has."""
    assert {"a": [1, [2, {"b": [3]}]]} == form_event(
        [file("__sentry-event", {"a": [1, [2, {"b": [3]}]]})], DEFAULT
    )
    for wrap in (lambda x: [x], lambda x: {"a": x}):
        deep: Any = 1
        for _ in range(62):
            deep = wrap(deep)
        assert {"a": deep} == form_event([file("__sentry-event", {"a": deep})], DEFAULT)
        cut = str(form_event([file("__sentry-event", {"a": wrap(wrap(deep))})], DEFAULT))
        assert ("None" in cut, "1" in cut) == (True, False)


def test_two_documents_fill_each_other() -> None:
    """What the file leaves open, at any depth, a field may fill; a text is not filled."""
    parts = [
        file("__sentry-event", {"user": {"id": "1"}, "contexts": {"os": {"a": 1}}, "dist": "x"}),
        *fields(sentry='{"user":{"id":"2","x":"3"},"contexts":{"os":{"b":2}},"dist":{"y":1}}'),
    ]
    assert {
        "user": {"id": "1", "x": "3"},
        "contexts": {"os": {"a": 1, "b": 2}},
        "dist": "x",
    } == form_event(parts, DEFAULT)
    mixed = [
        file("__sentry-event", {"a": {"x": 1}, "b": {"y": 1}}),
        *fields(sentry='{"b":{"z":2},"a":"text"}'),
    ]
    assert {"a": {"x": 1}, "b": {"y": 1, "z": 2}} == form_event(mixed, DEFAULT)


def test_what_is_not_json_in_a_file() -> None:
    """Bytes, times and numbers as keys have no place in an event, and take nothing else along."""
    parts = [file("__sentry-event", {"a": b"\0", "t": datetime(2026, 1, 1, tzinfo=UTC), "b": "1"})]
    assert {"a": None, "t": None, "b": "1"} == form_event(parts, DEFAULT)
    deep: Any = "x"
    for _ in range(200):
        deep = [deep]
    assert "b" in form_event([file("__sentry-event", {"b": "1", "deep": deep})], DEFAULT)
    assert {} == form_event([Part("__sentry-event", "x", "", b"\xc1\xff")], DEFAULT)


@given(
    st.lists(
        st.builds(
            Part,
            st.one_of(
                st.sampled_from(["sentry", "sentry__1", "sentry[a][b]", "__sentry-event"]),
                st.text(max_size=12),
            ),
            st.sampled_from([None, "x"]),
            st.just(""),
            st.one_of(st.binary(max_size=40), st.just(b'{"a":{"b":1}}')),
        ),
        max_size=5,
    )
)
def test_any_form(parts: list[Part]) -> None:
    """Whatever a form holds, it is refused or an event comes out that is JSON."""
    try:
        event = form_event(parts, DEFAULT)
    except BodyError:
        return
    assert isinstance(jsonio.loads(jsonio.dumps(event)), dict)


GRANT = '{"tags":{"allowReport":true}}'
DENIAL = '{"tags":{"allowReport":false}}'
DENIED = {"tags": [["allowReport", True], ["allowReport", False]]}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([("sentry", GRANT), ("sentry___x", DENIAL)], DENIED),
        ([("sentry", GRANT), ("sentry__1", DENIAL)], DENIED),
        (
            [("sentry[tags][allowReport]", "true"), ("sentry[tags][allowReport]", "false")],
            {"tags": [["allowReport", "true"], ["allowReport", "false"]]},
        ),
        (
            [("sentry[tags]", "x"), ("sentry[tags][allowReport][x]", "true")],
            {"tags": {"allowReport": None}},
        ),
        (
            [("sentry", '{"tags":[["allowReport",false]]}'), ("sentry___x", GRANT)],
            {"tags": [["allowReport", False], ["allowReport", True]]},
        ),
        (
            [("sentry", '{"tags":{"allowReport":null}}'), ("sentry___x", GRANT)],
            {"tags": [["allowReport", None], ["allowReport", True]]},
        ),
    ],
)
def test_no_grant_hides_a_denial(parts: list[tuple[str, str]], expected: dict[str, Any]) -> None:
    """What is said of a tag in two ways stands in the event twice, so that consent sees both."""
    given = [Part(name, None, "", text.encode()) for name, text in parts]
    assert expected == form_event(given, DEFAULT)


def test_no_file_hides_a_denial() -> None:
    """A field may deny what the file grants, and a second file what the first does."""
    grants, denies = (file("__sentry-event", {"tags": {"allowReport": a}}) for a in (True, False))
    assert DENIED == form_event([*fields(sentry=DENIAL), grants], DEFAULT)
    assert DENIED == form_event([grants, denies], DEFAULT)


@pytest.mark.parametrize(
    "parts",
    [
        fields(sentry='{"tags":{"allowReport":false,"allowReport":true}}'),
        fields(sentry=DENIAL[:-1] + "," + GRANT[1:]),
        fields(sentry__1=DENIAL, sentry__01=GRANT),
        [Part("__sentry-event", "x", "", b"\x81\xa4tags\x82\xa1a\xc2\xa1a\xc3")],
    ],
)
def test_what_stands_twice(parts: list[Part]) -> None:
    """A key that stands twice where it may be a tag is refused: nobody knows which was meant."""
    with pytest.raises(BodyError, match=r"^a key stands twice$"):
        form_event(parts, DEFAULT)


def test_a_file_over_the_limit() -> None:
    """A file that is too large to be read is not left out: it may deny."""
    with pytest.raises(TooLargeError, match="for type 'event'"):
        form_event([file("__sentry-event", {"a": "x" * 50})], replace(DEFAULT, event=40))
