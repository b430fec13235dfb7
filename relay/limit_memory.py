"""What upstreams have said about limits, by upstream, key, category and namespace.

Law of this file: pure; the time is an argument. The longer of two limits wins, what has ended is
not seen any more, and there is a bound to everything. Written on one thread, read on any.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Final

from relay.protocol.enforcement import NO_LIMITS, KnownLimits, Limit, held_until
from relay.protocol.rate_limits import (
    ALL,
    HEADER,
    MAX_SECONDS,
    METRIC_BUCKET,
    UNKNOWN,
    RateLimit,
    limits_of_answer,
)

MAX_KEYS: Final = 10_000
"""So many keys are remembered; a catch-all could bring any number."""

MAX_NAMESPACES: Final = 32
"""So many namespaces of a key are remembered; there are five."""

MAX_LEARNED: Final = 10_000
"""So many limits are kept to be told to others; what was learned first gives way."""

LimitKey = tuple[str, str]
"""An upstream's name, and the public key there."""


@dataclass(frozen=True, slots=True)
class KeyLimit:
    """A limit and the key that it holds for: what relays tell each other."""

    where: LimitKey = field(repr=False)
    limit: Limit


FindKey = Callable[[str, str], LimitKey | None]
"""(project, public key) of a client -> where they lead; None if they are not known."""


def ignore_limit(limit: Limit) -> None:
    """Count nothing."""
    del limit


class LimitMemory:
    """Remembers limits. Keys are asked for by the client's words, and kept by the upstream's."""

    def __init__(self, find_key: FindKey, on_learn: Callable[[Limit], None] = ignore_limit) -> None:
        """Set up.

        Args:
            find_key: tells where a client's project and key lead.
            on_learn: told of every limit that is new or longer than what was known.
        """
        self._find_key = find_key
        self._on_learn = on_learn
        self._known: dict[LimitKey, KnownLimits] = {}
        self._learned: dict[tuple[LimitKey, str, str], KeyLimit] = {}

    @property
    def keys(self) -> int:
        """How many keys something is remembered of."""
        return len(self._known)

    def learn(
        self, project: str, key: str, status: int, headers: Mapping[str, str], now: float
    ) -> None:
        """Take in an answer to a client's project and key; header names are in lower case."""
        if status < HTTPStatus.BAD_REQUEST and HEADER not in headers:
            return  # as nearly all are
        limits = limits_of_answer(status, headers, now)
        where = self._find_key(project, key) if limits else None
        if where is None:
            return
        single = [one for whole in limits for one in _single(whole, now)]
        for limit in self._take_in(where, single, now):
            self._on_learn(limit)
            self._note((where, limit.category, limit.namespace), KeyLimit(where, limit))

    def take_learned(self) -> Sequence[KeyLimit]:
        """Return what `learn` has taken in since the last call, each at its longest."""
        learned, self._learned = self._learned, {}
        return tuple(learned.values())

    def merge(self, shared: Iterable[KeyLimit], now: float) -> None:
        """Take in what others have learned; it is not given out again.

        No limit holds for longer than a day from now, whatever the others' clocks say.
        """
        latest = now + MAX_SECONDS
        for one in shared:
            limit = replace(one.limit, until=latest) if one.limit.until > latest else one.limit
            known = self._known.get(one.where, NO_LIMITS)
            table = known.by_namespace if limit.namespace else known.by_category
            found = table.get(limit.namespace or limit.category)
            if limit.until > (now if found is None else max(now, found.until)):
                self._take_in(one.where, (limit,), now)

    def known(self, project: str, key: str, now: float) -> KnownLimits:
        """Return what is in force for a client's project and key."""
        if not self._known:
            return NO_LIMITS
        where = self._find_key(project, key)
        known = self._known.get(where) if where is not None else None
        return NO_LIMITS if known is None else _at(known, now)

    def held_until(self, project: str, key: str, categories: tuple[str, ...], now: float) -> float:
        """Return until when an envelope should wait; 0 if it should not."""
        known = self.known(project, key, now)
        return held_until(categories, known) if known else 0.0

    def _take_in(self, where: LimitKey, limits: Sequence[Limit], now: float) -> list[Limit]:
        """Remember limits of a key; return those that are new or longer than what was known."""
        known = _at(self._known.pop(where, NO_LIMITS), now)
        by_category, by_namespace = dict(known.by_category), dict(known.by_namespace)
        news: list[Limit] = []
        for limit in limits:
            table, name = by_category, limit.category
            if limit.namespace:
                table, name = by_namespace, limit.namespace
                if name not in table and len(table) >= MAX_NAMESPACES:
                    continue
            if name not in table or limit.until > table[name].until:
                table[name] = limit
                news.append(limit)
        if by_category or by_namespace:
            self._make_room(now)
            self._known[where] = KnownLimits(by_category, by_namespace)
        return news

    def _note(self, key: tuple[LimitKey, str, str], one: KeyLimit) -> None:
        """Keep a limit to be told to others."""
        self._learned.pop(key, None)
        if len(self._learned) >= MAX_LEARNED:
            del self._learned[next(iter(self._learned))]
        self._learned[key] = one

    def _make_room(self, now: float) -> None:
        if len(self._known) < MAX_KEYS:
            return
        left = {key: at for key, known in self._known.items() if (at := _at(known, now))}
        while len(left) >= MAX_KEYS:
            del left[next(iter(left))]  # the one that was not heard of for longest
        self._known = left


def _single(whole: RateLimit, now: float) -> list[Limit]:
    """Take a limit apart: one for each category, or each namespace of metrics."""
    until = now + whole.seconds
    categories = whole.categories or {METRIC_BUCKET if whole.namespaces else ALL}
    return [
        Limit(until, category, whole.scope, whole.reason, namespace)
        for category in categories
        for namespace in ((whole.namespaces if category == METRIC_BUCKET else None) or ("",))
        if UNKNOWN not in (category, namespace)
    ]


def _at(known: KnownLimits, now: float) -> KnownLimits:
    """Return what of it is in force at a time."""
    tables = (known.by_category, known.by_namespace)
    if all(limit.until > now for table in tables for limit in table.values()):
        return known
    return KnownLimits(*(_in_force(table, now) for table in tables))


def _in_force(table: Mapping[str, Limit], now: float) -> dict[str, Limit]:
    return {name: limit for name, limit in table.items() if limit.until > now}
