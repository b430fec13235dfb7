"""EIP-55."""

import pytest
from bip_utils import EthAddrEncoder, Secp256k1PrivateKey

from tests.unit.detectors.found import found

_VECTORS = [
    "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",  # EIP-55
    "fB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "dbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "D1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    "52908400098527886E0F7030069857D2E4169EE7",  # capitals by chance
    "8617E340B3D01FA5F11F306F4090FD50E238070D",
]


@pytest.mark.parametrize("digits", _VECTORS)
def test_the_vectors_of_eip_55(digits: str) -> None:
    """With `0x` and without; the prefix goes along; one letter's case decides."""
    assert [digits] == found("eip55", digits)
    assert ["0x" + digits] == found("eip55", "0x" + digits)
    assert ["0x" + digits] == found("eip55", "0x" + digits, digits)
    assert [] == found("eip55", digits.swapcase())


def test_rskip_60() -> None:
    """The checksum of Rootstock hashes the chain's number along; EIP-1191's test case."""
    word = "0x5aaEB6053f3e94c9b9a09f33669435E7ef1bEAeD"
    assert [word] == found("eip55", word)


def test_fresh_ones_of_bip_utils() -> None:
    """What an independent encoder makes is found."""
    # Fixed keys: one fresh address in 30,000 has no capital, and then looks like a commit id.
    for number in range(1, 21):
        key = Secp256k1PrivateKey.FromBytes(number.to_bytes(32, "big")).PublicKey()
        word = EthAddrEncoder.EncodeKey(key)
        assert [word[2:]] == found("eip55", word[2:])


@pytest.mark.parametrize(
    "word",
    ["d0cbfe8a" * 5, "de709f2102306220921060314715629080e2fb77",
     "D0CBFE8A" * 5, "1234567890" * 4, "12" + _VECTORS[0], _VECTORS[0] + "1",
     _VECTORS[0] * 2, "deadbeefcafe" + _VECTORS[0]],
)  # fmt: skip
def test_commit_ids_survive(word: str) -> None:
    """One case only looks like a commit id; longer runs are something else."""
    assert [] == found("eip55", word)
    assert [] == found("eip55", word, word[:40])


@pytest.mark.parametrize("digits", _VECTORS)
@pytest.mark.parametrize("word", ["zulu", "Label", "acc", "trade", "_", "x9z"])
def test_what_words_are_glued_to_is_cut_out(digits: str, word: str) -> None:
    """The case holds for exactly forty digits, so letters on either side are no part of them."""
    for text in (word + digits, digits + word, word + digits + "Send"):
        assert [digits] == found("eip55", text, digits)


@pytest.mark.parametrize(("head", "letters"), [("acc", 3), ("trade", 3), ("zulu_a", 1)])
def test_a_candidate_that_begins_in_the_word_is_moved(head: str, letters: int) -> None:
    """A rule's pattern takes the first forty digits of a run, and a word ends in some."""
    text = head + _VECTORS[0]
    first = len(head) - letters
    assert [_VECTORS[0]] == found("eip55", text, text[first : first + 40])


def test_a_number_may_end_the_word_before_it() -> None:
    """`acc1` is all hex, and no part of the address."""
    for digits in _VECTORS:
        assert [digits] == found("eip55", f"acc1{digits}x", digits)
