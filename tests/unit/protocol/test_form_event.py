"""The event in a form."""

from datetime import UTC, datetime
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay import jsonio
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
        ({"sentry[tags][a]": "2", "sentry": '{"tags":{"a":1}}'}, {"tags": {"a": "2"}}),
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
    """Whatever a form holds, an event comes out that is JSON."""
    event = form_event(parts, DEFAULT)
    assert isinstance(jsonio.loads(jsonio.dumps(event)), dict)
