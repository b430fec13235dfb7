"""The limits that processes on one SQLite spool tell each other."""

from collections.abc import Sequence
from typing import Final

from relay.limit_memory import KeyLimit
from relay.protocol.enforcement import Limit
from relay.protocol.rate_limits import Scope
from relay.spool.queries import FORGET_ENDED, FORGET_OVER, IN_FORCE, LEARN
from relay.spool.tables import Tables

MAX_LIMITS: Final = 10_000
"""So many are kept, those that end last; a catch-all could bring any number."""

_SCOPES: Final = frozenset(scope.value for scope in Scope)


def learn_limits(tables: Tables, learned: Sequence[KeyLimit], now: float) -> None:
    """Keep limits, the longer one of two; forget what has ended."""
    db = tables.db
    db.executemany(LEARN, [_row(one) for one in learned])
    db.execute(FORGET_ENDED, (now,))
    db.execute(FORGET_OVER, (MAX_LIMITS,))


def read_limits(tables: Tables, now: float) -> Sequence[KeyLimit]:
    """Return those in force, those left out that cannot be ours."""
    return [
        KeyLimit((upstream, key), Limit(until, category, Scope(scope), reason, namespace))
        for upstream, key, category, namespace, scope, reason, until in tables.db.execute(
            IN_FORCE, (now,)
        )
        if scope in _SCOPES
    ]


def _row(one: KeyLimit) -> tuple[str, str, str, str, str, str, float]:
    limit = one.limit
    return (
        *one.where,
        limit.category,
        limit.namespace,
        limit.scope.value,
        limit.reason.encode("utf-8", "replace").decode(),
        limit.until,
    )
