"""What was measured of the running relay, as sections of docs/load.md, with the aims of each."""

from collections.abc import Mapping

from benchmarks.load import recovery as recovering
from benchmarks.load.kills import Kills
from benchmarks.load.latency import Latency
from benchmarks.load.memory import Footprint
from benchmarks.load.processes import Memory
from benchmarks.load.recovery import Recovery
from benchmarks.load.reload import Changed
from benchmarks.load.throughput import Cost
from benchmarks.load.workers import Saturated, Workers
from benchmarks.report import NOT_MEASURED, Bar, Section, Table

RATIO, WORKERS = 2.0, 1.8
IDLE, LOADED = 150, 400
"""MiB."""
_MIB = 2**20

_ABOUT_THROUGHPUT = """\
User and system time of the relay's process, all its threads and children, over the envelopes of a
round: received on 16 connections, scrubbed, on disk, sent on, settled, until the last event has
arrived. The pass-through is a bare aiohttp server on the same loop that takes the body, posts it
to the same upstream with aiohttp's client, and answers; it has the same load in turn, round after
round, and medians are compared. The Rust scrubber is Sentry's own with its *generous* ten rules,
alone, without any server, spool or network, for the same events, net of parsing its rules. Every
envelope is another user's variant of the captured event, under an id of its own; *much* is as it
was captured, with everything in it that could be planted, *little* one piece in twenty."""

_ABOUT_WORKERS = """\
Clients and upstream need CPU time too, and here they have no third core. So envelopes a second
are counted for each core that the relay could have: seconds of a core in which nobody else was
busy, its idle ones included. One worker is held on the first core, all else on the second; two
workers have both and share them with all else. A worker that waits for the other leaves a core
idle, which counts against it; what clients take does not. *Times* is twice the figure of two over
that of one. *Plain* is the ratio of the rates alone, where the load is charged to the two workers
only."""

_ABOUT_LATENCY = """\
Envelopes are due at even intervals, at half of the rate that the relay took with 16 clients that
never rest; each one's time runs from when it was due until its answer, so that a stall is charged
with all that it keeps waiting. Then the same again while another client sends envelopes with a log
of 50 MB as their attachment, one after the other without a pause; one that is under way at the end
is waited for, but not for ever. Clients, upstream and the relay share the machine's cores."""

_ABOUT_RELOAD = """\
The rules that ship, and two more that write the number of their set into each event; a whole set is
exchanged, verified with its examples and taken up by two workers, again and again. Envelopes of 20
kB are due at even intervals, each one's time runs from when it was due."""

_ABOUT_MEMORY = """\
Of all processes of the relay together, the largest of ten readings a second. PSS: pages of its
own, and its share of those that it shares; RSS counts shared pages for each process. The large
envelopes come from as many clients at one time; every one must be answered with 200."""

_ABOUT_KILLS = """\
SIGKILL for every process of the relay at a random moment, up to a second after each start, while
16 clients send without rest and the upstream takes 50 ms; then it starts again on the same spool.
What a client got a 200 for is accepted, and must arrive. What was on its way when the kill came
arrives twice."""

_ABOUT_JETSTREAM = """\
Two relays share one stream with three copies on a cluster of three NATS servers. Each kill is
SIGKILL of one of the five at a random moment; clients send to one of the relays, and the rest is
as above."""

_ABOUT_RECOVERY = """\
The upstream is away until so many envelopes wait; then it listens again, and new ones go on
coming. The first arrives when a retry is due. *Displaced* is how many places one was away, at
most, from its place in the order in which those that waited were accepted."""


def throughput_section(costs: tuple[Cost, ...]) -> Section:
    """Return what an envelope costs."""
    bars = []
    for cost in costs:
        if cost.event.size == "20 kB":
            name = f"CPU time for an envelope, 20 kB, {cost.event.amount} to scrub"
            bars += [
                Bar(
                    f"{name}, against a bare pass-through",
                    f"at most {RATIO} times",
                    f"{cost.ratio:.1f} times",
                    cost.ratio <= RATIO,
                ),
                Bar(
                    f"{name}, against Sentry's Rust scrubber alone",
                    "less",
                    f"{cost.relay / cost.peer:.2f} times",
                    cost.relay < cost.peer,
                ),
            ]
    head = (
        "event", "to scrub", "bytes", "relay, ms", "least", "most", "pass-through, ms", "times",
        "Rust scrubber, ms", "times", "envelopes a second and core", "bytes upstream",
    )  # fmt: skip
    rows = tuple(
        (
            cost.event.size,
            cost.event.amount,
            f"{cost.bytes:,}",
            *(_ms(seconds) for seconds in (cost.relay, *cost.spread, cost.passing)),
            f"{cost.ratio:.1f}",
            _ms(cost.peer),
            f"{cost.relay / cost.peer:.2f}",
            f"{1 / cost.relay:,.0f}",
            f"{cost.wire:,.0f}",
        )
        for cost in costs
    )
    return Section("CPU time for an envelope", _ABOUT_THROUGHPUT, tuple(bars), (Table(head, rows),))


def workers_section(found: Workers | None) -> Section:
    """Return what a second worker brings."""
    measured = f"{found.speedup:.2f} times" if found else NOT_MEASURED
    bar = Bar(
        "Two workers on two cores against one on one",
        f"at least {WORKERS} times",
        measured,
        found.speedup >= WORKERS if found else None,
    )
    if found is None:
        return Section("Two workers", _ABOUT_WORKERS, (bar,))
    head = ("workers", "envelopes a second", "cores it could have", "cores it used", "a core")
    rows = tuple(
        _saturated_row(name, one) for name, one in (("one", found.one), ("two", found.two))
    )
    ratios = Table(("times", "plain"), ((f"{found.speedup:.2f}", f"{found.plain:.2f}"),))
    return Section("Two workers", _ABOUT_WORKERS, (bar,), (Table(head, rows), ratios))


def _saturated_row(name: str, one: Saturated) -> tuple[str, ...]:
    return (
        name,
        f"{one.rate:,.0f}",
        f"{one.available:.2f}",
        f"{one.used:.2f}",
        f"{one.rate_per_core:,.0f}",
    )


def latency_section(found: Latency) -> Section:
    """Return how long clients wait."""
    head = ("", "a second", "p50, ms", "p90, ms", "p99, ms", "most, ms", "answers")
    rows = tuple(
        (
            name,
            f"{found.rate:,.0f}",
            *(_ms(one.percentile(share)) for share in (0.5, 0.9, 0.99, 1.0)),
            _answers(one.statuses),
        )
        for name, one in (
            ("alone", found.quiet),
            (f"beside uploads of {found.upload_bytes / 1e6:,.0f} MB", found.beside),
        )
    )
    about = (
        f"It took {found.saturated:,.0f} a second at most. The uploads: {_answers(found.uploads)}."
    )
    return Section("Latency", f"{_ABOUT_LATENCY}\n\n{about}", tables=(Table(head, rows),))


def reload_section(found: Changed) -> Section:
    """Return what a change of the rules costs those who send meanwhile."""
    head = ("", "answers", "p50, ms", "p90, ms", "p99, ms", "most, ms")
    rows = tuple(
        (
            name,
            _answers(one.statuses),
            *(_ms(one.percentile(share)) for share in (0.5, 0.9, 0.99, 1.0)),
        )
        for name, one in (("no change", found.quiet), ("while rules change", found.changing))
    )
    about = (
        f"Rules changed {found.changes} times, and were taken up {found.accepted} times; "
        f"{found.arrived:,} of {found.sent:,} events arrived, and {found.mixed} were scrubbed with "
        f"parts of two sets. It took {max(found.took):.1f} s at most until all workers used a set."
    )
    return Section("Rules that change", f"{_ABOUT_RELOAD}\n\n{about}", tables=(Table(head, rows),))


def memory_section(found: Footprint) -> Section:
    """Return what it takes of memory."""
    all_taken = set(found.statuses) == {"200"}
    bars = (
        _memory_bar("Memory, idle", found.idle, IDLE),
        _memory_bar(
            f"Memory, {found.clients} clients with a 1 MB envelope at once",
            found.large,
            LOADED,
            and_=all_taken,
            answers=_answers(found.statuses),
        ),
        _memory_bar(f"Memory, {found.stored:,} envelopes in the spool", found.full, LOADED),
    )
    rows = tuple(
        (name, _mib(memory.pss), _mib(memory.rss))
        for name, memory in (
            ("idle, just started", found.idle),
            ("idle, after some events", found.used),
            (f"{found.clients} clients, {found.large_bytes:,} bytes each", found.large),
            (f"{found.stored:,} come and wait", found.full),
            ("started with these in the spool", found.start),
        )
    )
    answers = f"The large envelopes were answered: {_answers(found.statuses)}."
    return Section(
        "Memory",
        f"{_ABOUT_MEMORY}\n\n{answers}",
        bars,
        (Table(("", "PSS, MiB", "RSS, MiB"), rows),),
    )


def _memory_bar(
    what: str, memory: Memory, most: int, *, and_: bool = True, answers: str = ""
) -> Bar:
    return Bar(
        what,
        f"under {most} MiB" + (", all answered with 200" if answers else ""),
        f"{_mib(memory.pss)} MiB" + (f"; {answers}" if answers else ""),
        memory.pss < most * _MIB and and_,
    )


def kills_section(found: Kills, name: str) -> Section:
    """Return what was lost."""
    bar = Bar(
        f"Lost of what was accepted, {found.kills} kills under load, {name}",
        "none",
        f"{found.lost} of {found.accepted:,}; {found.twice} came twice",
        found.lost == 0,
    )
    head = ("kills", "accepted", "lost", "came twice", "no answer", "refused", "seconds")
    row = (
        f"{found.kills}",
        f"{found.accepted:,}",
        f"{found.lost}",
        f"{found.twice}",
        f"{found.broken:,}",
        f"{found.refused:,}",
        f"{found.seconds:,.0f}",
    )
    about = _ABOUT_KILLS if name == "SQLite" else _ABOUT_JETSTREAM
    return Section(f"Kills, {name}", about, (bar,), (Table(head, (row,)),))


def recovery_section(found: Recovery) -> Section:
    """Return how an outage ends."""
    bar = Bar(
        f"Lost after an outage with {found.waiting:,} waiting",
        "none, in order",
        f"{found.lost}; displaced by {found.displaced}",
        found.lost == 0 and found.displaced <= recovering.IN_ORDER,
    )
    head = (
        "waited", "first after, s", "all after, s", "a second", "displaced", "order",
        "came twice", "new ones accepted", "p99 of those, ms", "until they arrived, s",
        "bytes on disk each",
    )  # fmt: skip
    row = (
        f"{found.waiting:,}",
        f"{found.first:.1f}",
        f"{found.seconds:.1f}",
        f"{found.rate:,.0f}",
        f"{found.displaced:,}",
        "newest first" if found.newest_first else "oldest first",
        f"{found.twice}",
        f"{len(found.fresh.accepted):,}",
        _ms(found.fresh.percentile(0.99)),
        f"{found.fresh_delay:.1f}",
        f"{found.disk:,.0f}",
    )
    return Section("After an outage", _ABOUT_RECOVERY, (bar,), (Table(head, (row,)),))


def failed_section(name: str, why: str) -> Section:
    """Return a section for what could not be measured, which says why."""
    bar = Bar(f"Under load: {name}", "measured", NOT_MEASURED, reached=None)
    return Section(name.capitalize(), f"Not measured: {why}", (bar,))


def _answers(statuses: Mapping[str, int]) -> str:
    return (
        ", ".join(f"{count:,} with {status}" for status, count in sorted(statuses.items()))
        or "none"
    )


def _mib(count: int) -> str:
    return f"{count / _MIB:,.0f}"


def _ms(seconds: float) -> str:
    milliseconds = seconds * 1e3
    return f"{milliseconds:,.1f}" if milliseconds >= 10 else f"{milliseconds:.2f}"
