"""What items count as, and what stops them."""

from typing import Any

import pytest

from relay.protocol.envelope import Item
from relay.protocol.item_kinds import KINDS, kind_of
from relay.protocol.quantities import Quantities, estimate, namespaces, quantities, stopped_by
from relay.protocol.rate_limits import CATEGORIES


def counted(kind: str, payload: bytes = b"{}", document: Any = None, **headers: Any) -> Quantities:
    """Return what an item of a kind counts as."""
    row = KINDS.get(kind)
    return quantities(row, Item.make({"type": kind, **headers}, payload), document)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("event", (("error", 1),)),
        ("security", (("security", 1),)),
        ("raw_security", (("security", 1),)),
        ("feedback", (("feedback", 1),)),
        ("user_report", (("feedback", 1),)),
        ("check_in", (("monitor", 1),)),
        ("session", (("session", 1),)),
        ("sessions", (("session", 1),)),
        ("replay_event", (("replay", 1),)),
        ("replay_recording", (("replay", 1),)),
        ("replay_video", (("replay", 1),)),
        ("unreal_report", (("error", 1),)),
        ("profile", (("profile", 1), ("profile_indexed", 1))),
        ("profile_chunk", (("profile_chunk", 1),)),
        ("span", (("span", 1), ("span_indexed", 1))),
        ("log", (("log_byte", 2), ("log_item", 1))),
        ("nel", (("log_byte", 2), ("log_item", 1))),
        ("trace_metric", (("trace_metric_byte", 2), ("trace_metric", 1))),
        ("attachment", (("attachment", 2), ("attachment_item", 1))),
        ("view_hierarchy", (("attachment", 2), ("attachment_item", 1))),
        ("minidump", (("attachment", 2), ("attachment_item", 1))),
        ("client_report", ()),
        ("metric_buckets", ()),
        ("statsd", ()),
        ("form_data", ()),
        ("made_up", ()),
    ],
)
def test_each_kind_counts_as_in_relay(kind: str, expected: Quantities) -> None:
    """Bytes and numbers are those of Relay's outcomes."""
    assert expected == counted(kind)


def test_containers_count_what_is_inside() -> None:
    """An item that says how many it holds counts so many, but never more than its bytes allow."""
    assert (("log_byte", 90), ("log_item", 40)) == counted("log", b"x" * 90, item_count=40)
    assert (("span", 3), ("span_indexed", 3)) == counted("span", b"[1]", item_count=10**12)
    for wrong in (0, -1, True, "7", None, 2.5):
        assert (("session", 1),) == counted("sessions", b"x" * 9, item_count=wrong)


def test_nothing_counts_as_one_byte_of_logs() -> None:
    """An empty log counts one byte, as in Relay."""
    assert (("log_byte", 1), ("log_item", 1)) == counted("log", b"")


def test_a_transaction_counts_its_spans() -> None:
    """Itself and its spans, by its header or by the document."""

    def expected(spans: int) -> Quantities:
        return (
            ("transaction", 1),
            ("transaction_indexed", 1),
            ("span", spans),
            ("span_indexed", spans),
        )

    assert expected(1) == counted("transaction")
    assert expected(3) == counted("transaction", b"x" * 50, {"spans": [{}, {}]})
    assert expected(8) == counted("transaction", b"x" * 50, {"spans": []}, span_count=7)
    assert expected(1) == counted("transaction", b"x" * 50, {"spans": "many"})
    assert expected(1) == counted("transaction", b"x" * 50, span_count=0)


def test_profiles_count_by_the_side_that_they_were_taken_on() -> None:
    """The header's platform says which."""
    assert ("profile_ui", 1) == counted("profile", platform="cocoa")[-1]
    assert ("profile_backend", 1) == counted("profile", platform="python")[-1]
    assert (("profile_chunk_ui", 1),) == counted("profile_chunk", platform="javascript")
    assert (("profile_chunk", 1),) == counted("profile_chunk", platform=["python"])


def test_every_category_is_sentry_s() -> None:
    """No kind counts under a word that Sentry does not have."""
    for row in KINDS.values():
        item = Item.make({"type": row.type or row.name}, b"{}")
        assert {category for category, _ in quantities(row, item)} <= CATEGORIES


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"type": "event"}, ("error",)),
        ({"type": "log"}, ("log_item", "log_byte")),
        ({"type": "trace_metric"}, ("trace_metric", "trace_metric_byte")),
        ({"type": "user_report"}, ("default", "feedback")),
        ({"type": "attachment"}, ("attachment", "attachment_item")),
        (
            {"type": "attachment", "attachment_type": "event.minidump"},
            ("attachment", "attachment_item"),
        ),
        ({"type": "profile"}, ("profile",)),
        ({"type": "profile", "platform": "android"}, ("profile", "profile_ui")),
        ({"type": "profile_chunk", "platform": "android"}, ("profile_chunk_ui",)),
        ({"type": "profile_chunk", "platform": "node"}, ("profile_chunk",)),
        ({"type": "client_report"}, ()),
    ],
)
def test_what_stops_a_kind(headers: dict[str, str], expected: tuple[str, ...]) -> None:
    """A limit of any of these stops the item; nothing stops a client report."""
    kind = kind_of(headers)
    assert kind is not None
    assert expected == stopped_by(kind, headers)


def test_an_envelope_of_which_only_categories_are_known() -> None:
    """It counts one each, and bytes as its whole size; reports and metrics count as nothing."""
    assert (("error", 1), ("attachment_item", 1), ("attachment", 70)) == estimate(
        ("error", "attachment", "internal"), 70
    )
    assert (("log_item", 1), ("log_byte", 70)) == estimate(("log_item", "log_byte"), 70)
    assert (("feedback", 1),) == estimate(("default", "metric_bucket"), 70)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'[{"name":"c:spans/a@none"},{"name":"d:custom/b/c@byte"}]', {"spans", "custom"}),
        (b'{"name":"c:spans/a@none"}', {"spans"}),
        (b'[{"name":"plain"}]', {"custom"}),
        (b'[{"name":"c:spans/a@none"},{"no":"name"}]', set()),
        (b'[{"name":["c:spans/a@none"]}]', set()),
        (b"[]", set()),
        (b"7", set()),
        (b"nonsense", set()),
    ],
)
def test_namespaces_of_metrics(payload: bytes, expected: set[str]) -> None:
    """All that the buckets lie in; nothing where one cannot be read."""
    assert expected == namespaces(Item.make({"type": "metric_buckets"}, payload))
