"""Identifiers as interfaces shorten them."""

import pytest

from tests.unit.detectors.found import found


@pytest.mark.parametrize(
    "word",
    ["bc1qw508…v8f3t4", "1A1zP1eP...7DivfNa", "0x529084…2169EE7", "xpub6BiV…2u8wZy",
     "MHS3RKRE…rMLqTEpo", "bchtest:...3qavcmml", "DdzFFzCq…xt9mhuPk", "dgub8o9o…PqWeRNbH",
     "XVNnJB2o…Ycntdozw", "htuq155r…zslehcct", "YprvAWcC…dwnL7PoJ", "GPcqPJsA...jW3EWTTp",
     "bc1qutlr…rgzsypsl", "zprvAYFo…aJooJjeF", "ectest:q...dhgdl770",
     "DRHGCM25...aXsNjyCQ", "ecash:pz…qxmmlgwe", "UQACSIoc…RVViMrKJ", "edsigtoQ...PbVraLJn"],
)  # fmt: skip
def test_shortened_identifiers(word: str) -> None:
    """First and last characters are enough to find somebody in a block explorer."""
    assert [word] == found("abbreviated", word)


def test_a_shortened_onion_name() -> None:
    """What follows the dots may be short where `.onion` follows it."""
    assert ["2zquvubj…qd"] == found("abbreviated", "2zquvubj…qd.onion", "2zquvubj…qd")


@pytest.mark.parametrize(
    "word",
    ["Transfer...done", "loading…please", "v1...v2", "main.js", "version2...download",
     "Exported…Imported", "loadJSON...saveJSON", "JSONLoad...XMLParse", "getUsers...setUsers",
     "pool1...pool2", "0o000..0o777",
     "E0000..E0FFF", "d0cbfe8a..4b1c1ea0", "Step1...Step12", "tb1ok...allright"],
)  # fmt: skip
def test_sentences_that_trail_off_survive(word: str) -> None:
    """Dots alone are no abbreviation of an address."""
    assert [] == found("abbreviated", word)
