"""Metrics: by the register and no other, with labels that cannot grow without end."""

from pathlib import Path

import pytest

from relay import metrics
from relay.metrics import Metrics


def test_what_is_counted_is_rendered() -> None:
    """Counters, gauges and histograms come out in Prometheus' text format."""
    m = Metrics()
    m.count("relay_envelopes_total", project="1", outcome="accepted")
    m.count("relay_envelopes_total", 2, project="1", outcome="accepted")
    m.gauge("relay_rules_loaded", 12)
    m.observe("relay_scrub_seconds", 0.002)
    text = m.render().decode()
    assert 'relay_envelopes_total{outcome="accepted",project="1"} 3.0' in text
    assert "relay_rules_loaded 12.0" in text
    assert 'relay_scrub_seconds_bucket{le="0.0025"} 1.0' in text
    assert "_created" not in text
    assert 3.0 == m.value("relay_envelopes_total", project="1", outcome="accepted")


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("relay_nothing_total", {}),
        ("relay_rules_loaded", {}),
        ("relay_redactions_total", {}),
        ("relay_redactions_total", {"rule": "a", "more": "b"}),
        ("relay_redactions_total", {"rul": "a"}),
    ],
)
def test_what_is_not_registered_raises(name: str, labels: dict[str, str]) -> None:
    """An unknown name, another type, a missing, unknown or further label is refused."""
    with pytest.raises(ValueError):
        Metrics().count(name, **labels)


@pytest.mark.parametrize("method", ["observe", "gauge"])
def test_types_do_not_mix(method: str) -> None:
    """A counter cannot be set or observed."""
    with pytest.raises(ValueError):
        getattr(Metrics(), method)("relay_upstream_retries_total", 1)


def test_a_closed_label_says_unknown() -> None:
    """A kind of item that is not in the table is counted as unknown, whatever it was called."""
    m = Metrics()
    m.count("relay_items_total", kind="hunter2", reason="unknown_item")
    m.count("relay_items_total", kind="event", reason="accepted")
    assert 1.0 == m.value("relay_items_total", kind="unknown", reason="unknown_item")
    assert 1.0 == m.value("relay_items_total", kind="event", reason="accepted")
    assert b"hunter2" not in m.render()


def test_an_open_label_stops_growing() -> None:
    """After so many values of an open label every further one is `other`; old ones still count."""
    m = Metrics()
    for number in range(metrics.MAX_VALUES + 3):
        m.count("relay_redactions_total", rule=str(number))
    m.count("relay_redactions_total", rule="0")
    assert 3.0 == m.value("relay_redactions_total", rule="other")
    assert 2.0 == m.value("relay_redactions_total", rule="0")


def test_what_a_stranger_names_is_not_remembered() -> None:
    """Label values without a bound of their own leave nothing behind, however many come."""
    m = Metrics()
    for number in range(metrics.MAX_VALUES + 50):
        m.count("relay_items_total", kind=f"kind {number}", reason="unknown_item")
        m.count("relay_redactions_total", rule=str(number))
    assert metrics.MAX_VALUES == len(m._children)


def test_labels_count_by_name_not_by_order() -> None:
    """The same labels in another order are the same; the same values at other labels are not."""
    m = Metrics()
    m.count("relay_requests_total", route="a", status="b")
    m.count("relay_requests_total", status="b", route="a")
    m.count("relay_requests_total", route="b", status="a")
    assert 2.0 == m.value("relay_requests_total", route="a", status="b")
    assert 1.0 == m.value("relay_requests_total", route="b", status="a")


def test_a_name_that_was_used_is_still_checked() -> None:
    """What is remembered is remembered with its type and labels."""
    m = Metrics()
    m.count("relay_upstream_retries_total")
    with pytest.raises(ValueError):
        m.gauge("relay_upstream_retries_total", 1)
    with pytest.raises(ValueError):
        m.count("relay_upstream_retries_total", status="200")


def test_every_gauge_says_what_workers_add_up_to() -> None:
    """Each gauge has a word for it that the library takes; it is the word of the register."""
    modes = {
        name: collector._multiprocess_mode
        for name, collector in Metrics()._collectors.items()
        if hasattr(collector, "_multiprocess_mode")
    }
    gauges = {d.name: d.across for d in metrics.load_register().values() if d.type == "gauge"}
    assert {name: metrics._MULTIPROCESS[across] for name, across in gauges.items()} == modes
    assert ("newest", "sum") == (gauges["relay_spool_bytes"], gauges["relay_workers"])


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "gauge"},
        {"type": "gauge", "across": "average"},
        {"type": "counter", "across": "sum"},
        {"type": "summary"},
        {"type": "counter", "labels": {"kind": "anything"}},
    ],
)
def test_a_wrong_entry_is_refused(entry: dict[str, object]) -> None:
    """An entry of the register with a type, a set of labels or an `across` that is none."""
    with pytest.raises(ValueError, match="relay_x"):
        metrics._definition("relay_x", {"help": "None.", **entry})


def test_two_do_not_share() -> None:
    """Each `Metrics` has a registry of its own."""
    one, two = Metrics(), Metrics()
    one.count("relay_upstream_retries_total")
    assert (1.0, 0.0) == (
        one.value("relay_upstream_retries_total"),
        two.value("relay_upstream_retries_total"),
    )


def test_every_entry_has_a_help_sentence() -> None:
    """Each entry of the register begins with relay_ and is explained in one sentence."""
    for definition in metrics.load_register().values():
        assert definition.name.startswith("relay_")
        assert definition.help.endswith(".")
        assert ("counter" == definition.type) == definition.name.endswith("_total")


def test_a_file_that_is_just_being_made_does_not_break_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process opens its file, and gives it a size a moment later; a scrape may come between."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    (tmp_path / "counter_seat1.db").touch()
    assert b"" == Metrics().render()
