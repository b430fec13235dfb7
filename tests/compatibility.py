"""Writes docs/compatibility.md: what becomes of what each SDK sends, and how consent reaches it.

    python -m tests.compatibility > docs/compatibility.md

Law of this file: nothing is written by hand that could be seen. The captured requests go through
the running relay, and its metrics say what became of each item; what live SDKs are held to stands
in tests/system/live_expectations.py.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.system.captured import OWN_ACT, SAMPLES, Channels, Sample, load
from tests.system.running import Client, project, running

LIVE = "tests.system.live_expectations"

NAMED = Channels(
    "X-Trezor-Consent", "allow_report", flags=("coinjoinReport",), prefix="consent-yes"
)
"""The names under which the captured requests carry consent."""

CHANNELS = {
    "the tag": "tag",
    "the HTTP header": "HTTP header",
    "the envelope header": "envelope header",
    "the URL": "URL of the tunnel",
    "the path prefix": "path of the DSN",
    "own act": "the user's own act",
}

INTRO = """\
# Compatibility

What becomes of what SDKs send, kind by kind. This page is made by `python -m tests.compatibility`:
from requests that real SDKs have sent ([samples](../tests/samples/README.md)), played to a running
relay with its default policies, and from what the system tests hold live SDKs to. A test keeps it
equal to what comes out.

`scrubbed` has gone on, clean; the number says how many items of the kind were seen. A word for a
drop is one of the [reasons](metrics.md): `item_policy` is a kind, or a form of it, that does not go
on by default (recordings of replays, minidumps, pictures).
"""

CONSENT = """
## How consent reaches each kind

Which captured requests carried their consent in which way, so that the item went on. A kind that is
not in a column was not captured so, which is no proof that it cannot be. What each way is, and what
a client writes for it: [consent](consent.md).
"""


def outcomes(samples: Iterable[Sample]) -> dict[str, Counter[tuple[str, str]]]:
    """Send captured requests to a relay that asks nobody for consent.

    Returns:
        By name of a sample, how many items of which kind went on, or why they did not.
    """
    config = {"projects": [project("file:./inbox", consent={"required": False})]}
    found: dict[str, Counter[tuple[str, str]]] = {}
    with (
        TemporaryDirectory() as folder,
        running(Path(folder) / "relay", config) as relay,
    ):
        client = Client(relay.port)
        before: Counter[tuple[str, ...]] = Counter()
        for sample in samples:
            path = sample.path.replace(f"/{NAMED.prefix}/", "/consented/")
            client.send(sample.method, path, sample.headers, sample.body)
            after = relay.count("relay_items_total")
            found[sample.name] = Counter({(k, r): n for (k, r), n in (after - before).items()})
            before = after
        client.close()
    return found


def page() -> str:
    """The whole page."""
    samples = [sample for sample in load(SAMPLES) if sample.method == "POST"]
    return "".join((INTRO, _captured(samples), _live(), CONSENT, _consent(samples)))


def _captured(samples: list[Sample]) -> str:
    cells: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for name, counts in outcomes(samples).items():
        for (kind, reason), times in counts.items():
            cells[kind][_sdk(name)][reason] += times
    sdks = sorted({_sdk(sample.name) for sample in samples})
    rows = [[f"`{kind}`", *(_cell(cells[kind][sdk]) for sdk in sdks)] for kind in sorted(cells)]
    return "\n## Captured requests\n\n" + _table(["kind", *map(_spaced, sdks)], rows)


def _cell(counts: Mapping[str, int]) -> str:
    found = [("scrubbed" if r == "accepted" else f"`{r}`", n) for r, n in sorted(counts.items())]
    return ", ".join(f"{word} {times}" for word, times in found)


def _live() -> str:
    """What live SDKs are held to: by SDK, by kind, `scrubbed` or `dropped: ` with the reason."""
    live: Mapping[str, Mapping[str, str]] = {}
    if find_spec(LIVE) is not None:
        live = import_module(LIVE).LIVE
    if not live:
        return ""
    kinds = sorted({kind for outcomes in live.values() for kind in outcomes})
    rows = [[f"`{kind}`", *(_outcome(live[sdk].get(kind, "")) for sdk in live)] for kind in kinds]
    told = (
        "\n## Live SDKs\n\nWhat the system tests hold each of them to, when it runs. "
        "Behind the tunnel the project has recordings\nof replays scrubbed; "
        "elsewhere they are dropped, as by default.\n\n"
    )
    return told + _table(["kind", *live], rows)


def _outcome(text: str) -> str:
    dropped, _, reason = text.partition("dropped: ")
    return f"`{reason}`" if reason else dropped


def _consent(samples: list[Sample]) -> str:
    cells: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for sample in samples:
        for kind, channel in _carried(sample):
            cells[kind][channel].add(_sdk(sample.name).rpartition("-")[0] or sample.name[:8])
    rows = [
        [f"`{kind}`", *(", ".join(sorted(cells[kind][channel])) for channel in CHANNELS)]
        for kind in sorted(cells)
    ]
    return "\n" + _table(["kind", *CHANNELS.values()], rows)


def _carried(sample: Sample) -> Iterator[tuple[str, str]]:
    """Each kind of item that a request brings through, with each channel that carries it."""
    sources = {source for source, granted in sample.evidence(NAMED) if granted}
    for kind, reason in sample.expected(NAMED).items:
        if reason == "accepted":
            if not sources and kind in OWN_ACT:
                yield kind, "own act"
            yield from ((kind, source) for source in sources)


def _sdk(name: str) -> str:
    return name.partition("/")[0]


def _spaced(sdk: str) -> str:
    return sdk.replace("-", " ") if not sdk.startswith("sentry-cli") else "sentry-cli " + sdk[11:]


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(page())
