"""Whether work is linear in size: an envelope is made longer, and lines of Python are counted.

Law of this file: what is counted is deterministic (`tests.work`), never a time.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from tests.fuzz import tally
from tests.fuzz.oracles import hold
from tests.system import captured
from tests.work import work

MOST: Final = 2.6
"""Times the work may grow when the input doubles; 2 is linear, 4 a square."""
_FLOOR: Final = 5_000
"""Lines of Python that do not count: what every document takes once."""
_TIMES: Final = 16
_DEEPEST: Final = 60


def linear(data: bytes, run: Callable[[bytes], object]) -> None:
    """Hold that work at most doubles with its texts, and with what stands in a list.

    Args:
        data: an envelope; one that the tests' reader cannot read is left alone.
        run: what works on it; it must remember nothing of an earlier run.

    Raises:
        Broken: it grows faster.
    """
    try:
        head, items = data.partition(b"\n")[0], list(captured.read_items(data))
    except (ValueError, KeyError, TypeError):
        return
    if not all(isinstance(item.header, dict) for item in items):
        return
    for name, longer in (("texts", _longer_texts), ("lists", _longer_lists)):
        made = [_written(head, items, longer, times) for times in (_TIMES, 2 * _TIMES)]
        once, twice = (work(partial(run, one)) for one in made)
        tally.note("growth", name)
        hold("work is linear in size", twice <= MOST * once + _FLOOR, (name, once, twice))


def _written(head: bytes, items: list[captured.Item], longer: Any, times: int) -> bytes:
    lines = [head]
    for item in items:
        document = item.document
        if isinstance(document, dict):
            payload = json.dumps(longer(document, times)).encode()
        else:
            payload = item.payload * times
        lines += [json.dumps({**item.header, "length": len(payload)}).encode(), payload]
    return b"\n".join(lines)


def _longer_lists(document: dict[str, Any], times: int) -> Any:
    return {**document, "extra": {"many": [document] * times}}


def _longer_texts(value: Any, times: int, levels: int = _DEEPEST) -> Any:
    match value:
        case str():
            return value * times
        case dict() if levels:
            return {key: _longer_texts(one, times, levels - 1) for key, one in value.items()}
        case list() if levels:
            return [_longer_texts(one, times, levels - 1) for one in value]
        case _:
            return value
