"""The page docs/canary.md: what a run of the whole matrix has tried, and what it found."""
# ruff: noqa: E501 - lines of the page

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.system.canary_run import Result


def table(head: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> str:
    """Write a table of Markdown; numbers stand right."""
    made = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *made))


def page(results: list[Result], control: set[str], seed: int) -> str:
    """Write the page with the figures of a run."""
    tried = sum(sum(one.tried.values()) for one in results)
    leaks = sum(len(one.leaks) for one in results)
    names = sorted({name for one in results for name in one.tried} - {"none"})
    columns = [(one.backend, one.workers) for one in results if "none" in one.tried]
    cells = {(one.backend, one.workers): one for one in results if "none" in one.tried}
    broken = [one for one in results if "none" not in one.tried]

    def of_path(name: str) -> tuple[Any, ...]:
        own = [cells[column].tried[name] or "–" for column in columns]
        more = sum(one.tried[name] for one in broken)
        return (name, *(own if not more else [more, *["–"] * (len(own) - 1)]))

    heads = tuple(f"{backend}, {workers}" for backend, workers in columns)
    found = Counter(leak.place.partition(":")[0] for one in results for leak in one.leaks)
    searched = Counter[str]()
    for one in results:
        searched.update(one.searched)  # a sum would leave out what was empty
    kinds = sum((one.kinds for one in results), Counter[str]())
    places = sum((one.places for one in results), Counter[str]())
    return TEMPLATE.format(
        tried=f"{tried:,}",
        leaks=leaks,
        cores=sum(len(one.cores) for one in results),
        kinds_count=len(kinds),
        places_count=len(places),
        paths_count=len(names),
        seed=seed,
        control=len(control),
        paths=table(
            ("error path", *heads),
            iter([of_path("none"), *map(of_path, names)]),
        ),
        searched=table(
            ("place", "bytes", "found"),
            ((n, c, found[n]) for n, c in sorted(searched.items())),
        ),
        kinds=", ".join(f"{name} ({count:,})" for name, count in sorted(kinds.items())),
    )


TEMPLATE = """\
# The canary test

A secret of each kind that no other text holds is put into every field, header, name and encoding, and into every
way for a request or the relay to fail, against the running program with `--debug`, in every spool, with one worker
and with two where several can share it. Then everything is searched for it, in every spelling: while the relay runs and after. The client
connects from an address of its own, which is looked for too.

**{tried} secrets were sent, {leaks} found; {cores} core files, or limits that would allow one.** {kinds_count} kinds,
{places_count} places, {paths_count} error paths. Seed {seed}.

`make test` runs a slice of it, drawn afresh, in which each kind, place, path and spool stands at least once. The whole, which
writes this page:

```sh
.venv/bin/python -m tests.system.canary
```

`--seed` with the number above draws the same secrets and places again; without it the seed is another each time, and is
printed first.

## Secrets that were sent, by error path, spool and number of workers

{paths}

`none` are requests that are well: every place of an event, keys as well as values; envelope and item headers; items of every
kind; HTTP headers, their names, credentials; paths and queries; names of files; forms; bodies in gzip, deflate, br, zstd and
chunks; values in percent, base64, hex, JSON in JSON, full width, escapes, UTF-16. A secret counts once it was seen in what went over the wire.

## Where it was searched

{searched}

`processes` are titles, arguments, environment, names of threads and of open files, and files that were removed but are open. A search
that cannot find proves nothing, so a test plants a secret by hand into each of these places, and it is found. A relay with one rule that does
nothing let secrets of {control} places through, of the same requests, so that it is the rules, and the lists of what may go on, that stop them.

## Kinds, and how many of each

{kinds}

## Left out, by name

| what | why |
| --- | --- |
| what [passes](../THREAT_MODEL.md#what-passes) | it is documented to pass: names of people and phone numbers in free text, bare secrets without a form or a key, Groestlcoin, `.eth` names without a word before them |
| kinds that only a key tells, in places that have no key | a label or an amount is a word like others; under its key it is tried |
| four numbers in `release` and in versions of SDKs, eight hex digits in `fingerprint` | these fields hold versions and hashes |
| the memory of processes, and packets on the network | what is under way is in memory; TLS is the operator's |
| a cut in the middle of an identifier | the [benchmarks](benchmarks.md) measure it |
"""
