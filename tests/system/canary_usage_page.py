"""The part of docs/canary.md about usage events: what a run has tried, and what it found."""
# ruff: noqa: E501 - lines of the page

from collections import Counter

from tests.system.canary_page import table
from tests.system.canary_run import WELL, Result

BEGIN = "<!-- usage events: python -m tests.system.canary --usage -->\n"
END = "<!-- end of usage events -->\n"


def usage_part(results: list[Result], seed: int) -> str:
    """Write the part, with its marks."""
    names = [WELL, *sorted({name for one in results for name in one.tried} - {WELL})]
    heads = tuple(f"{one.backend}, {one.workers}" for one in results)
    found = Counter(leak.place.partition(":")[0] for one in results for leak in one.leaks)
    searched = Counter[str]()
    for one in results:
        searched.update(one.searched)  # a sum would leave out what was empty
    places = {place for one in results for place in one.places}
    return TEMPLATE.format(
        begin=BEGIN,
        end=END,
        tried=f"{sum(sum(one.tried.values()) for one in results):,}",
        leaks=sum(len(one.leaks) for one in results),
        cores=sum(len(one.cores) for one in results),
        places=len(places),
        seed=seed,
        paths=table(
            ("error path", *heads),
            iter([(name, *(one.tried[name] or "–" for one in results)) for name in names]),
        ),
        searched=table(
            ("place", "bytes", "found"),
            ((name, count, found[name]) for name, count in sorted(searched.items())),
        ),
    )


def with_usage(page: str, part: str) -> str:
    """Return a page with another part about usage events; at its end where it had none."""
    head, _, rest = page.partition(BEGIN)
    tail = rest.partition(END)[2]
    return head + (part if rest else "\n" + part) + tail


def part_of(page: str) -> str:
    """Return the part that a page has; empty if it has none."""
    _, begin, rest = page.partition(BEGIN)
    part, end, _ = rest.partition(END)
    return begin + part + end


TEMPLATE = """\
{begin}
## Usage events

The same for [usage events](usage.md), in runs of their own: a secret as the value and as the name of each parameter, in every field that an
event has, in segments of the path, headers and their names, in encodings, in queries that nobody can read, in decisions to opt out, and in events without consent; ids of
instances, sessions and messages as Suite draws them, ten letters and digits, are looked for as well. Then the store goes away and the spool fills; all processes are
killed with events on their way; and an object that is none stands in the store. At the end the sets for analysis are made, and each command is asked.

**{tried} secrets and ids were sent, {leaks} found; {cores} core files, or limits that would allow one.** {places} places. Seed {seed}.

{paths}

{searched}

A word that an attribute may say was sent beside them, and was found in the sets, which are made of the objects: they were read. `make test` runs a slice in one spool, drawn afresh; the whole is
`pytest -m long tests/system/test_usage_canary.py`, or, with this page,

```sh
.venv/bin/python -m tests.system.canary --usage
```
{end}"""
