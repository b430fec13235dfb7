"""Pieces of base64, and identifiers that stand among words."""

from base64 import b64encode
from secrets import token_bytes

import pytest

from relay.detectors.encoded import in_base64
from tests.unit.detectors.found import found

_SOL = "7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV"
_DOT = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
_ETH = "0xAb5801a7D398351b8bE11C439e05C5B3259aeC9B"
_WALL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4XgoqOIl+Qz2pV/9j4AAQSkZ"
    "OcbOrD86D/owE4VvBJZxqeiTI9R4u67oKi/3z3iph3XUaVTvWzEA+obeBXy52fpAUIZk4VdDSxNzLvV8QL03"
)


def _inside(text: str, word: str) -> bool:
    start = text.index(word)
    return in_base64(text, start, start + len(word))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("data:font/woff2;base64,", ""),
        ("data:font/woff2;BASE64,d09GMg", "x"),
        ("integrity: sha512-", "=="),
        ("'sha384-q/", "'"),
        (_WALL, ""),
        ("", _WALL),
        ("[" + _WALL[:40], _WALL[-40:]),
        ("x" + _WALL * 100, _WALL * 100),
    ],
)
def test_pieces_of_base64(before: str, after: str) -> None:
    """What follows a telling word, or stands in a wall, is a piece."""
    assert _inside(before + _SOL + after, _SOL)
    text = before + "I/7/1h/4h/" + after
    assert [] == found("bip32_path", text, "7/1h/4h/")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("https://explorer.solana.com/address/", "/tokens?cluster=devnet"),
        (f"/api/v2/getTokenAccountsByOwner/{_DOT}/", f"/{_DOT}/transactions/all"),
        (f"{'4a5e1e4baab89f3a32518a88c31bc87f' * 2}/", ""),
        (f"{_ETH}/{_ETH}/", f"/{_ETH}"),
        ("a long sentence that says where it went, which is ", ", and no more than that"),
        ("theWalletThatWasOpenedLastInTheListOfAllTheSelectedDevicesOfTheLabel/", ""),
    ],
)  # fmt: skip
def test_identifiers_among_words_and_each_other(before: str, after: str) -> None:
    """Paths of words and of other identifiers are no base64, however long."""
    assert not _inside(before + _SOL + after, _SOL)


@pytest.mark.parametrize(
    ("check", "text", "word"),
    [
        ("bech32", 'W/"6c500-ACd2//cwTLSlS+A/BC178DVHXY0="', "BC178DVHXY0"),
        ("bip32_path", 'W/"3efa5-k5ogo0H/4hfV2i+4O9X7/IjURy4="', "0H/4h"),
        ("solana", f"sri/aX9/{_SOL}", _SOL),
        ("solana", f"{_SOL}=", _SOL),
    ],
)
def test_short_base64(check: str, text: str, word: str) -> None:
    """A hash of few characters is told by its `=`, or by what touches."""
    assert [] == found(check, text, word)


def test_short_addresses_in_paths_and_queries() -> None:
    """What is left of an address goes, behind names in camel case too."""
    word = "bc1qw508d6qe"
    for text in (f"/api/v2/getAddressInfo/{word}", f"?x=1&to={word}", f"a/{word}/b=c"):
        assert [word] == found("bech32", text, word)
    path = "44h/0h/0h"
    for text in (
        f"path={path}&x=1",
        f"/getPublicKeyOfTheAccountInTheList/{path}",
        f"account{path}",
    ):
        assert [path] == found("bip32_path", text, path)


def test_numbers_are_mostly_zeros() -> None:
    """Base64 of an array of small numbers is told by itself."""
    word = "H9wfAAAAAEBMAEHwiAYLAQcAQYCJBgsmgAAAAP4DAAD"
    assert _inside(word, word)
    assert not _inside(word[:20], word[:20])


def test_what_chance_makes_in_random_base64_stays() -> None:
    """Of all that looks like an address in megabytes of base64, nothing is found."""
    text = "data:image/png;base64," + b64encode(token_bytes(100_000)).decode()
    for name in ("solana", "ss58", "xpub"):
        runs = (run for part in text.split("/") for run in part.split("+") if len(run) > 30)
        assert not [found(name, text, run) for run in runs if found(name, text, run)]


@pytest.mark.parametrize("check", ["solana", "ss58"])
def test_checks_ask(check: str) -> None:
    """An address is found in a sentence, and not in a data URI."""
    word = {"solana": _SOL, "ss58": _DOT}[check]
    assert [word] == found(check, f"to {word} now", word)
    assert [] == found(check, f"data:image/png;base64,/{word}/", word)
