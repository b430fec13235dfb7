"""What is held for each upstream, and what is to be taken next."""

import pytest

from relay.delivery import CircuitState, RetryPolicy, UpstreamResponse
from relay.outlets import OUTLET_BYTES, Outlet, Outlets, ignore_circuit
from relay.ports import Claim, Upstream
from relay.scrub.permit import ScrubbedEnvelope
from tests.fakes import KEY, envelope

NOW = 1_700_000_000.0


class Nowhere:
    """An upstream that is never sent to."""

    async def send(self, envelope: ScrubbedEnvelope) -> UpstreamResponse:
        raise AssertionError

    async def close(self) -> None:
        raise AssertionError


def claim(number: int = 1, size: int = 10) -> Claim:
    return Claim(number, envelope(number, payload=b"x" * size), 0, NOW)


def opened(outlets: Outlets, project: str) -> Outlet:
    """An upstream of its own, that has answered well."""
    outlet = outlets.find((project, KEY), Nowhere())
    learn(outlet, UpstreamResponse(200))
    return outlet


def learn(outlet: Outlet, response: UpstreamResponse | None) -> None:
    outlet.circuit.learn(response, now=NOW, jitter=0.0, policy=RetryPolicy())


def fill(outlets: Outlets, outlet: Outlet) -> int:
    """Begin as many sends as there is room for."""
    begun = 0
    while outlets.room(outlet, NOW):
        outlets.begin(outlet)
        begun += 1
    return begun


def test_one_upstream_alone_may_take_all() -> None:
    """Nothing is kept free for others where there are none."""
    outlets = Outlets(16, 64, ignore_circuit)
    assert 16 == fill(outlets, opened(outlets, "1"))


@pytest.mark.parametrize(
    ("width", "begun"), [(8, [8, 8, 8, 5, 2, 1]), (32, [21, 7, 2, 1, 1, 0]), (1, [1] * 6)]
)
def test_slow_upstreams_leave_room_for_others(width: int, begun: list[int]) -> None:
    """However many sends hang, the next upstreams still get some; the bound in all is kept."""
    outlets = Outlets(32, width, ignore_circuit)
    several = [opened(outlets, str(number)) for number in range(6)]
    found = [fill(outlets, outlet) for outlet in several]
    assert begun == found
    assert 32 >= sum(found)


def test_as_much_is_taken_as_is_of_use() -> None:
    """Of an upstream that is well the next are taken ahead; of one that is not known, one."""
    outlets = Outlets(32, 8, ignore_circuit)
    assert (32, set()) == outlets.demand(NOW)
    fresh = outlets.find(("new", KEY), Nowhere())
    assert (1, set()) == outlets.demand(NOW)
    outlets.begin(fresh)
    assert (32, {("new", KEY)}) == outlets.demand(NOW)
    well = opened(outlets, "well")
    assert 8 == fill(outlets, well)
    assert (8, {("new", KEY)}) == outlets.demand(NOW)


def test_what_waits_is_sent_before_more_is_taken() -> None:
    """While claims wait for an upstream its lanes are left out."""
    outlets = Outlets(32, 8, ignore_circuit)
    outlet = opened(outlets, "1")
    outlets.find(("2", KEY), outlet.upstream)
    outlet.hold(claim())
    assert [outlet] == outlets.waiting()
    assert (32, {("1", KEY), ("2", KEY)}) == outlets.demand(NOW)


def test_claims_of_an_upstream_are_bounded() -> None:
    """What waits for one is bounded by number, too."""
    outlets = Outlets(3, 1, ignore_circuit)
    outlet = opened(outlets, "1")
    enough = []
    for number in range(5):
        enough.append(outlets.has_enough(outlet))
        outlet.hold(claim(number))
    assert [False] * 4 + [True] == enough


def test_bytes_of_an_upstream_are_bounded() -> None:
    """While much is held for an upstream, whatever the number, nothing more is taken for it."""
    outlets = Outlets(32, 8, ignore_circuit)
    outlet = opened(outlets, "1")
    large = claim(size=OUTLET_BYTES)
    outlet.hold(large)
    outlet.waiting.clear()
    outlets.begin(outlet)
    assert (32, {("1", KEY)}) == outlets.demand(NOW)
    outlet.let_go(large)
    assert (8, set()) == outlets.demand(NOW)


def test_an_open_circuit_is_left_out_until_its_time() -> None:
    """Then one is taken, to find out."""
    outlets = Outlets(32, 8, ignore_circuit)
    outlet = outlets.find(("1", KEY), Nowhere())
    learn(outlet, None)
    assert ({("1", KEY)}, 0.5) == (outlets.demand(NOW)[1], outlets.next_opening(NOW))
    later = NOW + 0.5
    assert (1, set()) == outlets.demand(later)
    assert outlets.next_opening(later) is None


def test_each_state_is_told_once() -> None:
    """Whoever shows circuits hears of each change, and of the beginning."""
    told: list[tuple[Upstream, CircuitState]] = []
    outlets = Outlets(32, 8, lambda upstream, state: told.append((upstream, state)))
    upstream = Nowhere()
    outlet = outlets.find(("1", KEY), upstream)
    for response in (None, None, UpstreamResponse(200), UpstreamResponse(200)):
        learn(outlet, response)
        outlets.tell(outlet)
    outlets.find(("2", KEY), upstream)
    assert [(upstream, s) for s in ("half_open", "open", "closed")] == told


def test_lanes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more lanes than can be noted the one that was noted first is forgotten."""
    monkeypatch.setattr("relay.outlets.MAX_LANES", 2)
    outlets = Outlets(32, 8, ignore_circuit)
    upstream = Nowhere()
    assert not outlets.crowded
    for number in range(4):
        outlet = outlets.find((str(number), KEY), upstream)
    outlet.hold(claim())
    assert (outlets.crowded, {("2", KEY), ("3", KEY)}) == (True, outlets.demand(NOW)[1])


def test_a_lane_that_leads_elsewhere_is_noted_there() -> None:
    """A lane belongs to one upstream at a time."""
    outlets = Outlets(32, 8, ignore_circuit)
    old, new = opened(outlets, "1"), Nowhere()
    outlet = outlets.find(("1", KEY), new)
    assert ({}, {("1", KEY): None}) == (old.lanes, outlet.lanes)


def test_nothing_is_left_after_clear() -> None:
    """A forwarder that runs again begins anew."""
    outlets = Outlets(2, 2, ignore_circuit)
    outlet = opened(outlets, "1")
    fill(outlets, outlet)
    outlets.clear()
    assert ((2, set()), []) == (outlets.demand(NOW), outlets.waiting())


def test_bytes_are_those_of_all_that_is_held() -> None:
    """Each claim adds its own, and takes them away again."""
    outlet = opened(Outlets(32, 8, ignore_circuit), "1")
    one, two = claim(1, size=10), claim(2, size=500)
    sizes = [outlet.bytes]
    for step, which in ((outlet.hold, one), (outlet.hold, two), (outlet.let_go, one)):
        step(which)
        sizes.append(outlet.bytes)
    first, second = (len(held.envelope.body) for held in (one, two))
    assert [0, first, first + second, second] == sizes


def test_a_send_that_ends_makes_room() -> None:
    """For its upstream, and among all."""
    outlets = Outlets(3, 2, ignore_circuit)
    one, other = opened(outlets, "1"), opened(outlets, "2")
    outlets.begin(one)
    outlets.begin(other)
    outlets.begin(other)
    assert (0, 0) == (outlets.room(one, NOW), outlets.room(other, NOW))
    outlets.end(other)
    assert (1, 1) == (one.circuit.in_flight, other.circuit.in_flight)
    outlets.end(other)
    outlets.end(one)
    assert (2, 2) == (outlets.room(one, NOW), outlets.room(other, NOW))


def test_what_waits_is_in_no_repr() -> None:
    """An outlet holds envelopes and keys, and shows none."""
    outlet = opened(Outlets(32, 8, ignore_circuit), "1")
    outlet.hold(claim())
    text = repr(outlet)
    assert (False, False, False) == (KEY in text, "waiting" in text, "lanes" in text)
