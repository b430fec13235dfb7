"""The table of kinds."""

import dataclasses

import pytest
from sentry_sdk.envelope import Item as SdkItem

from relay.protocol.item_kinds import KINDS, NEL, Policy, kind_of, policy_of, refined
from relay.protocol.limits import Limits

DROPPED = {
    "replay_recording",
    "replay_video",
    "form_data",
    "unreal_report",
    "statsd",
    "minidump",
    "apple_crash_report",
}


def test_only_json_is_forwarded() -> None:
    """Exactly the kinds that are neither JSON documents nor text are dropped by default."""
    assert {name for name, row in KINDS.items() if row.policy is Policy.DROP} == DROPPED


def test_unknown_kind_has_no_row() -> None:
    """A kind that we do not know is None, whatever its case."""
    assert [None, None] == [kind_of({}), kind_of({"type": ["event"]})]
    assert [None, None] == [
        kind_of({"type": "integration"}), kind_of({"type": "integration", "content_type": "x"})
    ]  # fmt: skip
    assert [None, None, None] == [kind_of({"type": name}) for name in ("made_up", "", "Event")]


SCRUBBERS = {
    "event": {"event", "transaction", "feedback", "security"},
    "report": {"raw_security", "nel"},
    "document": {"user_report", "check_in", "client_report"},
    "session": {"session", "sessions"},
    "metric_buckets": {"metric_buckets"},
    "container": {"span", "log", "trace_metric"},
    "profile": {"profile", "profile_chunk"},
    "replay_event": {"replay_event"},
    "replay_recording": {"replay_recording"},
    "attachment": {"attachment", "apple_crash_report"},
    "view_hierarchy": {"view_hierarchy"},
    "minidump": {"minidump"},
    "": {"replay_video", "form_data", "unreal_report", "statsd"},
}


CATEGORIES = {
    ("error",): {"event", "form_data", "unreal_report"},
    ("transaction",): {"transaction"},
    ("feedback",): {"feedback"},
    ("security",): {"security", "raw_security"},
    ("log_item", "log_byte"): {"nel", "log"},
    ("default",): {"user_report"},
    ("session",): {"session", "sessions"},
    ("monitor",): {"check_in"},
    ("internal",): {"client_report"},
    ("metric_bucket",): {"metric_buckets", "statsd"},
    ("span",): {"span"},
    ("trace_metric",): {"trace_metric"},
    ("profile",): {"profile"},
    ("profile_chunk",): {"profile_chunk"},
    ("replay",): {"replay_event", "replay_recording", "replay_video"},
    ("attachment",): {"attachment", "view_hierarchy", "minidump", "apple_crash_report"},
}

LIMITS = {
    "event": SCRUBBERS["event"]
    | {"raw_security", "user_report", "metric_buckets", "form_data", "statsd"},
    "container": {"nel"},
    "sessions": {"session", "sessions"},
    "check_in": {"check_in"},
    "client_report": {"client_report"},
    "span": {"span"},
    "log": {"log", "trace_metric"},
    "profile": {"profile", "profile_chunk"},
    "replay_compressed": {"replay_event", "replay_recording", "replay_video"},
    "attachment": CATEGORIES["attachment",] | {"unreal_report"},
}


def test_each_kind_has_its_categories_and_its_limit() -> None:
    """As in Sentry Relay: what stops a kind, and what bounds its size."""
    by_categories: dict[tuple[str, ...], set[str]] = {}
    by_limit: dict[str, set[str]] = {}
    for name, row in KINDS.items():
        by_categories.setdefault(row.categories, set()).add(name)
        by_limit.setdefault(row.limit, set()).add(name)
    assert (CATEGORIES, LIMITS) == (by_categories, by_limit)


def test_each_kind_has_its_scrubber() -> None:
    """What scrubs a kind is what knows its form; what nothing can scrub is only dropped."""
    found: dict[str, set[str]] = {}
    for name, row in KINDS.items():
        found.setdefault(row.scrubber, set()).add(name)
    assert SCRUBBERS == found
    assert [(Policy.DROP,)] * 4 == [KINDS[name].policies for name in SCRUBBERS[""]]


def test_kinds_that_may_carry_consent() -> None:
    """The tags of these are looked at, of whatever else the envelope holds are not."""
    reports = {"user_report", "check_in", "profile", "replay_event"}
    assert SCRUBBERS["event"] | reports == {n for n, row in KINDS.items() if row.event_like}


def test_kinds_of_which_an_envelope_holds_one() -> None:
    """Events, and what Sentry makes one of."""
    assert SCRUBBERS["event"] | {"raw_security"} == {n for n, r in KINDS.items() if r.exclusive}


def test_a_network_error_report_is_known_by_its_content_type() -> None:
    """As Sentry Relay names it."""
    kind = "application/vnd.sentry.integration.browser.nel+json"
    row = kind_of({"type": "integration", "content_type": kind})
    assert row is KINDS["nel"]


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
    row = kind_of({"type": kind})
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


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"type": "attachment"}, "attachment"),
        ({"type": "attachment", "attachment_type": "event.minidump"}, "minidump"),
        ({"type": "attachment", "attachment_type": "event.view_hierarchy"}, "view_hierarchy"),
        ({"type": "attachment", "attachment_type": "event.attachment"}, "attachment"),
        ({"type": "attachment", "attachment_type": ["event.minidump"]}, "attachment"),
        ({"type": "event", "attachment_type": "event.minidump"}, "event"),
        ({"type": "integration", "content_type": NEL}, "nel"),
    ],
)
def test_a_header_can_make_a_kind_of_its_own(headers: dict[str, object], expected: str) -> None:
    """Some items are told apart by a further header; none can name such a row as its type."""
    row = kind_of(headers)
    assert row is not None
    assert expected == row.name
    if row.mark is not None:
        assert None is kind_of({"type": row.name})


def test_where_attachments_are_dropped_all_are() -> None:
    """A policy for attachments that drops them holds for those of any type."""
    dropped = {"attachment": Policy.DROP}
    assert Policy.DROP is policy_of(KINDS["view_hierarchy"], dropped)
    assert Policy.SCRUB is policy_of(KINDS["view_hierarchy"], {})
    assert Policy.SCRUB is policy_of(KINDS["event"], dropped)
