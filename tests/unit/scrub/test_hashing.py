"""Pseudonyms."""

import hmac

from relay.scrub.hashing import HashKeys, period_keys

KEYS = HashKeys(b"s" * 32)


def test_the_same_text_has_the_same_pseudonym() -> None:
    """Pseudonyms join inside a family and a period, and nowhere else."""
    name = KEYS.pseudonym("jane", "people")
    assert name == HashKeys(b"s" * 32).pseudonym("jane", "people")
    others = {
        name,
        KEYS.pseudonym("jane", "devices"),
        KEYS.pseudonym("joe", "people"),
        HashKeys(b"t" * 32).pseudonym("jane", "people"),
        period_keys(b"s" * 32, 1).pseudonym("jane", "people"),
        period_keys(b"s" * 32, 2).pseudonym("jane", "people"),
    }
    assert 6 == len(others)


def test_our_own_pseudonym_stays() -> None:
    """Hashing twice changes nothing."""
    name = KEYS.pseudonym("jane", "people")
    assert name == KEYS.pseudonym(name, "people")


def test_a_forged_pseudonym_is_hashed() -> None:
    """Text that only looks like a pseudonym is no proof: it is hashed like any other."""
    name = KEYS.pseudonym("jane", "people")
    forged = name[:-1] + ("0" if name[-1] != "0" else "1")
    for text in (forged, "hash:0123456789abcdef-01234567", "hash:" + "é" * 25, name + "x"):
        assert text != KEYS.pseudonym(text, "people")
    assert name != KEYS.pseudonym(name, "devices")


def test_a_pseudonym_has_a_fixed_form() -> None:
    """Its length says nothing of the text's."""
    assert {30} == {len(KEYS.pseudonym(text, "f")) for text in ("", "a", "a" * 10_000, "\ud800")}


def test_keys_hide_their_secret() -> None:
    """A secret is in no repr."""
    KEYS.pseudonym("jane", "people")
    assert "ssss" not in repr(KEYS)
    assert "HashKeys()" == repr(KEYS)


def test_pseudonyms_are_the_same_in_each_release() -> None:
    """Those of a release before are still joined with, and taken as our own."""
    period = hmac.digest(b"s" * 32, b"period\x007", "sha256")
    family = hmac.digest(period, b"family\x00people", "sha256")
    for text in ("jane", "Jörg", ""):
        digits = hmac.digest(family, b"value\0" + text.encode(), "sha256").hex()[:16]
        proof = hmac.digest(family, b"proof\0" + digits.encode(), "sha256").hex()[:8]
        assert f"hash:{digits}-{proof}" == period_keys(b"s" * 32, 7).pseudonym(text, "people")


def test_text_that_cannot_be_written_has_a_pseudonym_too() -> None:
    """Halves of a pair of UTF-16, also in what looks like a pseudonym of ours."""
    name = KEYS.pseudonym("jane", "people")
    for text in ("\ud800", name[:5] + "\ud800" + name[6:], name[:-1] + "\ud800"):
        assert KEYS.pseudonym(text, "people").startswith("hash:")
        assert text != KEYS.pseudonym(text, "people")


def test_only_with_its_beginning_it_is_ours() -> None:
    """Digits and proof behind another word are text."""
    name = KEYS.pseudonym("jane", "people")
    other = "hush:" + name[5:]
    assert other != KEYS.pseudonym(other, "people")
    assert KEYS.pseudonym(other, "people").startswith("hash:")
