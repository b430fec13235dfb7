"""Events of 2 kB to 1 MB with much, little or nothing to scrub, made of captured ones alone.

The two small ones are what an SDK sent. The large ones are the second of them with the breadcrumbs
and the frames, half of either, of all other captured events of Suite's platforms (Electron, the
browser, node). When these are used up they come again as somebody else's: other identifiers, times
and numbers, and in each sentence another word, so that distinct texts grow with the size as they do
in reality. Everything is drawn from fixed seeds: the same events every time.
"""

import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.variants import variant
from relay import jsonio
from relay.errors import RelayError
from relay.protocol.envelope import parse

SAMPLES = Path(__file__).parent.parent / "tests" / "samples"
SMALL = "electron-4.24.0/renderer-then-main-error-01.bin"
MEDIUM = "electron-4.24.0/main-exception-nested-01.bin"
PLATFORMS = ("electron-4.24.0", "browser-11.12.0", "node-11.12.0")
SIZES = {"2 kB": 0, "20 kB": 0, "200 kB": 200_000, "1 MB": 1_000_000}
AMOUNTS = ("much", "little", "nothing")
LITTLE = 20
"""Where there is little to scrub, one piece in so many is as it was sent, the others are clean."""
FRAMES = 50
"""How many frames SDKs send of one stack."""

Json = dict[str, Any]
Scrub = Callable[[bytes], bytes]


def captured(path: str) -> Json:
    """Return the event in a captured envelope."""
    event: Json = jsonio.loads(parse((SAMPLES / path).read_bytes()).items[0].payload)
    return event


def event_of(size: str, amount: str, scrub: Scrub) -> bytes:
    """Return one of the events as JSON; `scrub` takes out what shall not be there."""
    event = captured(SMALL if size == "2 kB" else MEDIUM)
    if amount != "much":
        event = _cleaned(event, scrub)
    if amount == "little":
        event["user"] = {"id": "1234567", "email": "jane.doe@example.com"}
    return jsonio.dumps(_grown(event, SIZES[size], amount, scrub))


def _cleaned(event: Json, scrub: Scrub) -> Json:
    clean: Json = jsonio.loads(scrub(jsonio.dumps(event)))
    clean.pop("_meta", None)
    return clean


def _grown(event: Json, size: int, amount: str, scrub: Scrub) -> Json:
    """Return the event with breadcrumbs and stacks of other ones, up to `size` bytes."""
    missing = size - len(jsonio.dumps(event))
    if missing <= 0:
        return event
    half = missing // 2
    crumbs, frames = (_more(kind, half, amount, scrub) for kind in ("breadcrumbs", "frames"))
    stacks = [frames[start : start + FRAMES] for start in range(0, len(frames), FRAMES)]
    threads = [{"id": n, "stacktrace": {"frames": stack}} for n, stack in enumerate(stacks)]
    return {
        **event,
        "breadcrumbs": event.get("breadcrumbs", []) + crumbs,
        "threads": {"values": threads},
    }


def _more(kind: str, size: int, amount: str, scrub: Scrub) -> list[Json]:
    """Return pieces of a kind, `size` bytes of them, with so much to scrub in them."""
    made: list[Json] = []
    for number, original in enumerate(_pieces(kind)):
        piece = original
        if amount == "nothing" or (amount == "little" and number % LITTLE):
            piece = _cleaned({kind: [piece]}, scrub)[kind][0]
        size -= len(jsonio.dumps(piece)) + 1
        if size < 0:
            break
        made.append(piece)
    return made


def _pieces(kind: str) -> Iterator[Json]:
    """Give the breadcrumbs or frames of all captured events, then others' such, without end."""
    for round_ in count():
        chance = random.Random(round_)
        for text in _captured_pieces()[kind]:
            if round_:
                piece = jsonio.loads(variant(text, chance).encode())
                yield {key: _reworded(value, chance) for key, value in piece.items()}
            else:
                yield jsonio.loads(text.encode())


@cache
def _captured_pieces() -> dict[str, tuple[str, ...]]:
    """Every breadcrumb and frame that was captured, each once, in the order of the files' names."""
    crumbs: dict[str, None] = {}
    frames: dict[str, None] = {}
    for path in sorted(path for name in PLATFORMS for path in (SAMPLES / name).glob("*.bin")):
        for event in _events(path):
            listed = event.get("breadcrumbs", [])
            for crumb in listed if isinstance(listed, list) else listed["values"]:
                crumbs[jsonio.dumps(crumb).decode()] = None
            for exception in event.get("exception", {}).get("values", []):
                for frame in exception.get("stacktrace", {}).get("frames", []):
                    frames[jsonio.dumps(frame).decode()] = None
    return {"breadcrumbs": tuple(crumbs), "frames": tuple(frames)}


def _events(path: Path) -> Iterator[Json]:
    """Give the events of a captured request; compressed ones and other kinds are passed over."""
    try:
        items = parse(path.read_bytes()).items
    except RelayError:
        return
    for item in items:
        if item.kind == "event":
            yield jsonio.loads(item.payload)


_WORD = re.compile(r"\b[a-z]{4,9}\b")


def _reworded(value: Any, chance: random.Random) -> Any:
    """Return the value with one word of each sentence in it swapped for another."""
    if isinstance(value, dict):
        return {key: _reworded(inner, chance) for key, inner in value.items()}
    if isinstance(value, list):
        return [_reworded(inner, chance) for inner in value]
    if not isinstance(value, str) or " " not in value:
        return value
    words = list(_WORD.finditer(value))
    if not words:
        return value
    found = chance.choice(words)
    return value[: found.start()] + chance.choice(_vocabulary()) + value[found.end() :]


@cache
def _vocabulary() -> tuple[str, ...]:
    """Every plain word in the captured pieces, once."""
    texts = (text for kind in _captured_pieces().values() for text in kind)
    return tuple(sorted({word for text in texts for word in _WORD.findall(text)}))
