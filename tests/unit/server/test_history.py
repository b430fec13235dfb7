"""What the overview plots: steps of counters and gauges, and their bounds."""

from collections.abc import Iterator

import pytest

from relay.metrics import load_register
from relay.server.history import (
    DAY_STEPS,
    HALF,
    HOUR_STEPS,
    NEARLY_ALL,
    OTHERS,
    PLOTS,
    STEPS_TOGETHER,
    History,
    Plot,
    Sample,
)

PLOT = {plot.id: plot for plot in PLOTS}


def envelopes(**numbers: float) -> Iterator[Sample]:
    """Yield a counter's samples, as two projects have them."""
    for outcome, number in numbers.items():
        yield "relay_envelopes_total", {"project": "1", "outcome": outcome}, number - 1
        yield "relay_envelopes_total", {"project": "2", "outcome": outcome}, 1


def points(history: History, plot: str, *, day: bool = False) -> dict[str, list[float | None]]:
    return {one.label: list(one.points) for one in history.series(PLOT[plot], day=day)}


def totals(history: History, plot: str, *, day: bool = False) -> dict[str, float]:
    return {one.label: one.total for one in history.series(PLOT[plot], day=day)}


def test_a_step_shows_what_was_counted_in_it() -> None:
    history = History()
    for number in (5, 7, 7, 10):
        history.add(envelopes(accepted=number))
    assert {"accepted": [None, 2, 0, 3]} == points(history, "envelopes")
    assert {"accepted": 5} == totals(history, "envelopes")


def test_what_appears_later_has_counted_all_that_it_shows() -> None:
    history = History()
    history.add(())
    history.add(envelopes(accepted=2))
    history.add(envelopes(accepted=2, consent_missing=4))
    assert {"consent_missing": [None, 0, 4], "accepted": [None, 2, 0]} == points(
        history, "envelopes"
    )


def test_a_counter_that_starts_anew_takes_nothing_away() -> None:
    history = History()
    for number in (100, 103, 2, 3):
        history.add(envelopes(accepted=number))
    assert {"accepted": [None, 3, 2, 1]} == points(history, "envelopes")


def test_a_level_shows_how_it_stood() -> None:
    history = History()
    for number in (3, 9, 1):
        history.add([("relay_spool_envelopes", {"state": "ready"}, number)])
    assert {"ready": [3, 9, 1]} == points(history, "spool")
    assert {"ready": 1} == totals(history, "spool")


def test_levels_of_several_are_added_up() -> None:
    history = History()
    history.add(
        ("relay_upstream_circuit", {"project": project, "state": state}, float(on))
        for project, state, on in (("1", "open", 1), ("2", "open", 1), ("3", "open", 0))
    )
    assert {"open": 2} == totals(history, "circuits")


def test_what_is_accepted_is_not_dropped() -> None:
    history = History()
    for number in (0, 4):
        history.add(
            ("relay_items_total", {"kind": "event", "reason": reason}, number)
            for reason in ("accepted", "scrub_failed")
        )
    assert {"scrub_failed": 4} == totals(history, "dropped")


def test_other_metrics_are_passed_over() -> None:
    history = History()
    history.add([("relay_requests_total", {"route": "envelope", "status": "200"}, 7)])
    assert all(not history.series(plot) for plot in PLOTS if plot.kind != "time")


def test_of_many_series_the_largest_are_shown_and_the_rest_is_one() -> None:
    history = History()
    history.add(())
    history.add(
        ("relay_redactions_total", {"rule": f"folder/rule-{number}"}, number)
        for number in range(1, 31)
    )
    shown = totals(history, "redactions")
    assert [f"folder/rule-{number}" for number in range(30, 20, -1)] + [OTHERS] == list(shown)
    assert sum(range(1, 21)) == shown[OTHERS]
    assert [None, sum(range(1, 21))] == points(history, "redactions")[OTHERS]


def test_times_are_the_bounds_that_hold_half_and_nearly_all() -> None:
    history = History()
    buckets = {"0.001": 0.0, "0.005": 0.0, "0.1": 0.0, "+Inf": 0.0}
    history.add(("relay_scrub_seconds_bucket", {"le": le}, n) for le, n in buckets.items())
    counts = {"0.001": 60.0, "0.005": 98.0, "0.1": 100.0, "+Inf": 100.0}
    history.add(("relay_scrub_seconds_bucket", {"le": le}, n) for le, n in counts.items())
    assert {HALF: [None, 0.001], NEARLY_ALL: [None, 0.1]} == points(history, "scrubbing")
    assert {HALF: 0.001, NEARLY_ALL: 0.1} == totals(history, "scrubbing")


def test_times_over_the_last_bound_show_that_one() -> None:
    history = History()
    history.add([("relay_scrub_seconds_bucket", {"le": le}, 0.0) for le in ("5.0", "+Inf")])
    late = {"5.0": 0.0, "+Inf": 3.0}
    history.add(("relay_scrub_seconds_bucket", {"le": le}, n) for le, n in late.items())
    assert {HALF: 5.0, NEARLY_ALL: 5.0} == totals(history, "scrubbing")


def test_a_day_has_five_minutes_a_step() -> None:
    history = History()
    for number in range(1, 2 * STEPS_TOGETHER + 2):
        history.add([
            *envelopes(accepted=number),
            ("relay_spool_envelopes", {"state": "ready"}, number),
        ])  # fmt: skip
    whole = STEPS_TOGETHER
    assert {"accepted": [whole - 1, whole, 1]} == points(history, "envelopes", day=True)
    assert {"ready": [whole, 2 * whole, 2 * whole + 1]} == points(history, "spool", day=True)


@pytest.mark.parametrize("day", [False, True])
def test_it_has_a_bound(day: bool) -> None:
    history = History()
    most = DAY_STEPS if day else HOUR_STEPS
    for number in range((STEPS_TOGETHER if day else 1) * most + STEPS_TOGETHER + 7):
        history.add(envelopes(accepted=number + 1))
    assert most == history.length(day=day)
    assert most == len(points(history, "envelopes", day=day)["accepted"])


def test_what_is_shown_stands_in_the_register() -> None:
    register = load_register()

    def fits(plot: Plot) -> bool:
        kinds = {"count": "counter", "level": "gauge", "time": "histogram"}
        definition = register[plot.metric]
        return definition.type == kinds[plot.kind] and (not plot.by or plot.by in definition.labels)

    assert [] == [plot.id for plot in PLOTS if not fits(plot)]
    assert len({plot.id for plot in PLOTS}) == len(PLOTS)
