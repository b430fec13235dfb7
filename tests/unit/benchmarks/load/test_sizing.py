"""The sizes follow from the figures, by arithmetic that can be done by hand."""

import pytest

from benchmarks.load.command import OPERATE, with_sizing
from benchmarks.load.sizing import Figures, Need, need, paper_section
from benchmarks.load.throughput import Cost
from benchmarks.load.traffic import SUITE

FACTS = {"date": "1 May 2026", "machine": "2 cores"}
COST = Cost(SUITE, 20_000, 0.002, 0.001, 0.004, (0.002, 0.002), 300.0, 5_000.0, 100)
FIGURES = Figures((COST,), disk=25_000.0, memory=200 * 2**20)


def test_what_ten_thousand_a_second_need() -> None:
    """20 cores busy, 40 to have: five machines and one; and four streams of 3,000."""
    expected = Need(
        rate=10_000,
        busy=20.0,
        cores=40,
        machines=6,
        incoming=1_600.0,
        outgoing=400.0,
        written=250.0,
        hour=900.0,
        cells=4,
    )
    assert expected == need(FIGURES, 10_000)


def test_the_arithmetic_is_shown() -> None:
    assert "1,000 times 2.00 ms = 2.0, over 50% = 4;" in paper_section(FIGURES).text


def test_the_page_has_a_place_for_the_sizes() -> None:
    """What stood between the marks is replaced, all else stays; a second time nothing changes."""
    page = OPERATE.read_text("utf-8")
    once = with_sizing(page, FIGURES, FACTS)
    assert "| 20 kB, much to scrub | 2.00 | 500 | 250 | 21.6 |" in once
    assert "Measured 1 May 2026, 2 cores" in once
    assert page.partition("<!-- sizing")[0] == once.partition("<!-- sizing")[0]
    assert page.partition("<!-- end of sizing")[2] == once.partition("<!-- end of sizing")[2]
    assert once == with_sizing(once, FIGURES, FACTS)


def test_a_page_without_the_place_is_an_error() -> None:
    with pytest.raises(ValueError, match="no place"):
        with_sizing("# nothing here", FIGURES, FACTS)
