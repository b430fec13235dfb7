"""Metrics: counters, gauges and histograms, by the register in metrics.yaml and no other.

Law of this file: a name or label that is not registered raises, so docs and code cannot part. Label
values come from closed sets or are bounded in number; no value from a payload may be one.
`python -m relay.metrics` writes docs/metrics.md to stdout.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal

import prometheus_client as prometheus
from prometheus_client import multiprocess, values

from relay import yamlio
from relay.outcomes import Reason
from relay.protocol import item_kinds

MAX_VALUES: Final = 500
"""Values that an open label may take; further ones become `other`."""

OTHER: Final = "other"
UNKNOWN: Final = "unknown"
CONTENT_TYPE: Final = prometheus.CONTENT_TYPE_LATEST

MetricType = Literal["counter", "gauge", "histogram"]
Across = Literal["sum", "min", "max", "newest"]
"""How one value of a gauge comes from those of several workers."""

_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The library's variable: set, it keeps values in files there."""

_MULTIPROCESS: Final[Mapping[Across, str]] = {
    "sum": "livesum",
    "min": "livemin",
    "max": "livemax",
    "newest": "mostrecent",
}
"""The library's words: `live` leaves out what processes that have ended had set."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One entry of the register.

    Attributes:
        name: as scraped.
        type: counter, gauge or histogram.
        labels: label name to its closed set of values; None where the set is open.
        help: one sentence.
        buckets: upper bounds of a histogram, in its unit; empty for the library's own.
        across: of a gauge, how the values of several workers become one.
    """

    name: str
    type: MetricType
    labels: Mapping[str, frozenset[str] | None]
    help: str
    buckets: tuple[float, ...] = ()
    across: Across = "sum"


class Metrics:
    """All metrics of one process, in a registry of their own."""

    def __init__(self) -> None:
        self._register = load_register()
        self._registry = prometheus.CollectorRegistry()
        prometheus.disable_created_metrics()  # type: ignore[no-untyped-call]
        self._collectors = {d.name: _collector(d, self._registry) for d in self._register.values()}
        self._seen: dict[tuple[str, str], set[str]] = {}
        self._children: dict[tuple[object, ...], Any] = {}

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add to a counter.

        Raises:
            ValueError: the name, its type or a label is not registered.
        """
        self._find(name, "counter", labels).inc(amount)

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Add a value to a histogram.

        Raises:
            ValueError: the name, its type or a label is not registered.
        """
        self._find(name, "histogram", labels).observe(value)

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge.

        Raises:
            ValueError: the name, its type or a label is not registered.
        """
        self._find(name, "gauge", labels).set(value)

    def value(self, name: str, **labels: str) -> float:
        """Return a counter or gauge as it stands; 0 if it was never touched."""
        return self._registry.get_sample_value(name, labels) or 0.0

    def render(self) -> bytes:
        """Return everything in Prometheus' text format; where it is shared, of all processes."""
        return prometheus.generate_latest(self._whole())

    def samples(self) -> Iterator[tuple[str, Mapping[str, str], float]]:
        """Yield name, labels and value of everything, as `render` would write them."""
        for family in self._whole().collect():
            for sample in family.samples:
                yield sample.name, sample.labels, sample.value

    def _whole(self) -> prometheus.CollectorRegistry:
        """Return what all processes have counted, or this one where it is the only one."""
        folder = os.environ.get(_FOLDER)
        if folder is None:
            return self._registry
        whole = prometheus.CollectorRegistry()
        whole.register(_Whole(folder))
        return whole

    def _find(self, name: str, wanted: MetricType, labels: Mapping[str, str]) -> Any:
        """Return what holds the value, by the labels; all but the first time it is remembered."""
        key = (name, wanted, *labels.items())
        child = self._children.get(key)
        if child is None:
            bounded, child = self._make(name, wanted, labels)
            if bounded == labels:  # else the number of keys would have no bound
                self._children[key] = child
        return child

    def _make(
        self, name: str, wanted: MetricType, labels: Mapping[str, str]
    ) -> tuple[Mapping[str, str], Any]:
        """Check against the register; return the labels as they are counted, and what counts."""
        definition = self._register.get(name)
        if definition is None or definition.type != wanted:
            raise ValueError(f"no {wanted} named {name} in metrics.yaml")
        if definition.labels.keys() != labels.keys():
            raise ValueError(f"{name} has the labels {', '.join(definition.labels) or 'none'}")
        collector = self._collectors[name]
        if not labels:
            return labels, collector
        bounded = {label: self._bounded(definition, label, labels[label]) for label in labels}
        return bounded, collector.labels(**bounded)

    def _bounded(self, definition: Definition, label: str, value: str) -> str:
        closed = definition.labels[label]
        if closed is not None:
            return value if value in closed else UNKNOWN
        seen = self._seen.setdefault((definition.name, label), set())
        if value in seen:
            return value
        if len(seen) >= MAX_VALUES:
            return OTHER
        seen.add(value)
        return value


class _Whole:
    """Collects the metrics of all processes from their files."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def collect(self) -> Iterable[prometheus.Metric]:
        """Add up; a file that a process is just making is empty, and the library breaks on it."""
        names: list[str] = []
        for path in Path(self._folder).glob("*.db"):
            with suppress(FileNotFoundError):  # its process has just ended
                if path.stat().st_size:
                    names.append(str(path))
        merged: Iterable[prometheus.Metric] = multiprocess.MultiProcessCollector.merge(names)  # type: ignore[no-untyped-call]
        return merged


def share(folder: Path) -> None:
    """Keep the metrics of this process and its future children in files of one folder.

    What any of them renders from then on is the sum over all, those included that have ended. To
    be called before the first `Metrics` is made. Names and label values stand in the files.
    """
    os.environ[_FOLDER] = str(folder)
    share_as("main")


def share_as(name: str) -> None:
    """Say which files are this process's: it goes on with what the last one of its name counted.

    So there are as many files as processes at one time, however many have died. A name is made of
    letters and digits.
    """
    if _FOLDER in os.environ:
        values.ValueClass = values.MultiProcessValue(lambda: name)  # type: ignore[no-untyped-call]


def forget_process(name: str) -> None:
    """Leave out what a process that has ended had set its gauges to; its counts stay."""
    multiprocess.mark_process_dead(name, os.environ[_FOLDER])  # type: ignore[no-untyped-call]


def load_register() -> dict[str, Definition]:
    """Read metrics.yaml, which stands beside this file."""
    text = resources.files("relay").joinpath("metrics.yaml").read_text("utf-8")
    node, mistakes = yamlio.load(text, "metrics.yaml")
    if mistakes:
        raise ValueError("\n".join(map(str, mistakes)))
    return {name: _definition(name, entry) for name, entry in yamlio.plain(node).items()}


def docs() -> str:
    """Return docs/metrics.md."""
    lines = [
        "# Metrics",
        "",
        "<!-- Made from relay/metrics.yaml by `make docs`; change it there. -->",
        "",
        "Served by the admin port under `/metrics` in Prometheus' text format. No label holds a",
        "value from a payload; a label that could grow without end stops at",
        f"{MAX_VALUES} values and then says `{OTHER}`.",
        "",
        "Counters and histograms of several workers add up. How their values of a gauge become one",
        "stands in the third column.",
        "",
        "| name | type | of several workers | labels | what it counts |",
        "| --- | --- | --- | --- | --- |",
    ]
    for d in load_register().values():
        labels = ", ".join(f"`{label}`" for label in d.labels)
        across = d.across if d.type == "gauge" else "sum"
        lines.append(f"| `{d.name}` | {d.type} | {across} | {labels} | {d.help} |")
    return "\n".join(lines) + "\n"


def _definition(name: str, entry: Mapping[str, Any]) -> Definition:
    labels = {label: _values(name, kind) for label, kind in entry.get("labels", {}).items()}
    kind: MetricType = entry["type"]
    if kind not in ("counter", "gauge", "histogram"):
        raise ValueError(f"metrics.yaml: {name} has an unknown type")
    across: Across = entry.get("across", "sum")
    if ("across" in entry) != (kind == "gauge") or across not in _MULTIPROCESS:
        raise ValueError(
            f"metrics.yaml: {name}: a gauge, and only that, says what workers add up to"
        )
    buckets = tuple(entry.get("buckets", ()))
    return Definition(name, kind, labels, entry["help"], buckets, across)


def _values(name: str, kind: str | list[str]) -> frozenset[str] | None:
    match kind:
        case "open":
            return None
        case "reason":
            return frozenset(reason.value for reason in Reason)
        case "item_kind":
            return frozenset(item_kinds.KINDS)
        case list():
            return frozenset(kind)
        case _:
            raise ValueError(f"metrics.yaml: {name} has a label of an unknown set")


def _collector(d: Definition, registry: prometheus.CollectorRegistry) -> Any:
    match d.type:
        case "counter":
            return prometheus.Counter(d.name, d.help, list(d.labels), registry=registry)
        case "gauge":
            mode: Any = _MULTIPROCESS[d.across]
            return prometheus.Gauge(
                d.name, d.help, list(d.labels), registry=registry, multiprocess_mode=mode
            )
        case "histogram":
            buckets = d.buckets or prometheus.Histogram.DEFAULT_BUCKETS
            return prometheus.Histogram(
                d.name, d.help, list(d.labels), registry=registry, buckets=buckets
            )


if __name__ == "__main__":
    sys.stdout.write(docs())
