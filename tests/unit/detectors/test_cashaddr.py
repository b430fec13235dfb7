"""Cashaddr: the specification's vectors, prefixes, glue."""

from secrets import token_bytes

import pytest
from bip_utils import BchBech32Encoder

from tests.unit.detectors.found import found


@pytest.mark.parametrize(
    ("payload", "prefix"),
    [
        ("qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a", "bitcoincash"),  # the specification's
        ("ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pq", "bitcoincash"),
    ],
)
def test_cashaddr_with_and_without_its_prefix(payload: str, prefix: str) -> None:
    """The prefix goes along where it stands, and is not needed."""
    assert [payload] == found("cashaddr", payload)
    assert [payload.upper()] == found("cashaddr", payload.upper())
    whole = f"{prefix}:{payload}"
    assert [whole] == found("cashaddr", whole, payload)
    assert [payload] == found("cashaddr", "xx" + payload + "xx")
    assert [] == found("cashaddr", payload[:-1] + "q" * (payload[-1] != "q"))


def test_fresh_cashaddrs_of_bip_utils_are_found() -> None:
    """All prefixes that we know are verified without being there."""
    for prefix in ("bitcoincash", "bchtest", "ecash", "simpleledger"):
        whole = BchBech32Encoder.Encode(prefix, b"\x00", token_bytes(20))
        payload = whole.split(":")[1]
        assert [payload] == found("cashaddr", payload)
        assert [whole] == found("cashaddr", whole, payload)


@pytest.mark.parametrize("word", ["Send", "SEND2", "send", "xyz9", "Label"])
def test_cashaddr_between_words_of_the_other_case(word: str) -> None:
    """A payload has one case; a word in the other one on either side is no part of it."""
    payload = "qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a"
    assert [payload] == found("cashaddr", word + payload)
    assert [payload] == found("cashaddr", payload + word)
    assert [payload.upper()] == found("cashaddr", payload.upper() + word)
    assert [payload, payload] == found("cashaddr", payload + word + payload)
    assert [f"bitcoincash:{payload}"] == found("cashaddr", f"bitcoincash:{payload}{word}", payload)


def test_the_longer_cashaddr_wins_and_is_found_at_any_place() -> None:
    """Hashes of 32 bytes too, wherever they stand in a wall of their own alphabet."""
    payload = BchBech32Encoder.Encode("bitcoincash", b"\x03", token_bytes(32)).split(":")[1]
    for head in ("", "q", "qp" * 60, "8" * 41):
        assert payload in found("cashaddr", head + payload + "qp" * 30)


@pytest.mark.parametrize(("head", "tail"), [("", ""), ("account", ""), ("", "xyz"), ("a_", "-x")])
@pytest.mark.parametrize("prefix", ["kaspa", "nexa", "bchx", "q", "someothercoinofthem"])
def test_a_prefix_that_is_on_no_list(prefix: str, head: str, tail: str) -> None:
    """With the colon the checksum holds for the prefix too, wherever the prefix begins."""
    for version, size in ((b"\x00", 20), (b"\x08", 20), (b"\x00", 32), (b"\x00", 33)):
        word = BchBech32Encoder.Encode(prefix, version, token_bytes(size))
        payload = word.split(":")[1]
        assert [word] == found("cashaddr", head + word + tail, payload)
        upper = word.upper()
        assert [upper] == found("cashaddr", head + upper + tail, payload.upper())
        assert [] == found("cashaddr", word.replace(":", "/"), payload)
        assert [] == found("cashaddr", "x:" + payload, payload)
