"""The table of kinds."""

import dataclasses

import pytest
from sentry_sdk.envelope import Item as SdkItem

from relay.protocol.item_kinds import KINDS, Policy, kind_of, refined
from relay.protocol.limits import Limits

DROPPED = {
    "replay_recording",
    "replay_video",
    "form_data",
    "unreal_report",
    "statsd",
    "raw_security",
}


def test_only_json_is_forwarded() -> None:
    """Exactly the kinds that are neither JSON documents nor text are dropped by default."""
    assert {name for name, row in KINDS.items() if row.policy is Policy.DROP} == DROPPED


def test_unknown_kind_has_no_row() -> None:
    """A kind that we do not know is None, whatever its case."""
    assert [None, None, None] == [kind_of("made_up"), kind_of(""), kind_of("Event")]


def test_every_limit_has_a_field() -> None:
    """Each row names a limit that can be configured."""
    fields = {field.name for field in dataclasses.fields(Limits)}
    assert set() == {row.limit for row in KINDS.values()} - fields


@pytest.mark.parametrize(
    ("kind", "category"),
    [
        ("event", "error"),
        ("check_in", "monitor"),
        ("session", "session"),
        ("log", "log_item"),
        ("trace_metric", "trace_metric"),
        ("transaction", "transaction"),
        ("client_report", "internal"),
        ("profile_chunk", "profile_chunk"),
        ("span", "span"),
        ("user_report", "default"),
        ("attachment", "attachment"),
    ],
)
def test_category_is_the_sdk_s(kind: str, category: str) -> None:
    """Categories agree with those that sentry_sdk files its own items under."""
    assert category == SdkItem(b"", type=kind).data_category
    row = kind_of(kind)
    assert row is not None
    assert category == row.categories[0]


@pytest.mark.parametrize(
    ("kind", "document", "expected"),
    [
        ("event", {"type": "feedback"}, "feedback"),
        ("event", {"type": "transaction"}, "transaction"),
        ("event", {"type": "error"}, "event"),
        ("event", {"type": ["feedback"]}, "event"),
        ("event", ["feedback"], "event"),
        ("session", {"type": "feedback"}, "session"),
    ],
)
def test_an_event_is_what_its_type_says(kind: str, document: object, expected: str) -> None:
    """Only an item of kind event can turn out to be something else, by its own type."""
    assert expected == refined(KINDS[kind], document).name
