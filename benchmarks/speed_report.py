"""What was measured of speed, as a section of the report."""

from collections.abc import Sequence

from benchmarks.adversarial import Row as Adversarial
from benchmarks.report import Bar, Section, Table
from benchmarks.speed import Custom, Peer, Row

MUCH, NOTHING, CUSTOM, ADVERSARIAL, GROWTH = 5, 10, 1.5, 20, 1.5
"""The bars: times faster twice, and three of times as long."""

_ABOUT = """\
CPU milliseconds for one event. Ours is all rules that ship, in Python. The peer is Sentry's own
scrubber in Rust with ten rules: *generous* are those that find most, as in the parts on recall and
precision; *lean* are short patterns for the commonest forms, at a third of the cost. *First sight*
is without any memory of clean texts, *steady* as a relay runs, with what other users' events have
left. The peer takes its configuration apart on every call, which a server would do once: that is
taken off; in *compiled* so is the compiling of its patterns, and times faster compares with ours,
steady.

The 2 kB and the 20 kB event are captured ones. The larger ones are the latter with the
breadcrumbs and frames, half of either, of all captured events of Suite's platforms, then other
people's such. *Little* is one piece in twenty as it was sent. *Nothing* is what came out of a
scrub before. The peer looks into no line of source and no name of a function, by no rule; ours
does."""

_ABOUT_CUSTOM = """\
CPU milliseconds for an event of 20 kB with the shipped rules, and with a hundred custom ones
beside them: prefixes, keys, checksums with words near by, and patterns in some places only."""

_ABOUT_ADVERSARIAL = """\
CPU milliseconds for a document that somebody made to be slow, against a normal event of that size
with much to scrub, both at first sight. *Dropped* means that the budget of work, which is counted
and not timed, ran out, or that it is no JSON that is taken; then the item is not forwarded."""


def speed_section(rows: Sequence[Row]) -> Section:
    """Return the times of all events, the growth with the size, and whether that is enough."""
    tables = (_times(rows, "generous"), _times(rows, "lean"), _growth(rows))
    return Section("Speed", _ABOUT, tuple(_bars(rows)), tables)


def _bars(rows: Sequence[Row]) -> list[Bar]:
    bars = []
    for amount, bar in (("much", MUCH), ("nothing", NOTHING)):
        some = [row for row in rows if row.amount == amount]
        for rules in ("generous", "lean"):
            ratios = [row.ratio(getattr(row, rules)) for row in some]
            firsts = [row.first_ratio(getattr(row, rules)) for row in some]
            bars.append(
                Bar(
                    f"Times faster than the peer with its {rules} rules, {amount} to scrub",
                    f"at least {bar}",
                    f"{_range(ratios)}; at first sight {_range(firsts)}",
                    min(ratios) >= bar,
                )
            )
    factor = max(_factor(rows, amount) for amount in {row.amount for row in rows})
    bars.append(
        Bar(
            "Linear: CPU time for a byte of 1 MB against one of 200 kB",
            f"at most {GROWTH} times",
            f"{factor:.2f} times",
            factor <= GROWTH,
        )
    )
    return bars


def _range(ratios: Sequence[float]) -> str:
    return f"{_times_faster(min(ratios))} to {_times_faster(max(ratios))}"


def _factor(rows: Sequence[Row], amount: str) -> float:
    *_, before, last = (row for row in rows if row.amount == amount)
    return (last.first / last.bytes) / (before.first / before.bytes)


def _times(rows: Sequence[Row], rules: str) -> Table:
    head = (
        "event", "to scrub", "bytes", "ours, first sight", "ours, steady",
        f"peer, {rules}", "times faster", "first sight", "peer, compiled", "times faster",
    )  # fmt: skip
    return Table(head, tuple(_times_row(row, getattr(row, rules)) for row in rows))


def _times_row(row: Row, peer: Peer) -> tuple[str, ...]:
    return (
        row.size,
        row.amount,
        f"{row.bytes:,}",
        _ms(row.first),
        _ms(row.steady),
        _ms(peer.parsed),
        _times_faster(row.ratio(peer)),
        _times_faster(row.first_ratio(peer)),
        _ms(peer.compiled),
        _times_faster(peer.compiled / row.steady),
    )


def _growth(rows: Sequence[Row]) -> Table:
    """Return what 100 kB cost, by size: the same all over where time is linear."""
    sizes = list(dict.fromkeys(row.size for row in rows))
    amounts = list(dict.fromkeys(row.amount for row in rows))
    by_place = {(row.amount, row.size): row for row in rows}
    body = [
        (
            f"{amount}, {kind}",
            *(_ms(100_000 * _seconds(by_place[amount, size], kind)) for size in sizes),
        )
        for amount in amounts
        for kind in ("first sight", "steady", "peer, lean")
    ]
    return Table(("ms for 100 kB of", *sizes), tuple(body))


def _seconds(row: Row, kind: str) -> float:
    times = {"first sight": row.first, "steady": row.steady, "peer, lean": row.lean.compiled}
    return max(0.0, times[kind]) / row.bytes


def custom_section(rows: Sequence[Custom]) -> Section:
    """Return what a hundred more rules cost."""
    worst = max(row.ratio for row in rows)
    bar = Bar(
        "A hundred more rules", f"less than {CUSTOM} times", f"{worst:.2f} times", worst < CUSTOM
    )
    head = (
        "20 kB, to scrub", "first sight", "with 100 more", "steady", "with 100 more", "times",
    )  # fmt: skip
    body = tuple(
        (
            row.amount,
            *map(_ms, (row.first, row.first_more, row.steady, row.steady_more)),
            f"{row.ratio:.2f}",
        )
        for row in rows
    )
    return Section("A hundred more rules", _ABOUT_CUSTOM, (bar,), (Table(head, body),))


def adversarial_section(rows: Sequence[Adversarial], size: int) -> Section:
    """Return what documents cost that were made to be slow, slowest first."""
    worst = max((row.times for row in rows if row.outcome == "accepted"), default=0.0)
    dropped = max((row.times for row in rows if row.outcome != "accepted"), default=0.0)
    bar = Bar(
        f"Slowest document made to be slow, {size:,} bytes, against a normal one",
        f"at most {ADVERSARIAL} times, or dropped",
        f"{worst:.1f} times; dropped after {dropped:.1f}",
        worst <= ADVERSARIAL,
    )
    body = tuple(
        (row.name, _ms(row.seconds), f"{row.times:.1f}", row.outcome.partition(":")[0])
        for row in rows
    )
    table = Table(("made of", "ms", "times a normal one", "outcome"), body)
    return Section("Documents made to be slow", _ABOUT_ADVERSARIAL, (bar,), (table,))


def _ms(seconds: float) -> str:
    milliseconds = seconds * 1e3
    return f"{milliseconds:.1f}" if milliseconds >= 10 else f"{milliseconds:.2f}"


def _times_faster(ratio: float) -> str:
    return f"{ratio:.1f}" if ratio >= 10 else f"{ratio:.2f}"
