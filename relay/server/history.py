"""The last hour and the last day of the metrics, in memory: what the overview plots.

Law of this file: numbers under words of ours, in steps of fixed length and bounded number. Nothing
is written anywhere. A counter that starts anew, as after a restart, has counted what it shows.
"""

import math
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

STEP: Final = 10.0
"""Seconds between two samples."""

HOUR_STEPS: Final = 360
DAY_STEPS: Final = 288
STEPS_TOGETHER: Final = 30
"""Samples that are one step of the day: five minutes."""

MAX_LABELS: Final = 1_000
"""Labels of a plot that are kept apart in one step; metrics have 500 at most, and one more."""

Kind = Literal["count", "level", "time"]
Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plot:
    """One plot.

    Attributes:
        id: a word.
        title: for people.
        kind: `count` shows what was counted in a step, `level` how a gauge stood at its end,
            `time` what half, and 99 of 100, took at most.
        metric: its name in the register.
        by: the label that tells series apart; empty for one series.
        without: values of that label that are not shown.
        most: series that are shown; the rest is added up.
        optional: whether all such plots are left out while there is nothing to show in any.
    """

    id: str
    title: str
    kind: Kind
    metric: str
    by: str = ""
    without: frozenset[str] = frozenset()
    most: int = 12
    optional: bool = False


PLOTS: Final = (
    Plot("envelopes", "Envelopes that came in", "count", "relay_envelopes_total", "outcome"),
    Plot("consent", "Consent", "count", "relay_consent_total", "verdict"),
    Plot(
        "dropped", "Items dropped, and why", "count", "relay_items_total", "reason",
        without=frozenset({"accepted"}),
    ),
    Plot("redactions", "Redactions by rule", "count", "relay_redactions_total", "rule", most=10),
    Plot("shadow", "Hits of shadow rules", "count", "relay_shadow_hits_total", "rule", most=10),
    Plot("spool", "Envelopes in the spool", "level", "relay_spool_envelopes", "state"),
    Plot("spool_bytes", "Bytes in the spool", "level", "relay_spool_bytes"),
    Plot("oldest", "Age of the oldest that waits", "level", "relay_spool_oldest_seconds"),
    Plot("sends", "Answers of upstreams", "count", "relay_upstream_responses_total", "status"),
    Plot("circuits", "Circuits to upstreams", "level", "relay_upstream_circuit", "state"),
    Plot("buried", "Dead letters, and why", "count", "relay_buried_total", "reason"),
    Plot("scrubbing", "Time to scrub", "time", "relay_scrub_seconds"),
    Plot("delivery", "Time until delivered", "time", "relay_delivery_seconds"),
    Plot(
        "usage", "Usage events that came in", "count", "relay_usage_events_total", "outcome",
        optional=True,
    ),
    Plot(
        "usage_consent", "Consent to usage events", "count", "relay_usage_consent_total", "verdict",
        optional=True,
    ),
    Plot(
        "usage_opt_outs", "Decisions to share nothing", "count", "relay_usage_opt_outs_total",
        optional=True,
    ),
    Plot(
        "usage_dropped", "Attributes of usage events dropped, and why", "count",
        "relay_usage_attributes_dropped_total", "reason", optional=True,
    ),
    Plot(
        "usage_spool", "Batches in the usage spool", "level", "relay_usage_spool_envelopes",
        "state", optional=True,
    ),
    Plot(
        "usage_oldest", "Age of the oldest usage event that waits", "level",
        "relay_usage_oldest_seconds", optional=True,
    ),
    Plot(
        "usage_written", "Usage records written to the store", "count",
        "relay_usage_records_written_total", "record", optional=True,
    ),
    Plot(
        "usage_failures", "Requests to the store that failed", "count",
        "relay_usage_store_failures_total", optional=True,
    ),
)  # fmt: skip
"""What the overview shows, in its order."""

_BUCKETS: Final = "_bucket"
_BOUND: Final = "le"
OTHERS: Final = "others"
HALF: Final = "half"
NEARLY_ALL: Final = "99 %"
_QUANTILES: Final = ((HALF, 0.5), (NEARLY_ALL, 0.99))

Sample = tuple[str, Labels, float]
"""Name, labels and value, as a scrape would have it."""


@dataclass(slots=True)
class _Step:
    """What happened in a step, by plot and label: what was counted, or the level at its end."""

    numbers: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, later: "_Step") -> None:
        """Put a step behind this one."""
        for plot in PLOTS:
            new = later.numbers.get(plot.id)
            if plot.kind == "level":
                if new is not None:
                    self.numbers[plot.id] = Counter(new)
            elif new:
                self.numbers.setdefault(plot.id, Counter()).update(new)


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a plot: a number a step, oldest first; None where nothing is known."""

    label: str
    points: tuple[float | None, ...]
    total: float


class History:
    """Keeps what the plots need."""

    def __init__(self) -> None:
        self._before: dict[str, Counter[str]] = {}
        self._hour: deque[_Step] = deque(maxlen=HOUR_STEPS)
        self._day: deque[_Step] = deque(maxlen=DAY_STEPS)
        self._part = _Step()
        self._parts = 0

    def add(self, samples: Iterable[Sample]) -> None:
        """Take in what the metrics are now; to be called once in `STEP` seconds."""
        step = self._step(_by_plot(samples))
        self._hour.append(step)
        self._part.add(step)
        self._parts += 1
        if self._parts == STEPS_TOGETHER:
            self._day.append(self._part)
            self._part, self._parts = _Step(), 0

    def series(self, plot: Plot, *, day: bool = False) -> tuple[Series, ...]:
        """Return the lines of a plot, the largest first; what goes beyond `most` is one line."""
        steps = self._steps(day=day)
        if plot.kind == "time":
            return tuple(_quantile(plot, steps, label, part) for label, part in _QUANTILES)
        numbers = [step.numbers.get(plot.id) for step in steps]
        present = [one for one in numbers if one is not None]
        weight: Counter[str] = Counter()
        for one in present:
            for label, number in one.items():
                weight[label] += number
        totals = weight if plot.kind == "count" else present[-1] if present else Counter[str]()
        ranked = [label for label, _ in weight.most_common()]
        shown, rest = ranked[: plot.most], ranked[plot.most :]
        lines = [(label, [label]) for label in shown] + ([(OTHERS, rest)] if rest else [])
        return tuple(
            Series(label, _points(numbers, labels), float(sum(totals[one] for one in labels)))
            for label, labels in lines
        )

    def length(self, *, day: bool = False) -> int:
        """Return how many steps there are."""
        return len(self._steps(day=day))

    def _steps(self, *, day: bool) -> list[_Step]:
        if not day:
            return list(self._hour)
        whole = [*self._day, self._part] if self._parts else [*self._day]
        return whole[-DAY_STEPS:]

    def _step(self, now: Mapping[str, Counter[str]]) -> _Step:
        """Tell what has changed since the sample before; of the first nothing can be told."""
        step = _Step()
        for plot in PLOTS:
            numbers = now.get(plot.id, Counter())
            if plot.kind == "level":
                step.numbers[plot.id] = numbers
                continue
            before = self._before.get(plot.id)
            self._before[plot.id] = numbers
            if before is None:
                continue
            changed: Counter[str] = Counter()
            for label, number in numbers.items():
                old = before[label]
                added = number - old if number >= old else number
                if added or plot.kind == "time":  # a bucket without anything is a bound too
                    changed[label] = added
            step.numbers[plot.id] = changed
        return step


def _by_plot(samples: Iterable[Sample]) -> dict[str, Counter[str]]:
    """Add up samples of a plot that differ in other labels; of a circuit, the worst is meant."""
    found: dict[str, Counter[str]] = {}
    for name, labels, value in samples:
        plot, by = _PLOT_OF.get(name, (None, ""))
        if plot is None:
            continue
        label = labels.get(by, "") if by else ""
        if label in plot.without:
            continue
        numbers = found.setdefault(plot.id, Counter())
        if label in numbers or len(numbers) < MAX_LABELS:
            numbers[label] += value  # type: ignore[assignment]  # of floats too
    return found


def _points(
    numbers: Iterable[Counter[str] | None], labels: Iterable[str]
) -> tuple[float | None, ...]:
    wanted = tuple(labels)
    return tuple(
        None if one is None else float(sum(one[label] for label in wanted)) for one in numbers
    )


def _quantile(plot: Plot, steps: Iterable[_Step], label: str, part: float) -> Series:
    """Return the upper bound of the bucket that holds so large a part, a step and in all."""
    numbers = [step.numbers.get(plot.id) for step in steps]
    points = tuple(_bound(one, part) for one in numbers)
    whole: Counter[str] = Counter()
    for one in numbers:
        whole.update(one or {})
    return Series(label, points, _bound(whole, part) or 0.0)


def _bound(buckets: Counter[str] | None, part: float) -> float | None:
    """Return the upper bound in seconds; the last one for what is beyond; None for nothing."""
    bounds = sorted((float(bound), count) for bound, count in (buckets or {}).items())
    if not bounds or not bounds[-1][1]:
        return None
    wanted = bounds[-1][1] * part
    found = next(bound for bound, count in bounds if count >= wanted)
    finite = [bound for bound, _ in bounds if math.isfinite(bound)]
    return min(found, finite[-1]) if finite else None


_PLOT_OF: Final = {
    plot.metric + (_BUCKETS if plot.kind == "time" else ""): (
        plot,
        _BOUND if plot.kind == "time" else plot.by,
    )
    for plot in PLOTS
}
