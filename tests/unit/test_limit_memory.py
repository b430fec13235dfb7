"""What is remembered of limits, and for how long."""

import pytest

from relay import limit_memory
from relay.limit_memory import KeyLimit, LimitKey, LimitMemory
from relay.protocol.enforcement import Limit

NOW = 1_700_000_000.0


def memory(learned: list[Limit] | None = None) -> LimitMemory:
    """A memory for which projects 1 and 2 lead to one key, 3 to another, and 4 nowhere."""

    def find(project: str, key: str) -> LimitKey | None:
        return None if project == "4" else ("other" if project == "3" else "first", key)

    return LimitMemory(find, [].append if learned is None else learned.append)


def learn(into: LimitMemory, header: str, project: str = "1", now: float = NOW) -> None:
    into.learn(project, "k", 200, {"x-sentry-rate-limits": header}, now)


def ends(of: LimitMemory, project: str = "1", now: float = NOW) -> dict[str, float]:
    """Seconds left by category, and by namespace."""
    known = of.known(project, "k", now)
    tables = (known.by_category, known.by_namespace)
    return {name: limit.until - now for table in tables for name, limit in table.items()}


def test_limits_hold_for_whoever_leads_to_the_key() -> None:
    """Two projects of one upstream key share limits; other keys and upstreams know nothing."""
    limits = memory()
    learn(limits, "60:error:key, 30::organization")
    assert {"error": 60.0, "": 30.0} == ends(limits, "1") == ends(limits, "2")
    assert {} == ends(limits, "3") == ends(limits, "4")
    assert not limits.known("1", "another", NOW)
    learn(limits, "60:error:key", "4")
    assert 1 == limits.keys


def test_the_longer_limit_wins() -> None:
    """A shorter one changes nothing, a longer one everything, its reason too."""
    learned: list[Limit] = []
    limits = memory(learned)
    for header in ("60:error:key:a", "50:error:key:b", "60:error:key:c", "61:error:project:d"):
        learn(limits, header)
    assert {"error": 61.0} == ends(limits)
    assert "d" == limits.known("1", "k", NOW).by_category["error"].reason
    assert ["a", "d"] == [limit.reason for limit in learned]


def test_what_has_ended_is_gone() -> None:
    """At its end a limit holds no more, whatever else still does."""
    limits = memory()
    learn(limits, "60:error:key, 90:session:key, 60:metric_bucket:key::a")
    assert {"error", "session", "a"} == set(ends(limits, now=NOW + 59.9))
    assert {"session": 30.0} == ends(limits, now=NOW + 60)
    assert not limits.known("1", "k", NOW + 90)
    learn(limits, "5:error:key", now=NOW + 70)
    assert {"session": 20.0, "error": 5.0} == ends(limits, now=NOW + 70)


def test_namespaces_narrow_metrics_alone() -> None:
    """They stand apart; other categories of the same limit hold as a whole."""
    limits = memory()
    learn(limits, "60:metric_bucket;error:key::a;b, 30:metric_bucket:key, 9::key::c")
    assert {"error": 60.0, "a": 60.0, "b": 60.0, "metric_bucket": 30.0, "c": 9.0} == ends(limits)


def test_what_names_nothing_that_we_know_is_not_kept() -> None:
    """Unknown categories and namespaces, and limits of no time, leave no trace."""
    limits = memory()
    learn(limits, "60:made_up:key, 0:error:key, 60:metric_bucket:key::a b, nonsense")
    assert 0 == limits.keys


def test_a_bare_refusal_stops_everything() -> None:
    """A 429 without a word is a limit of all categories for a minute."""
    limits = memory()
    limits.learn("1", "k", 429, {}, NOW)
    assert {"": 60.0} == ends(limits)
    assert NOW + 60 == limits.held_until("1", "k", ("session",), NOW)
    assert 0.0 == limits.held_until("1", "k", ("session",), NOW + 60)


def test_the_number_of_keys_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has ended goes first, then what was not heard of for longest."""
    monkeypatch.setattr(limit_memory, "MAX_KEYS", 3)
    limits = LimitMemory(lambda project, key: (project, key))
    for project, seconds in (("a", 60), ("b", 5), ("c", 60), ("d", 60)):
        now = NOW + 6 if project == "d" else NOW
        learn(limits, f"{seconds}:error:key", project, now)
    assert [True, False, True, True] == [bool(ends(limits, p, NOW + 6)) for p in "abcd"]
    learn(limits, "60:session:key", "a", NOW + 6)
    learn(limits, "60:error:key", "e", NOW + 6)
    assert [True, False, True, True] == [bool(ends(limits, p, NOW + 6)) for p in "acde"]
    assert 3 == limits.keys


def test_the_number_of_namespaces_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are there can still grow longer."""
    monkeypatch.setattr(limit_memory, "MAX_NAMESPACES", 2)
    limits = memory()
    for name, seconds in (("a", 5), ("b", 5), ("c", 5), ("a", 9)):
        learn(limits, f"{seconds}:metric_bucket:key::{name}")
    assert {"a": 9.0, "b": 5.0} == ends(limits)


def test_what_was_learned_is_given_out_once() -> None:
    """Each limit at its longest; one that changed nothing is not among it."""
    limits = memory()
    for header in ("60:error:key", "50:error:key", "90:error:key, 5:session:key"):
        learn(limits, header)
    learned = limits.take_learned()
    assert {("error", 90.0), ("session", 5.0)} == {
        (one.limit.category, one.limit.until - NOW) for one in learned
    }
    assert [("first", "k")] * 2 == [one.where for one in learned]
    assert () == limits.take_learned()


def test_what_waits_to_be_given_out_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was learned first gives way."""
    monkeypatch.setattr(limit_memory, "MAX_LEARNED", 2)
    limits = memory()
    for category in ("error", "session", "replay"):
        learn(limits, f"60:{category}:key")
    assert ["session", "replay"] == [one.limit.category for one in limits.take_learned()]


def test_what_others_have_learned_holds_here() -> None:
    """If it is longer and has not ended; it is neither counted nor given out again."""
    learned: list[Limit] = []
    limits = memory(learned)
    learn(limits, "60:error:key")
    limits.take_learned()
    shared = [
        KeyLimit(("first", "k"), Limit(NOW + seconds, category, namespace=namespace))
        for category, seconds, namespace in (
            ("error", 30.0, ""),
            ("session", 30.0, ""),
            ("replay", 0.0, ""),
            ("metric_bucket", 20.0, "custom"),
        )
    ]
    limits.merge(shared, NOW)
    assert {"error": 60.0, "session": 30.0, "custom": 20.0} == ends(limits)
    assert ([60.0], ()) == ([one.until - NOW for one in learned], limits.take_learned())
    limits.merge([KeyLimit(("first", "k"), Limit(NOW + 61, "error"))], NOW)
    assert 61.0 == ends(limits)["error"]


def test_no_clock_of_others_makes_a_limit_endless() -> None:
    """A limit that others say ends in a year ends in a day."""
    limits = memory()
    limits.merge([KeyLimit(("first", "k"), Limit(NOW + 3e7, "error"))], NOW)
    assert {"error": 86_400.0} == ends(limits)


def test_an_envelope_waits_for_the_limits_of_its_own_key() -> None:
    """Project and key together say which."""
    limits = memory()
    learn(limits, "60:error:key")
    held = [limits.held_until(project, "k", ("error",), NOW) for project in ("1", "3")]
    assert [NOW + 60, 0.0] == held
    assert 0.0 == limits.held_until("1", "another", ("error",), NOW)


def test_what_stands_behind_too_many_namespaces_still_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only the namespaces that are too many are left out."""
    monkeypatch.setattr(limit_memory, "MAX_NAMESPACES", 1)
    limits = memory()
    learn(limits, "60:metric_bucket:key::a, 60:metric_bucket:key::b, 60:error:key")
    assert {"a", "error"} == set(ends(limits))


def test_a_limit_that_grew_takes_no_other_ones_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is to be told is bounded by number, and one that is told anew is one."""
    monkeypatch.setattr(limit_memory, "MAX_LEARNED", 2)
    limits = memory()
    for header in ("60:error:key", "60:session:key", "90:session:key"):
        learn(limits, header)
    told = [(one.limit.category, one.limit.until - NOW) for one in limits.take_learned()]
    assert [("error", 60.0), ("session", 90.0)] == told


def test_so_many_keys_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound itself is allowed; beyond it the one not heard of for longest gives way."""
    monkeypatch.setattr(limit_memory, "MAX_KEYS", 2)
    limits = LimitMemory(lambda project, key: (project, key))
    for number in range(4):
        learn(limits, "60:error:key", str(number))
        assert min(number + 1, 2) == limits.keys
    assert [False, False, True, True] == [bool(ends(limits, str(number))) for number in range(4)]


def test_a_refusal_may_name_the_time_of_its_end() -> None:
    """As a date of HTTP, by our clock."""
    limits = memory()
    limits.learn("1", "k", 429, {"retry-after": "Tue, 14 Nov 2023 22:14:20 GMT"}, NOW)
    assert {"": 60.0} == ends(limits)


@pytest.mark.parametrize("left", [-5.0, 0.0])
def test_what_has_ended_is_not_taken_from_others(left: float) -> None:
    """It takes no room, and shows no key to anybody."""
    limits = memory()
    shared = KeyLimit(("first", "k"), Limit(NOW + left, "error", "key", ""))
    limits.merge([shared], NOW)
    assert 0 == limits.keys
    assert "first" not in repr(shared)
