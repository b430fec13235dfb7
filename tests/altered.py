"""Documents with one place altered each: what a schema and a reader have to agree about."""

import copy
from collections.abc import Iterable, Iterator
from typing import Any


def spots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each map or list of a document with each key or index in it."""
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    for key in list(keys):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from spots(value[key])


def mutants(base: Any, values: Iterable[Any]) -> Iterator[Any]:
    """Yield copies with one value taken away or exchanged, or one key too many."""
    for index, _ in enumerate(spots(base)):
        for change in ("gone", "unknown", *values):
            other = copy.deepcopy(base)
            holder, key = list(spots(other))[index]
            if change == "gone":
                del holder[key]
            elif change == "unknown":
                if not isinstance(holder, dict):
                    continue
                holder["surplus"] = 1
            else:
                holder[key] = change
            yield other
