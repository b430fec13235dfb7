"""BLAKE-256, and the addresses of Decred."""

import pytest

from relay.detectors.base58 import BITCOIN
from relay.detectors.blake256 import blake256
from tests.unit.detectors.found import found


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (b"", "716f6e863f744b9ac22c97ec7b76ea5f5908bc5b2f67c61510bfc4751384ea7a"),
        (b"\x00", "0ce8d4ef4dd7cd8d62dfded9d4edb0a774ae6a41929a74da23109e8f11139c87"),
    ],
)
def test_the_submissions_vectors(message: bytes, digest: str) -> None:
    """What the submission to SHA-3 gives, for messages of one block."""
    assert digest == blake256(message).hex()


def test_a_message_of_more_than_one_block_is_refused() -> None:
    """Nothing here is longer than a digest."""
    assert 32 == len(blake256(bytes(54)))
    with pytest.raises(ValueError, match="one block"):
        blake256(bytes(55))


@pytest.mark.parametrize(
    "word",
    [
        "DsUZxxoHJSty8DCfwfartwTYbuhmVct7tJu",  # of dcrutil's tests
        "DcuQKx8BES9wU7C6Q5VmLBjw436r27hayjS",
        "Tso2MVTUeVrjHTBFedFhiyM7yVTbieqp91h",
        "TcrypGAcGCRVXrES7hWqVZb5oLJKCZEtoL1",
    ],
)
def test_addresses_of_decred(word: str) -> None:
    """Of keys and scripts, on the main and the test network; a wrong letter anywhere is none."""
    assert [word] == found("decred", f"account{word}x", word)
    for at in range(3, len(word), 5):
        other = BITCOIN[(BITCOIN.index(word[at]) + 1) % len(BITCOIN)]
        assert [] == found("decred", word[:at] + other + word[at + 1 :])


def test_names_are_no_addresses() -> None:
    """Their version is another one, so no hash is made."""
    assert [] == found("decred", "DsFromTheConnectedDeviceAndItsWallet")
    assert [] == found("decred", "DsFromTheConnectedDeviceAndItsWalle")
