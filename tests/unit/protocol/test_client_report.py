"""Client reports as Sentry reads them."""

import json

import pytest

from relay.outcomes import DESCRIPTIONS, Reason
from relay.protocol.client_report import ClientReport


def lists(report: ClientReport) -> dict[str, list[tuple[str, str, int]]]:
    """Read the lists of a report."""
    payload = json.loads(report.payload())
    return {
        name: [(e["reason"], e["category"], e["quantity"]) for e in entries]
        for name, entries in payload.items()
        if name != "timestamp"
    }


def test_each_reason_stands_in_its_list() -> None:
    """Limited and filtered events have lists of their own, as in Relay's reports."""
    losses = {
        (Reason.RATE_LIMITED, "session"): 3,
        (Reason.CONSENT_MISSING, "error"): 1,
        (Reason.CONSENT_DENIED, "error"): 2,
        (Reason.ITEM_POLICY, "attachment"): 400,
        (Reason.SCRUB_FAILED, "error"): 5,
        (Reason.EXPIRED, "log_byte"): 600,
    }
    report = ClientReport(1_700_000_000.1234, losses)
    assert {
        "discarded_events": [("expired", "log_byte", 600), ("scrub_failed", "error", 5)],
        "rate_limited_events": [("rate_limited", "session", 3)],
        "filtered_events": [
            ("consent_denied", "error", 2),
            ("consent_missing", "error", 1),
            ("item_policy", "attachment", 400),
        ],
    } == lists(report)
    assert 1_700_000_000.123 == json.loads(report.payload())["timestamp"]


def test_the_first_list_is_always_there() -> None:
    """Sentry refuses a report without `discarded_events`; the others may be missing."""
    report = ClientReport(1.0, {(Reason.RATE_LIMITED, "error"): 1})
    assert {"discarded_events": [], "rate_limited_events": [("rate_limited", "error", 1)]} == lists(
        report
    )


@pytest.mark.parametrize("reason", DESCRIPTIONS)
def test_every_reason_is_told_somewhere(reason: Reason) -> None:
    """No word of ours is without a list."""
    told = lists(ClientReport(1.0, {(reason, "error"): 7}))
    assert [(reason.value, "error", 7)] == [entry for entries in told.values() for entry in entries]


@pytest.mark.parametrize("category", ["internal", "", "203.0.113.77"])
def test_a_report_is_about_data_categories(category: str) -> None:
    """There is no report about reports, or about a word that was sent."""
    with pytest.raises(ValueError, match="data categories"):
        ClientReport(1.0, {(Reason.INVALID, category): 1})


def test_its_own_category_is_never_counted() -> None:
    """A report falls under `internal`."""
    report = ClientReport(1.0, {})
    assert (("internal",), {"type": "client_report"}) == (report.categories, report.item_headers())
