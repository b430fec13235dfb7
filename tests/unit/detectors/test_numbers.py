"""Cards, bank accounts and network cards."""

import pytest

from tests.unit.detectors.found import found


@pytest.mark.parametrize(
    "word", ["4111111111111111", "4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005"]
)
def test_cards(word: str) -> None:
    """Test numbers of the card companies."""
    assert [word] == found("luhn", word)
    assert [] == found("luhn", word[:-1] + ("3" if word[-1] != "3" else "5"))


@pytest.mark.parametrize("word", ["1732430400123", "4444444444444444", "411111111111", "0" * 16])
def test_timestamps_survive(word: str) -> None:
    """Milliseconds, one digit repeated, and shorter numbers are no cards."""
    assert [] == found("luhn", word)


@pytest.mark.parametrize(
    "word",
    ["GB82WEST12345698765432", "GB82 WEST 1234 5698 7654 32", "DE89370400440532013000",
     "CZ6508000000192000145399"],
)  # fmt: skip
def test_ibans(word: str) -> None:
    """A well-known example and two of ISO 13616's registry, in groups or not, in a sentence."""
    assert [word] == found("iban", word)
    assert [word] == found("iban", word + " PLEASE PAY")
    assert [] == found("iban", word[:-1] + ("1" if word[-1] != "1" else "7"))


@pytest.mark.parametrize(
    "word", ["CB104DF35DD5220D25FEEFEF5F1111C2", "FB50FB7AA0ECF0B7", "BE244F82FC45CC4F"]
)
def test_ids_in_hex_are_no_ibans(word: str) -> None:
    """The remainder holds for one in 97 of them; their country is none."""
    assert [] == found("iban", word)


@pytest.mark.parametrize("word", ["00:1B:44:11:3A:B7", "00-1b-44-11-3a-b7", "001b.4411.3ab7"])
def test_mac_addresses(word: str) -> None:
    """Colons, dashes, and Cisco's dots."""
    assert [word] == found("mac", word)
    assert [word] == found("mac", f"address{word}_x", word)
    assert [word] == found("mac", f"acc:{word}:btc", word)


@pytest.mark.parametrize(
    ("text", "candidate", "expected"),
    [
        ("acc:57:73:b2:ef:18:68", "cc:57:73:b2:ef:18", "57:73:b2:ef:18:68"),
        ("face-57-73-b2-ef-18-68x", "ce-57-73-b2-ef-18", "57-73-b2-ef-18-68"),
        ("zapifadab.0c52.ebc7.86ad.x", "adab.0c52.ebc7", "0c52.ebc7.86ad"),
        ("abad.0c52.ebc7.86ad", "abad.0c52.ebc7", "0c52.ebc7.86ad"),
    ],
)
def test_a_mac_behind_a_word_that_ends_in_hex(text: str, candidate: str, expected: str) -> None:
    """The word's last letters look like a pair or a group; the address begins behind them."""
    assert [expected] == found("mac", text, candidate)


@pytest.mark.parametrize(
    "text",
    ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "12-34-56-78-90-12", "12:34:56", "1:2:3:4:5:6",
     "00:1B-44:11:3A:B7", "001B44113AB7", "face.cafe.babe", "baba.Baba.baba"],
)  # fmt: skip
def test_what_is_no_mac_survives(text: str) -> None:
    """Null, broadcast, dates, times, names in a program."""
    assert [] == found("mac", text)


def test_part_of_something_longer_is_no_mac() -> None:
    """Eight pairs are a fingerprint or another id."""
    assert [] == found("mac", "00:1B:44:11:3A:B7:00:01", "00:1B:44:11:3A:B7")


def test_a_word_behind_a_mac_address_does_not_hide_it() -> None:
    """Letters of hex that begin a word are no seventh pair; other hex is."""
    address = "52:ba:85:a8:72:e0"
    assert [address] == found("mac", address + "account", address)
    assert [] == found("mac", address + "ab", address)
