"""Limits under any order of answers and times, against the plainest model; headers read back."""

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from relay.limit_memory import LimitMemory
from relay.protocol.enforcement import (
    Candidate,
    KnownLimits,
    Limit,
    answer,
    held_until,
    stopped,
    waits_by,
)
from relay.protocol.item_kinds import KINDS, Policy
from relay.protocol.rate_limits import (
    CATEGORIES,
    MAX_LIMITS,
    MAX_SECONDS,
    RateLimit,
    Scope,
    format_rate_limits,
    limits_of_answer,
    parse_rate_limits,
)

NOW = 1_700_000_000.0
SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:;, ")

words = st.from_regex("[abXY]{1,3}[01]?([_.-][abXY]{1,3}){0,3}", fullmatch=True)
categories = st.sampled_from(sorted(CATEGORIES))
seconds = st.integers(0, MAX_SECONDS)
limits = st.builds(
    RateLimit,
    seconds,
    st.frozensets(categories, max_size=4) | st.just(frozenset({"unknown"})),
    st.sampled_from(Scope),
    st.just("") | words,
    st.frozensets(st.sampled_from(["a", "b-1", "custom", "spans"]), max_size=3),
)
headers = (
    st.lists(limits, max_size=6).map(format_rate_limits)
    | st.text(max_size=200)
    | st.text("0123456789:;,. abcerorsion_key", max_size=200)
)


@given(st.lists(limits, max_size=8))
def test_what_is_written_is_read_back(written: list[RateLimit]) -> None:
    """Reading is the inverse of writing."""
    assert written == list(parse_rate_limits(format_rate_limits(written)))


@settings(deadline=None)
@given(headers, st.integers(100, 599), st.text(max_size=40))
def test_whatever_is_sent_comes_out_bounded(header: str, status: int, wait: str) -> None:
    """Any header gives a bounded number of limits, in plain characters, that read back the same."""
    found = limits_of_answer(status, {"x-sentry-rate-limits": header, "retry-after": wait}, NOW)
    assert len(found) <= MAX_LIMITS
    assert all(0 < limit.seconds <= MAX_SECONDS for limit in found)
    assert all(limit.categories <= CATEGORIES | {"unknown"} for limit in found)
    written = format_rate_limits(found)
    assert SAFE.issuperset(written)
    assert found == parse_rate_limits(written)


known = st.builds(
    KnownLimits,
    st.dictionaries(categories | st.just(""), st.floats(NOW + 1, NOW + 100), max_size=5).map(
        lambda ends: {name: Limit(end, name) for name, end in ends.items()}
    ),
)
going_on = sorted(name for name, kind in KINDS.items() if kind.policies != (Policy.DROP,))
kinds = st.lists(st.sampled_from(going_on), min_size=1, max_size=6)


@given(known, kinds)
def test_what_waits_would_be_stopped(limits: KnownLimits, names: list[str]) -> None:
    """An envelope is never held while an item of it would be taken, a report aside."""
    items = [Candidate(KINDS[name], {}) for name in names]
    held = held_until([c for name in names for c in waits_by(KINDS[name])], limits)
    if held:
        assert held > NOW
        left = [n for n, limit in zip(names, stopped(items, limits), strict=True) if limit is None]
        assert set(left) <= {"client_report"}


@given(known, kinds)
def test_what_would_be_stopped_waits(limits: KnownLimits, names: list[str]) -> None:
    """An envelope that would lose everything is held until a part of it would be taken."""
    # A replay's event goes with the event beside it; it waits by the category of a recording.
    names = [name for name in names if name not in {"client_report", "replay_event"}]
    items = [Candidate(KINDS[name], {}) for name in names]
    ends = [limit.until for limit in stopped(items, limits) if limit is not None]
    held = held_until([c for name in names for c in waits_by(KINDS[name])], limits)
    assert (min(ends) if ends and len(ends) == len(names) else 0.0) == held


@given(known, kinds)
def test_the_answer_covers_what_was_stopped(limits: KnownLimits, names: list[str]) -> None:
    """A client that heeds the answer sends none of the limited categories before their end."""
    told = [limit for limit in stopped([Candidate(KINDS[n], {}) for n in names], limits) if limit]
    header, retry_after = answer(told, NOW)
    read = parse_rate_limits(header)
    for limit in told:
        wait = max(
            one.seconds for one in read if not one.categories or limit.category in one.categories
        )
        assert NOW + wait >= limit.until
        assert retry_after >= wait


class LimitMachine(RuleBasedStateMachine):
    """A memory beside a plain list of everything that was ever said."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.memory = LimitMemory(lambda project, key: (project[:1], key))
        self.said: list[tuple[str, str, str, float]] = []

    @rule(project=st.sampled_from(["a1", "a2", "b1"]), limits=st.lists(limits, max_size=3))
    def learn(self, project: str, limits: list[RateLimit]) -> None:
        header = format_rate_limits(limits)
        self.memory.learn(project, "k", 200, {"x-sentry-rate-limits": header}, self.now)
        for limit in limits:
            plain = limit.categories or {"metric_bucket" if limit.namespaces else ""}
            for category in plain - {"unknown"}:
                spaces = limit.namespaces if category == "metric_bucket" else frozenset()
                for namespace in spaces or {""}:
                    end = self.now + limit.seconds
                    self.said.append((project[:1], category, namespace, end))

    @rule(seconds=st.floats(0, MAX_SECONDS))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def remembers_the_longest(self) -> None:
        for project, upstream in (("a1", "a"), ("a2", "a"), ("b1", "b")):
            known = self.memory.known(project, "k", self.now)
            expected: dict[tuple[str, str], float] = {}
            for where, category, namespace, end in self.said:
                if where == upstream and end > self.now:
                    name = (category, namespace)
                    expected[name] = max(end, expected.get(name, 0.0))
            tables = (*known.by_category.values(), *known.by_namespace.values())
            assert expected == {(one.category, one.namespace): one.until for one in tables}


LimitMachine.TestCase.settings = settings(deadline=None, max_examples=40, stateful_step_count=15)
TestLimitMachine = LimitMachine.TestCase
