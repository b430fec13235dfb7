"""Which items of an envelope a limit stops, and what the client hears of it."""

from typing import Any

import pytest

from relay.protocol.enforcement import (
    NO_LIMITS,
    Candidate,
    KnownLimits,
    Limit,
    answer,
    held_until,
    stopped,
    waits_by,
)
from relay.protocol.item_kinds import KINDS, kind_of
from relay.protocol.rate_limits import Scope

NOW = 1_700_000_000.0
LATER = NOW + 60

MINIDUMP = {"type": "attachment", "attachment_type": "event.minidump"}


def known(**ends: float) -> KnownLimits:
    """Limits by category; `all` is that of all."""
    names = {("" if name == "all" else name): end for name, end in ends.items()}
    return KnownLimits({name: Limit(end, name) for name, end in names.items()})


def candidate(headers: str | dict[str, Any], *namespaces: str) -> Candidate:
    headers = {"type": headers} if isinstance(headers, str) else headers
    kind = kind_of(headers) or KINDS[headers["type"]]
    return Candidate(kind, headers, lambda: namespaces)


def stops(limits: KnownLimits, *items: str | dict[str, Any]) -> list[str | None]:
    """Return the category of the limit that stops each item."""
    found = stopped([candidate(item) for item in items], limits)
    return [None if limit is None else limit.category for limit in found]


@pytest.mark.parametrize(
    ("category", "kinds"),
    [
        ("error", {"event", "unreal_report", "minidump", "apple_crash_report", "form_data"}),
        ("transaction", {"transaction", "profile"}),
        ("security", {"security", "raw_security"}),
        ("feedback", {"feedback", "user_report"}),
        ("default", {"user_report"}),
        ("session", {"session", "sessions"}),
        ("monitor", {"check_in"}),
        ("attachment", {"attachment", "view_hierarchy"}),
        ("attachment_item", {"attachment", "view_hierarchy"}),
        ("log_item", {"log", "nel"}),
        ("log_byte", {"log", "nel"}),
        ("trace_metric", {"trace_metric"}),
        ("trace_metric_byte", {"trace_metric"}),
        ("span", {"span"}),
        ("profile", {"profile"}),
        ("profile_chunk", {"profile_chunk"}),
        ("replay", {"replay_event", "replay_recording", "replay_video"}),
        ("metric_bucket", {"metric_buckets", "statsd"}),
        ("all", set(KINDS) - {"client_report"}),
        ("uptime", set()),
        ("unknown", set()),
    ],
)
def test_each_category_stops_its_kinds(category: str, kinds: set[str]) -> None:
    """Alone in its envelope, an item is stopped by its own categories, and by no other."""
    found = {
        name
        for name, kind in KINDS.items()
        if stopped([Candidate(kind, {})], known(**{category: LATER}))[0] is not None
    }
    assert kinds == found


def test_what_hangs_on_an_event_goes_with_it() -> None:
    """Attachments, profile and user report fall with a limited event; sessions and logs pass."""
    items = ["event", "attachment", MINIDUMP, "user_report", "form_data", "replay_event"]
    others = ["session", "log", "client_report", "check_in", "span", "replay_recording"]
    assert [*["error"] * 6, *[None] * 6] == stops(known(error=LATER), *items, *others)


def test_a_limited_transaction_takes_profile_and_spans() -> None:
    """In whatever order they stand; a profile without an event is stopped by transactions too."""
    limits = known(transaction=LATER)
    assert ["transaction"] * 4 == stops(limits, "profile", "transaction", "span", "attachment")
    assert ["transaction", None] == stops(limits, "profile", "span")
    assert [None, None, None] == stops(limits, "event", "profile", "attachment")


def test_a_limit_of_attachments_spares_what_makes_an_event() -> None:
    """A minidump is the event: errors stop it, attachments do not."""
    limits = known(attachment=LATER)
    assert [None, "attachment", None] == stops(limits, MINIDUMP, "attachment", "session")
    assert ["error", "error"] == stops(known(error=LATER), MINIDUMP, "attachment")
    assert [None, "attachment"] == stops(limits, "event", "attachment")


def test_items_that_are_not_asked_about_have_no_say() -> None:
    """An event that does not go on anyway takes nothing along."""
    limits = known(error=LATER)
    assert (None, None) == stopped([None, candidate("attachment")], limits)


def test_without_an_event_each_item_has_its_own_limits() -> None:
    """A limit of everything hides no longer one of an attachment."""
    limits = known(all=NOW + 9, attachment=NOW + 99)
    assert ["attachment"] == stops(limits, "attachment")
    assert ["", ""] == stops(limits, "event", "attachment")


def test_the_longest_limit_is_told() -> None:
    """Of several that stop an item, the one that ends last."""
    limits = known(all=NOW + 9, log_byte=NOW + 99, log_item=NOW + 50, error=NOW + 5)
    assert ["log_byte", "", ""] == stops(limits, "log", "event", "session")


@pytest.mark.parametrize(
    ("namespaces", "expected"),
    [(["a"], "a"), (["a", "b"], "a"), (["a", "c"], None), (["c"], None), ([], None)],
)
def test_namespaces_stop_metrics_that_lie_in_them(
    namespaces: list[str], expected: str | None
) -> None:
    """Metrics are stopped where all their namespaces are; until the first of them is free."""
    ends = {"a": Limit(LATER, "metric_bucket", namespace="a")}
    ends["b"] = Limit(LATER + 9, "metric_bucket", namespace="b")
    items = [candidate("metric_buckets", *namespaces), candidate("event", "a")]
    found, event = stopped(items, KnownLimits({}, ends))
    assert (expected, None) == (found.namespace if found is not None else None, event)


def test_namespaces_narrow_metrics_and_nothing_else() -> None:
    """They are asked of no other kind, and not where all metrics are limited."""
    spaces = {"a": Limit(LATER, "metric_bucket", namespace="a")}
    whole = Limit(LATER + 9, "metric_bucket")
    session, metrics = candidate("session", "a"), candidate("metric_buckets", "a")
    assert (None,) == stopped([session], KnownLimits({}, spaces))
    assert (whole,) == stopped([metrics], KnownLimits({"metric_bucket": whole}, spaces))
    assert (None,) == stopped([Candidate(KINDS["metric_buckets"], {})], KnownLimits({}, spaces))


def test_limits_are_known_or_none_are() -> None:
    """Either table says that there is something to ask."""
    limit = Limit(LATER, "metric_bucket", namespace="a")
    found = [NO_LIMITS, known(error=LATER), KnownLimits({}, {"a": limit})]
    assert [False, True, True] == [bool(one) for one in found]


def test_what_an_item_says_is_in_no_repr() -> None:
    """A candidate holds headers, and shows none."""
    text = repr(Candidate(KINDS["event"], {"filename": "secret"}))
    assert (False, False) == ("secret" in text, "namespaces" in text)


@pytest.mark.parametrize(
    ("categories", "limits", "expected"),
    [
        # As Sentry has it, the first that makes an event decides for all that do.
        (("error", "transaction"), known(error=LATER), LATER),
        (("error", "transaction"), known(transaction=LATER), 0.0),
        (("error", "transaction"), known(error=LATER, transaction=LATER + 9), LATER),
        (("transaction", "error", "session"), known(transaction=LATER, session=LATER + 9), LATER),
        (("transaction", "span"), known(transaction=LATER), LATER),
        (("error", "span"), known(error=LATER), 0.0),
        (("profile",), known(transaction=LATER), LATER),
        (("error", "profile"), known(transaction=LATER), 0.0),
        (("uptime",), known(uptime=LATER), LATER),
        (("error", "attachment"), known(error=LATER, attachment=LATER + 9), LATER),
        (("error",), NO_LIMITS, 0.0),
        (("error",), known(error=LATER), LATER),
        (("error",), known(all=LATER), LATER),
        (("error",), known(session=LATER), 0.0),
        (("error", "session"), known(error=LATER), 0.0),
        (("error", "session"), known(error=LATER + 9, session=LATER), LATER),
        (("error", "attachment"), known(error=LATER), LATER),
        (("error", "attachment"), known(attachment=LATER), 0.0),
        (("error", "attachment"), known(error=LATER + 9, attachment=LATER), LATER + 9),
        (("transaction", "profile"), known(transaction=LATER), LATER),
        (("session", "attachment"), known(session=LATER), 0.0),
        (("log_item", "log_byte"), known(log_byte=LATER), LATER),
        (("log_item", "log_byte"), known(log_byte=LATER, log_item=LATER + 9), LATER + 9),
        (("attachment",), known(attachment_item=LATER), LATER),
        (("default",), known(feedback=LATER), LATER),
        (("error", "internal"), known(error=LATER), LATER),
        (("internal",), known(all=LATER), 0.0),
        ((), known(all=LATER), 0.0),
    ],
)
def test_an_envelope_waits_while_all_of_it_is_limited(
    categories: tuple[str, ...], limits: KnownLimits, expected: float
) -> None:
    """What can go in part is not held up; a report beside an event does not free it."""
    assert expected == held_until(categories, limits)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("event", ("error",)),
        ("minidump", ("error", "attachment")),
        ("apple_crash_report", ("error", "attachment")),
        ("attachment", ("attachment",)),
        ("log", ("log_item", "log_byte")),
    ],
)
def test_what_a_kind_waits_by(name: str, expected: tuple[str, ...]) -> None:
    """A minidump makes an event of its own, and is an attachment besides."""
    assert expected == waits_by(KINDS[name])


def test_the_answer_names_each_limit_once() -> None:
    """Equal limits are one; seconds are rounded up, and at least one."""
    limits = [
        Limit(NOW + 59.1, "error", Scope.ORGANIZATION, "quota"),
        Limit(NOW + 59.1, "session", Scope.ORGANIZATION, "quota"),
        Limit(NOW + 59.1, "error", Scope.ORGANIZATION, "quota"),
        Limit(NOW + 7, "", Scope.KEY, "generic"),
        Limit(NOW + 7, "log_item", Scope.KEY, "generic"),
        Limit(NOW - 1, "metric_bucket", namespace="b"),
        Limit(NOW - 1, "metric_bucket", namespace="a"),
    ]
    header, seconds = answer(limits, NOW)
    assert 60 == seconds
    assert [
        "60:error;session:organization:quota",
        "7::key:generic",
        "7:log_item:key:generic",
        "1:metric_bucket:key::a;b",
    ] == header.split(", ")
    assert ("", 0) == answer([], NOW)


def test_namespaces_narrow_no_other_limit_of_the_answer() -> None:
    """A limit of a namespace is written by itself: beside it the other would hold for less."""
    limits = [Limit(LATER, "metric_bucket"), Limit(LATER, "metric_bucket", namespace="a")]
    header, _ = answer(limits, NOW)
    assert {"60:metric_bucket:key", "60:metric_bucket:key::a"} == set(header.split(", "))
