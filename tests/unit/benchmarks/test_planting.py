"""What became of a planted identifier: found, left, or gone with what held it."""

import json
from random import Random

import pytest

from benchmarks.identifiers import Identifier
from benchmarks.identifiers.network import ipv6
from benchmarks.packings import PACKINGS, Packing
from benchmarks.places import PLACES, Place
from benchmarks.planting import ENVELOPE, EVENT, Outcome, Planted, Reader, Scrub, outcomes
from benchmarks.spellings import SPELLINGS
from relay.errors import RelayError, ScrubError
from relay.protocol.envelope import parse

SECRET = "mcUnXWkYH4hZrhH3oPRzGBFbKCTFCKjSfa"
ALONE = SPELLINGS[0]


def planted(place: Place | Packing) -> Planted:
    return Planted(Identifier("made up", SECRET), ALONE, place, SECRET, "key")


def packing(name: str) -> Planted:
    return planted(next(one for one in PACKINGS if one.name == name))


def refuse(_: bytes) -> bytes:
    raise ScrubError("no")


def without_secret(data: bytes) -> bytes:
    return data.replace(SECRET.encode(), b"x")


def without(kind: str) -> Scrub:
    """Return a scrubber that drops items of a kind and redacts all else."""

    def scrub(envelope: bytes) -> bytes:
        parsed = parse(envelope)
        lines = [json.dumps(dict(parsed.headers)).encode()]
        for item in parsed.items:
            if item.headers["type"] != kind:
                payload = without_secret(bytes(item.payload))
                headers = {**item.headers, "length": len(payload)}
                lines += [json.dumps(headers).encode(), payload]
        return b"\n".join(lines)

    return scrub


def test_left_and_found() -> None:
    event = [planted(PLACES[0]), planted(PLACES[1])]
    assert ([Outcome.LEFT] * 2, 0) == outcomes(event, EVENT, bytes)
    assert ([Outcome.FOUND] * 2, 0) == outcomes(event, EVENT, without_secret)


def test_what_goes_with_its_item_is_not_found() -> None:
    """Items beside it count as ever."""
    envelope = [packing("item span.name"), packing("item log.body")]
    scrub = without("span")
    assert ([Outcome.DROPPED, Outcome.FOUND], 0) == outcomes(envelope, ENVELOPE, scrub)


def test_what_goes_with_its_document_is_not_found() -> None:
    """Each is tried alone, and every refusal counts: the whole, and the two alone."""
    event = [planted(PLACES[0]), planted(PLACES[1])]
    assert ([Outcome.DROPPED] * 2, 3) == outcomes(event, EVENT, refuse)


def test_a_broken_envelope_is_no_refusal() -> None:
    """What the scrubber gives must be an envelope."""
    with pytest.raises(RelayError):
        outcomes([packing("item log.body")], ENVELOPE, lambda _: b"{")


def test_half_an_ipv6_address_is_a_leak() -> None:
    """Four groups in a row must not be left, of those that have so many."""
    for seed in range(40):
        identifier = ipv6(Random(seed))
        one = Planted(identifier, ALONE, PLACES[0], identifier.text, "key")
        assert all(Reader(f"x {piece} y").leaks(one) for piece in identifier.secrets)
        assert all(piece in identifier.text for piece in identifier.secrets)
        groups = [[group for group in piece.split(":") if group] for piece in identifier.secrets]
        assert {len(group) for group in groups} == {4} or len(groups) == 1
