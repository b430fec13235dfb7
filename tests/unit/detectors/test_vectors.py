"""Every check against the vectors of its specification, which `vectors.yaml` names with each."""

from pathlib import Path

import pytest
import yaml

from relay.detectors import CHECKS
from tests.unit.detectors.found import found

_PARTS = yaml.safe_load(Path(__file__).with_name("vectors.yaml").read_text("utf-8"))
_NO_SPECIFICATION = frozenset({
    # Ours: places, fields and beginnings.
    "abbreviated", "account", "cut_off", "drive_folders", "token", "user_folder", "value",
    # Trezor's, which publishes no vectors.
    "device_id", "device_state",
    # Forms of a phrase: made of BIP-39's and SLIP-39's in test_mnemonics.
    "mnemonic_cut", "mnemonic_joined", "mnemonic_part",
})  # fmt: skip


def _vectors(*parts: str) -> list[tuple[str, str]]:
    return [
        (check, word)
        for part in parts
        for check, sources in _PARTS[part].items()
        for words in sources.values()
        for word in words
    ]


def _run(check: str, word: str, quote: str = "") -> list[str]:
    """Run a check; cashaddr's candidate is what stands behind the prefix."""
    candidate = word.rpartition(":")[2] if check == "cashaddr" else word
    return found(check, quote + word + quote, candidate)


def _with_one_changed(word: str) -> list[str]:
    """Give a word with each character in turn, but those of a prefix, changed for one of its own.

    A changed prefix is no matter: the address behind it is still one.
    """
    signs = sorted(set(filter(str.isalnum, word)))
    return [
        word[:at] + signs[signs.index(word[at]) - 1] + word[at + 1 :]
        for at in range(word.rfind(":") + 1, len(word))
        if word[at] in signs
    ]


@pytest.mark.parametrize(("check", "word"), _vectors("checksum", "shape"))
def test_a_vector_is_found_whole(check: str, word: str) -> None:
    """Alone, and between quotes."""
    assert [word] == _run(check, word)
    assert [word] == _run(check, word, '"')


@pytest.mark.parametrize(("check", "word"), _vectors("checksum"))
def test_a_vector_with_one_character_changed_is_refused(check: str, word: str) -> None:
    """Whichever of its characters it is."""
    assert [] == [wrong for wrong in _with_one_changed(word) if _run(check, wrong)]


def test_every_check_has_vectors() -> None:
    """A new check brings those of its specification, or is told apart as one that has none."""
    named = {check for check, _ in _vectors("checksum", "shape")}
    assert set(CHECKS) - _NO_SPECIFICATION == named
