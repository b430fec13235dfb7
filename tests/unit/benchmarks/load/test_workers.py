"""Two workers are compared by what each core that they could have yields."""

import pytest

from benchmarks.load.workers import Saturated, Workers


def test_what_the_clients_take_is_not_charged() -> None:
    """A tenth of both cores went to the clients: nine tenths of twice the rate are all of it."""
    found = Workers(Saturated(100, available=1.0, used=1.0), Saturated(180, 1.8, 1.8))
    assert pytest.approx(2.0) == found.speedup
    assert pytest.approx(1.8) == found.plain


def test_an_idle_core_is_charged() -> None:
    found = Workers(Saturated(100, available=1.0, used=1.0), Saturated(120, 2.0, 1.2))
    assert pytest.approx(1.2) == found.speedup
