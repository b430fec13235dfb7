"""X-Sentry-Rate-Limits and Retry-After, as upstreams write them and clients read them."""

import time
from email.utils import formatdate

import pytest
from sentry_relay.consts import DataCategory
from sentry_sdk.transport import _parse_rate_limits as read_as_an_sdk

from relay.protocol.rate_limits import (
    CATEGORIES,
    MAX_LIMITS,
    MAX_NAMESPACES,
    MAX_SECONDS,
    RateLimit,
    Scope,
    format_rate_limits,
    limits_of_answer,
    parse_rate_limits,
    parse_retry_after,
)

NOW = 1_700_000_000.0


def limit(
    seconds: int, *categories: str, scope: Scope = Scope.KEY, reason: str = "", names: str = ""
) -> RateLimit:
    return RateLimit(
        seconds, frozenset(categories), scope, reason, frozenset(names.split(";")) - {""}
    )


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", []),
        ("invalid", []),
        (",,,", []),
        ("60", [limit(60)]),
        ("60::key", [limit(60)]),
        ("60:error", [limit(60, "error")]),
        (
            "42::organization, 4711:error;security:project",
            [
                limit(42, scope=Scope.ORGANIZATION),
                limit(4711, "error", "security", scope=Scope.PROJECT),
            ],
        ),
        (
            "60:transaction:key:usage_exceeded,2700:default;error:organization:quota.x-1",
            [
                limit(60, "transaction", reason="usage_exceeded"),
                limit(2700, "default", "error", scope=Scope.ORGANIZATION, reason="quota.x-1"),
            ],
        ),
        (" 1.2 : error ; session : key ", [limit(2, "error", "session")]),
        ("0:error:key", [limit(0, "error")]),
        ("-5:error:key", []),
        ("1e3:error:key", []),
        ("1.2.3:error:key", []),
        ("٣:error:key", []),
        ("nan:error:key", []),
        ("x:error:key, 7:session:key", [limit(7, "session")]),
        # A limit of things alone that we do not know is not one of everything.
        ("60:error;made_up:key", [limit(60, "error")]),
        ("60:made_up;Error:key", [limit(60, "unknown")]),
        ("60:user_report_v2:key", [limit(60, "feedback")]),
        ("60:error:galaxy:quota", [limit(60, "error", reason="quota")]),
        (
            "60:metric_bucket:key:quota:custom;spans",
            [limit(60, "metric_bucket", reason="quota", names="custom;spans")],
        ),
        ("60:metric_bucket:key::custom:more:parts", [limit(60, "metric_bucket", names="custom")]),
        ("60:metric_bucket:key:quota:", [limit(60, "metric_bucket", reason="quota")]),
        ("60:metric_bucket:key:quota:;;", [limit(60, "metric_bucket", reason="quota")]),
        ("60:metric_bucket:key::a b", [limit(60, "metric_bucket", names="unknown")]),
    ],
)  # fmt: skip
def test_headers_are_read(header: str, expected: list[RateLimit]) -> None:
    """Each limit is read by itself; what is not understood stops nothing that it does not name."""
    assert expected == list(parse_rate_limits(header))


@pytest.mark.parametrize(
    "reason",
    [
        "a" * 65,
        "two words",
        'x"y',
        "a\r\nSet-Cookie",
        "é",
        "<script>",
        "jane@example.org",
        # What an upstream might repeat of what it was sent, or knows from elsewhere.
        "1.1.1.1",
        "203.0.113.42",
        "t1MTHasECFKHpv4Kd8DA6D3BEe15X4Ae2y4",
        "355C817510C0EABF2F147145",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "abandon_ability_able_about_above_absent_abuse",
    ],
)
def test_a_reason_that_is_no_word_is_replaced(reason: str) -> None:
    """A reason goes on to clients: only short words of plain letters do."""
    assert [limit(60, "error", reason="generic")] == list(
        parse_rate_limits(f"60:error:key:{reason}")
    )


def test_there_is_a_bound_to_everything() -> None:
    """Number, seconds and namespaces are bounded, whatever is written."""
    limits = parse_rate_limits(",".join(f"{'9' * 400}:error:key" for _ in range(1_000)))
    assert (MAX_LIMITS, {MAX_SECONDS}) == (len(limits), {one.seconds for one in limits})
    (one,) = parse_rate_limits("1:metric_bucket:key::" + ";".join(f"n{i}" for i in range(99)))
    assert MAX_NAMESPACES == len(one.namespaces)


def test_the_first_limits_are_the_ones_that_are_read() -> None:
    """What stands beyond the bound is what is left out."""
    limits = parse_rate_limits(",".join(f"{seconds}:error:key" for seconds in range(1, 99)))
    assert list(range(1, MAX_LIMITS + 1)) == [one.seconds for one in limits]


@pytest.mark.parametrize(
    ("reason", "passes"),
    [
        (f"{'a' * 20}_{'b' * 20}_{'c' * 20}_d", True),
        (f"{'a' * 20}_{'b' * 20}_{'c' * 20}_dd", False),
        ("quota_1-2.3", True),
        ("quota_1-2.34", False),
    ],
)
def test_how_much_a_reason_may_hold(reason: str, passes: bool) -> None:
    """64 characters, and three digits."""
    (one,) = parse_rate_limits(f"60:error:key:{reason}")
    assert (reason if passes else "generic") == one.reason


def test_headers_are_written_as_relay_does() -> None:
    """Commas between limits, semicolons between categories, no empty parts at the end."""
    limits = [
        limit(42, scope=Scope.ORGANIZATION, reason="my_limit"),
        limit(4711, "security", "error"),
        limit(1, "metric_bucket", names="b;a"),
    ]
    expected = "42::organization:my_limit, 4711:error;security:key, 1:metric_bucket:key::a;b"
    assert expected == format_rate_limits(limits)
    assert "" == format_rate_limits([])


def test_a_real_sdk_reads_what_is_written() -> None:
    """sentry_sdk finds the categories and seconds that were meant."""
    limits = [limit(90, "error", "session", reason="quota"), limit(30)]
    found = dict(read_as_an_sdk(format_rate_limits(limits)))
    assert {"error", "session", None} == found.keys()
    assert 60.0 == pytest.approx((found["error"] - found[None]).total_seconds(), abs=1)  # type: ignore[index]


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (200, {}, []),
        (200, {"retry-after": "9"}, []),
        (503, {"retry-after": "9"}, []),
        (200, {"x-sentry-rate-limits": "9:error:key"}, [limit(9, "error")]),
        (503, {"x-sentry-rate-limits": "9:error:key"}, [limit(9, "error")]),
        (429, {"x-sentry-rate-limits": "9:error:key", "retry-after": "99"}, [limit(9, "error")]),
        (429, {"x-sentry-rate-limits": "9:made_up:key"}, [limit(9, "unknown")]),
        (429, {}, [limit(60, reason="generic")]),
        (429, {"retry-after": "soon"}, [limit(60, reason="generic")]),
        (429, {"retry-after": "4.2"}, [limit(5, reason="generic")]),
        (429, {"retry-after": "0"}, []),
        (429, {"retry-after": "9" * 400}, [limit(MAX_SECONDS, reason="generic")]),
        (429, {"retry-after": formatdate(NOW + 90, usegmt=True)}, [limit(90, reason="generic")]),
        (429, {"x-sentry-rate-limits": "garbage"}, [limit(60, reason="generic")]),
        (429, {"x-sentry-rate-limits": "0:error:key"}, [limit(60, reason="generic")]),
    ],
)
def test_what_an_answer_sets(
    status: int, headers: dict[str, str], expected: list[RateLimit]
) -> None:
    """The header counts on any status; without one a 429 stops everything."""
    assert expected == list(limits_of_answer(status, headers, NOW))


def test_retry_after_that_is_not_understood_is_told_from_none() -> None:
    """A wait of nothing is no mistake, and a mistake is no wait of nothing."""
    assert [0.0, None, None] == [parse_retry_after(text, NOW) for text in ("0", "", "soon")]


@pytest.mark.parametrize("zone", ["UTC", "EST5"])
def test_a_date_is_a_date_wherever_the_relay_stands(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own zone counts, and UTC where it has none (RFC 9110, 5.6.7); the machine's never."""
    dates = ("Tue, 14 Nov 2023 23:14:20 +0100", "Tue, 14 Nov 2023 22:14:20 -0000")
    try:
        with monkeypatch.context() as patch:
            patch.setenv("TZ", zone)
            time.tzset()
            assert [60.0, 60.0] == [parse_retry_after(date, NOW) for date in dates]
    finally:
        time.tzset()


def test_categories_are_relays() -> None:
    """Every category of Sentry Relay's is known by its name, but for those of no client's data."""
    relays = {category.api_name() for category in DataCategory}
    others = {name for name in relays if name.startswith(("prevent_", "seer_"))}
    assert relays - others - {"unknown"} == CATEGORIES


def test_unknown_is_no_category() -> None:
    """What stands for unknown categories can stop nothing."""
    assert not {"unknown", "internal", ""} & CATEGORIES
