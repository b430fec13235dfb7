"""What shadow rules would have redacted in the last hours: counted by rule, path and hour.

Law of this file: pure. In memory alone and bounded: what is over counts under `OTHERS`. Processes
of one relay tell each other in small messages; one that is lost is counted, and no harm.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from relay import jsonio
from relay.scrub.shadow import GIVEN_UP, OTHERS, ShadowHits

HOUR: Final = 3_600
HOURS: Final = 24
PATHS: Final = 500
"""Rules with a path that are told apart in one hour, and paths of a rule that are shown."""

TOLD_SECONDS: Final = 10.0
"""A rule is in use if a process said so within this time."""

_TOGETHER: Final = 60
"""Places in one message: with all that stands beside them they have 64 KiB at most."""


@dataclass(slots=True)
class Counts:
    """Counts of one hour, or of the moment since the last message.

    Attributes:
        hits: by rule and path.
        envelopes: by rule, those in which it would have redacted anything.
    """

    hits: dict[tuple[str, str], int] = field(default_factory=dict, repr=False)
    envelopes: dict[str, int] = field(default_factory=dict)

    def note(self, hits: ShadowHits) -> None:
        """Add what was found in one envelope."""
        self.add(hits.items(), {rule: 1 for rule, path in hits if path != GIVEN_UP})

    def add(self, hits: Iterable[tuple[tuple[str, str], int]], envelopes: dict[str, int]) -> None:
        """Add counts to these."""
        for (rule, path), count in hits:
            place = (rule, path)
            if place not in self.hits and len(self.hits) >= PATHS:
                place = (rule, OTHERS)
            self.hits[place] = self.hits.get(place, 0) + count
        for rule, count in envelopes.items():
            self.envelopes[rule] = self.envelopes.get(rule, 0) + count


def write_messages(
    counts: Counts, *, now: float, rules: Sequence[str], lost: int
) -> Iterator[tuple[bytes, int]]:
    """Write counts as messages.

    Args:
        counts: since the last time.
        now: seconds since the epoch.
        rules: ids of the shadow rules that are in use.
        lost: hits in messages that did not arrive.

    Yields:
        A message, and how many hits it tells of. Nothing if there is nothing to tell.
    """
    if not (counts.hits or rules or lost):
        return
    places = [(rule, path, count) for (rule, path), count in counts.hits.items()]
    about: dict[str, Any] = {"rules": rules, "envelopes": counts.envelopes, "lost": lost}
    for at in range(0, max(1, len(places)), _TOGETHER):
        part = places[at : at + _TOGETHER]
        message = {"hour": int(now // HOUR), "hits": part, **about}
        yield jsonio.dumps(message), sum(count for _, _, count in part)
        about = {}


class ShadowMemory:
    """The counts of the last hours."""

    def __init__(self, since: float) -> None:
        """Begin with none; `since` is now, in seconds since the epoch."""
        self._since = since
        self._hours: dict[int, Counts] = {}
        self._told: dict[str, float] = {}
        self._lost = 0

    def take(self, message: bytes, now: float) -> None:
        """Add what a message of `write_messages` says; anything else is no message."""
        try:
            said = jsonio.loads(message)
            hour = int(said["hour"])
            hits = [((str(rule), str(path)), int(count)) for rule, path, count in said["hits"]]
            envelopes = {str(rule): int(n) for rule, n in said.get("envelopes", {}).items()}
            rules = [str(rule) for rule in said.get("rules", ())]
            lost = int(said.get("lost", 0))
        except (jsonio.JsonError, KeyError, TypeError, ValueError, AttributeError):
            return
        self._told.update(dict.fromkeys(rules, now))
        self._lost += lost
        present = int(now // HOUR)
        if hits and present - HOURS < hour <= present + 1:
            self._hours.setdefault(hour, Counts()).add(hits, envelopes)
        self._forget(present, now)

    def _forget(self, present: int, now: float) -> None:
        for hour in [hour for hour in self._hours if hour <= present - HOURS]:
            del self._hours[hour]
        for rule in [rule for rule, at in self._told.items() if now - at > HOUR * HOURS]:
            del self._told[rule]

    def view(self, now: float) -> dict[str, Any]:
        """Return what is shown: of each rule the hits, by path and by hour, the oldest first."""
        present = int(now // HOUR)
        self._forget(present, now)
        hours = range(present - HOURS + 1, present + 1)
        rules = {rule for rule, at in self._told.items() if now - at <= TOLD_SECONDS}
        found = {rule for counts in self._hours.values() for rule, _ in counts.hits}
        return {
            "since": self._since,
            "hours": [hour * HOUR for hour in hours],
            "lost": self._lost,
            "rules": [
                {"id": rule, "in_use": rule in rules, **self._rule(rule, hours)}
                for rule in sorted(rules | found)
            ],
        }

    def _rule(self, rule: str, hours: range) -> dict[str, Any]:
        paths: dict[str, list[int]] = {}
        envelopes = 0
        for place, hour in enumerate(hours):
            counts = self._hours.get(hour)
            if counts is None:
                continue
            envelopes += counts.envelopes.get(rule, 0)
            for (own, path), count in counts.hits.items():
                if own == rule:
                    paths.setdefault(path, [0] * len(hours))[place] += count
        given_up = sum(paths.pop(GIVEN_UP, ()))
        order = sorted(paths, key=lambda path: (path == OTHERS, -sum(paths[path]), path))
        if len(order) > PATHS:
            rest = [paths[path] for path in order[PATHS - 1 :]]
            order = [*order[: PATHS - 1], OTHERS]
            paths[OTHERS] = [sum(numbers) for numbers in zip(*rest, strict=True)]
        by_hour = [sum(numbers) for numbers in zip(*(paths[p] for p in order), strict=True)]
        return {
            "hits": sum(by_hour),
            "envelopes": envelopes,
            "given_up": given_up,
            "by_hour": by_hour or [0] * len(hours),
            "paths": [
                {"path": path, "hits": sum(paths[path]), "by_hour": paths[path]} for path in order
            ],
        }
