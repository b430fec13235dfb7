"""Long hex and derivation paths."""

import pytest

from tests.unit.detectors.found import found

_TXID = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"


@pytest.mark.parametrize(
    "word",
    [_TXID, _TXID.upper(), "0x" + _TXID, "02" + _TXID, "04" + _TXID * 2, _TXID * 2, _TXID * 40],
)
def test_long_hex_is_found(word: str) -> None:
    """Ids, keys of every length, raw transactions."""
    assert [word] == found("hex64", word)
    assert [word] == found("hex64", f"tx_{word}:0", word)


@pytest.mark.parametrize(
    "text",
    [
        f"sha256-{_TXID}", f"sha256:{_TXID}", f'"integrity":"{_TXID}"', f"SHA-256 = {_TXID}",
        f"main.{_TXID}.js", f"{_TXID}.chunk.js", f"{_TXID}.css.map", "0" * 64, _TXID[:63],
    ],
)  # fmt: skip
def test_hashes_of_builds_survive(text: str) -> None:
    """Where the place says that it is a hash of code, it stays."""
    assert [] == found("hex64", text, _TXID if _TXID in text else None)


@pytest.mark.parametrize("pattern", ["3A", "ABC", "a", "0F", "00FF"])
def test_a_pattern_is_no_hex_id(pattern: str) -> None:
    """Few different digits are filler, and no hash or key."""
    assert [] == found("hex64", pattern * 40)
    assert [_TXID] == found("hex64", f"0x{_TXID}", _TXID)


def test_node_ids() -> None:
    """Exactly 66 digits beginning with 02 or 03."""
    assert ["02" + _TXID] == found("node_id", "02" + _TXID)
    assert [] == found("node_id", "05" + _TXID)
    assert [] == found("node_id", "02" + _TXID + "ab", "02" + _TXID)


@pytest.mark.parametrize(
    "path",
    ["m/44'/0'/0'/0/5", "m/84h/0h/0h", "M/49H/0H/0H/1/7", "44’/0’/0’/0/0", "84'/0'/0'",
     "m/1852'/1815'/0'", "m/10025'/0'/0'/1'", "m/0/1/2", "m/0'"],
)  # fmt: skip
def test_paths_are_found(path: str) -> None:
    """Every spelling of the hardened mark, rooted or not."""
    assert [path] == found("bip32_path", path)
    assert [path] == found("bip32_path", f"at {path}: x", path)


def test_a_path_glued_to_a_word_needs_two_hardened_parts() -> None:
    """`accountm/84'/0'` is a path, `km/5'` is not."""
    assert ["m/84'/0'"] == found("bip32_path", "accountm/84'/0'", "m/84'/0'")


@pytest.mark.parametrize("word", ["Label", "label", "x", "_Send"])
def test_a_word_behind_a_path_is_no_part_of_it(word: str) -> None:
    """With a hardened part the path is plain enough to stand glued to a word."""
    for path in ("m/84'/0'/0'/0/5", "84'/0'/0'/0/5", "m/0'/5"):
        assert [path] == found("bip32_path", path + word, path)
    assert [] == found("bip32_path", "m/0/1/2px", "m/0/1/2")
    assert [] == found("bip32_path", "m/84'/0'/01234567890123", "m/84'/0'/0123456789")


@pytest.mark.parametrize(
    "text",
    ["1/2/2024", "m/0", "12/24", "44'/x", "m/s", "1'/2", "99999999999'/0'/0'", "km/5'"],
)
def test_dates_and_fractions_survive(text: str) -> None:
    """Dates, fractions and units are no paths."""
    assert [] == found("bip32_path", text, "m/5'" if "km" in text else None)
