"""Aims about speed are judged by the worst of what was measured."""

import pytest

from benchmarks.speed import Custom, Peer, Row
from benchmarks.speed_report import custom_section, speed_section


def row(size: str, amount: str, bytes_: int, steady: float, peer: float) -> Row:
    return Row(size, amount, bytes_, steady, steady, Peer(peer, peer), Peer(2 * peer, 9.0))


def rows(peer_much: float, peer_nothing: float, last: float = 0.005) -> list[Row]:
    made = []
    for amount, peer in (("much", peer_much), ("nothing", peer_nothing)):
        made += [
            row("200 kB", amount, 200_000, 0.001, 1.0),
            row("1 MB", amount, 1_000_000, last, peer),
        ]
    return made


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (rows(0.025, 0.05), [True, True, True, True, True]),
        (rows(0.0249, 0.05), [True, False, True, True, True]),
        (rows(0.0124, 0.05), [False, False, True, True, True]),
        (rows(0.025, 0.0499), [True, True, True, False, True]),
        (rows(0.025, 0.0249), [True, True, False, False, True]),
        (rows(1.0, 1.0, last=0.0076), [True, True, True, True, False]),
    ],
)
def test_the_worst_size_counts(measured: list[Row], expected: list[bool]) -> None:
    assert [bar.reached for bar in speed_section(measured).bars] == expected


def test_every_event_has_its_line() -> None:
    """Nothing that was measured is left out of the tables."""
    generous, lean, growth = speed_section(rows(0.1, 0.1)).tables
    assert [line[:2] for line in lean.rows] == [line[:2] for line in generous.rows]
    assert ("1 MB", "nothing") in [line[:2] for line in lean.rows]
    assert ("much, steady", "0.50", "0.50") in growth.rows


@pytest.mark.parametrize(("more", "reached"), [(1.49, True), (1.5, False)])
def test_more_rules_at_first_sight_or_steady(more: float, reached: bool) -> None:
    for made in (Custom("much", 1.0, more, 1.0, 1.0), Custom("much", 1.0, 1.0, 1.0, more)):
        assert [reached] == [bar.reached for bar in custom_section([made]).bars]
