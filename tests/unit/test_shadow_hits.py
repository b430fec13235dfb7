"""The memory of what shadow rules would have redacted."""

import json
from typing import Any

import pytest

from relay.scrub.shadow import GIVEN_UP, OTHERS
from relay.shadow_hits import HOUR, HOURS, PATHS, Counts, ShadowMemory, write_messages

NOW = 1_000 * HOUR + 1_234.5


def told(memory: ShadowMemory, hits: Any, now: float = NOW, **about: Any) -> None:
    """Note one envelope, and tell the memory at once."""
    counts = Counts()
    counts.note(hits)
    for message, _ in write_messages(counts, now=now, rules=about.get("rules", ()), lost=0):
        memory.take(message, about.get("at", now))


def shown(memory: ShadowMemory, now: float = NOW) -> dict[str, Any]:
    """The rules that are shown, by id."""
    return {rule["id"]: rule for rule in memory.view(now)["rules"]}


def test_hits_are_shown_by_rule_path_and_hour() -> None:
    """Most hits first; the present hour is the last."""
    memory = ShadowMemory(NOW)
    told(memory, {("a", "event/x"): 2, ("b", "event/x"): 1})
    told(memory, {("a", "event/x"): 1, ("a", "event/y"): 5}, NOW - 2 * HOUR)
    view = memory.view(NOW)
    assert (NOW, 0) == (view["since"], view["lost"])
    assert [(1_000 - HOURS + 1 + n) * HOUR for n in range(HOURS)] == view["hours"]
    empty = [0] * (HOURS - 3)
    a, b = view["rules"]
    assert {
        "id": "a",
        "in_use": False,
        "hits": 8,
        "envelopes": 2,
        "given_up": 0,
        "by_hour": [*empty, 6, 0, 2],
        "paths": [
            {"path": "event/y", "hits": 5, "by_hour": [*empty, 5, 0, 0]},
            {"path": "event/x", "hits": 3, "by_hour": [*empty, 1, 0, 2]},
        ],
    } == a
    assert ("b", 1, 1) == (b["id"], b["hits"], b["envelopes"])


def test_hours_go_by() -> None:
    """What is older than a day is forgotten."""
    memory = ShadowMemory(NOW)
    told(memory, {("a", "x"): 1})
    assert 1 == shown(memory, NOW + (HOURS - 1) * HOUR)["a"]["hits"]
    assert 1 == shown(memory, NOW + (HOURS - 1) * HOUR)["a"]["by_hour"][0]
    assert {} == shown(memory, NOW + HOURS * HOUR)
    told(memory, {("a", "x"): 1}, NOW - HOURS * HOUR, at=NOW)
    told(memory, {("a", "x"): 1}, NOW + 2 * HOUR, at=NOW)
    assert {} == shown(memory)


def test_rules_that_find_nothing_are_shown() -> None:
    """A rule is in use while a process says so."""
    memory = ShadowMemory(NOW)
    told(memory, {}, rules=["a"])
    assert (True, 0, []) == tuple(shown(memory)["a"][key] for key in ("in_use", "hits", "paths"))
    assert [0] * HOURS == shown(memory)["a"]["by_hour"]
    assert {} == shown(memory, NOW + 11)
    told(memory, {("a", "x"): 1}, rules=["a"])
    assert not shown(memory, NOW + 11)["a"]["in_use"]
    memory.view(NOW + 30 * HOUR)
    assert {} == memory._told


def test_what_could_not_be_read_is_no_hit() -> None:
    """It is told beside."""
    memory = ShadowMemory(NOW)
    told(memory, {("a", GIVEN_UP): 1})
    told(memory, {("a", GIVEN_UP): 1, ("a", "x"): 1})
    a = shown(memory)["a"]
    assert (2, 1, 1) == (a["given_up"], a["hits"], a["envelopes"])
    assert ["x"] == [path["path"] for path in a["paths"]]


def test_few_paths_are_told_apart() -> None:
    """In an hour, and of a rule; the rest counts together and comes last."""
    memory = ShadowMemory(NOW)
    for hour in range(3):
        for n in range(PATHS + 20):
            told(memory, {("a", f"{hour}.{n}"): 1}, NOW - hour * HOUR)
    assert [PATHS + 1] * 3 == [len(counts.hits) for counts in memory._hours.values()]
    a = shown(memory)["a"]
    assert (3 * (PATHS + 20), PATHS) == (a["hits"], len(a["paths"]))
    last = a["paths"][-1]
    assert (OTHERS, a["hits"] - PATHS + 1) == (last["path"], last["hits"])
    assert a["by_hour"] == [
        sum(hour) for hour in zip(*(p["by_hour"] for p in a["paths"]), strict=True)
    ]


def test_messages_are_small() -> None:
    """Many places go in several, and what stands beside them in the first alone."""
    counts = Counts()
    counts.note(
        {("a/" + "r" * 60, "event/" + ".".join(["x" * 32] * 12) + str(n)): 2 for n in range(150)}
    )
    made = list(write_messages(counts, now=NOW, rules=["r"] * 100, lost=7))
    assert [120, 120, 60] == [hits for _, hits in made]
    assert max(len(message) for message, _ in made) < 1 << 16
    assert [7, None, None] == [json.loads(message).get("lost") for message, _ in made]
    memory = ShadowMemory(NOW)
    for message, _ in made:
        memory.take(message, NOW)
    assert (7, 300, 1) == (
        memory.view(NOW)["lost"],
        shown(memory)["a/" + "r" * 60]["hits"],
        shown(memory)["a/" + "r" * 60]["envelopes"],
    )


def test_where_nothing_is_to_tell_no_message_is_written() -> None:
    """Without shadow rules a relay sends none."""
    assert [] == list(write_messages(Counts(), now=NOW, rules=(), lost=0))


@pytest.mark.parametrize(
    "message",
    [b"", b"{", b"[]", b"7", b"null", b"{}", b'{"hour":"x","hits":[]}', b'{"hour":1}',
     b'{"hour":1,"hits":[[1]]}', b'{"hour":1,"hits":7}', b'{"hour":1,"hits":[],"rules":7}',
     b'{"hour":1,"hits":[["a","b","c"]]}', b'{"hour":1,"hits":[],"envelopes":[]}', b"\xff"],
)  # fmt: skip
def test_what_is_no_message_is_passed_over(message: bytes) -> None:
    """It changes nothing."""
    memory = ShadowMemory(NOW)
    memory.take(message, NOW)
    assert [] == memory.view(NOW)["rules"]
