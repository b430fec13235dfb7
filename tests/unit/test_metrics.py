"""Metrics: by the register and no other, with labels that cannot grow without end."""

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
