"""The benchmark of usage events: what is sent, and what is said of it."""

from urllib.parse import parse_qsl

from benchmarks.usage import Cost, usage_section
from benchmarks.usage_traffic import TYPES, make_requests
from relay.config import UsageApp
from relay.rulefiles import read_events
from relay.usage.admitting import UsagePolicy
from relay.usage.catalogue import load_catalogue
from relay.usage.cleaning import prepare
from relay.usage.drafts import Draft
from relay.usage.model import Channel, Target, UsageRequest
from relay.usage.pseudonyms import UsageKeys
from relay.usage.requests import read_query
from relay.usage.seen import Seen


def queries(count: int, seed: int) -> list[str]:
    return [one.split(b" ")[1].partition(b"?")[2].decode() for one in make_requests(count, seed)]


def test_requests_are_taken_with_all_their_attributes() -> None:
    """None is refused, nothing of any is dropped: else the benchmark would measure less."""
    catalogue = load_catalogue(read_events(()))
    app = UsagePolicy(UsageApp("suite"))
    keys, target = UsageKeys.of(b"k" * 16, 0), Target("suite", "web", Channel.STABLE)
    dropped: dict[tuple[str, str], int] = {}
    types = set()
    for query in queries(1_500, 3):
        request = UsageRequest(target, read_query(query))
        now = int(dict(request.query)["c_timestamp"]) / 1_000
        draft = prepare(request, app, catalogue, keys, now, Seen())
        assert isinstance(draft, Draft)
        dropped.update(draft.dropped)
        types.add(draft.record["type"])
    assert ({}, True) == (dropped, TYPES // 2 < len(types) <= TYPES)


def test_no_two_requests_share_a_message() -> None:
    """Nor with those of another seed; the same seed gives the same."""
    first, again, other = (queries(300, seed) for seed in (1, 1, 2))
    messages = [dict(parse_qsl(query))["c_message_id"] for query in first + other]
    assert 600 == len(set(messages))
    assert [len(query) for query in first] == [len(query) for query in again]


def test_the_aims_are_held_against_one_row() -> None:
    """In which both programs are busy all the time."""
    costs = [
        Cost(16, 400e-6, 50e-6, (300e-6, 500e-6), 300.0),
        Cost(256, 120e-6, 50e-6, (100e-6, 130e-6), 2_100.0),
    ]
    section = usage_section(costs)
    assert [("2.40 times", True), ("8,333", True)] == [
        (bar.measured, bar.reached) for bar in section.bars
    ]
    assert ("16", "256") == tuple(row[0] for row in section.tables[0].rows)
    (slow,) = usage_section(costs[:1]).bars[:1]
    assert ("8.00 times", False) == (slow.measured, slow.reached)
