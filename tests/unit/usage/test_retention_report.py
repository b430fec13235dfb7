"""What retention tells of a store, as plain data."""

from datetime import date

from relay.usage.retention_report import Kind, KindReport, Report, Tally, as_json

TODAY = date(2026, 11, 26)
FIRST = date(2026, 8, 29)
OLD = date(2026, 8, 28)


def test_a_report_is_plain_data() -> None:
    """For scripts: days as text, nothing of a record, nothing of a path."""
    kinds = tuple(KindReport(kind, FIRST) for kind in Kind if kind is not Kind.EVENTS)
    events = KindReport(Kind.EVENTS, FIRST, gone=Tally().with_one(4, OLD))
    told = as_json(Report(TODAY, dry_run=False, kinds=(events, *kinds)))
    none = {"objects": 0, "bytes": 0, "oldest": None, "newest": None}
    assert {
        "first_kept": "2026-08-29",
        "gone": {"objects": 1, "bytes": 4, "oldest": "2026-08-28", "newest": "2026-08-28"},
        "left": none,
        "failed": none,
    } == told["sets"]["events"]
    assert ["events", "opt_outs", "sets", "notes"] == list(told["sets"])
    rest = {key: value for key, value in told.items() if key != "sets"}
    assert {
        "today": "2026-11-26",
        "dry_run": False,
        "strangers": {"objects": 0, "bytes": 0},
        "error": None,
    } == rest


def test_what_went_is_added_up() -> None:
    """Objects, bytes, and the days from the oldest to the newest."""
    tally = Tally().with_one(4, TODAY).with_one(6, OLD).with_one(1)
    assert Tally(3, 11, OLD, TODAY) == tally
    assert (
        5
        == Report(TODAY, dry_run=True, kinds=(KindReport(Kind.SETS, FIRST, gone=Tally(5)),)).objects
    )
