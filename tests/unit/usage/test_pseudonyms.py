"""Pseudonyms of instances, sessions and messages."""

import hashlib
import hmac

from relay.scrub.hashing import HashKeys, period_keys
from relay.usage.pseudonyms import Keyring, UsageKeys, usage_secret

SECRET = b"a secret of 16 bytes or more"
OTHER = b"another secret of many bytes"


def all_of(keys: UsageKeys, text: str = "abc") -> tuple[str, str, str, str]:
    decision = keys.decision("suite", text)
    return keys.instance(text), keys.session(text), keys.message("suite", text), decision


def test_the_same_text_has_the_same_pseudonym() -> None:
    """Of one secret and one period: 32 hex digits."""
    first, again = (all_of(UsageKeys.of(SECRET, 3)) for _ in range(2))
    assert first == again
    assert {32} == {len(bytes.fromhex(one)) * 2 for one in first}


def test_families_stand_apart() -> None:
    """An id that is used for two things stands for two things."""
    assert 4 == len(set(all_of(UsageKeys.of(SECRET, 3))))


def test_another_period_gives_other_pseudonyms_of_people() -> None:
    """Messages have the same in all, or repeats would not be known at its end."""
    first, second = (all_of(UsageKeys.of(SECRET, period)) for period in (3, 4))
    assert (True, True, False, False) == tuple(
        one != other for one, other in zip(first, second, strict=True)
    )


def test_another_secret_gives_other_pseudonyms() -> None:
    """Of all kinds."""
    first, second = all_of(UsageKeys.of(SECRET, 3)), all_of(UsageKeys.of(OTHER, 3))
    assert set() == set(first) & set(second)


def test_a_message_belongs_to_its_app() -> None:
    """Two apps may have the same id, and where one ends the other does not begin."""
    keys = UsageKeys.of(SECRET, 3)
    assert 3 == len({keys.message("a", "bc"), keys.message("ab", "c"), keys.message("b", "bc")})


def test_no_key_is_one_of_the_rules() -> None:
    """Not even where both have the same secret: what stands for a text there is not it here."""
    texts = ("abc", "10.0.0.1")
    usage = {
        one
        for period in (0, 3)
        for text in texts
        for one in all_of(UsageKeys.of(SECRET, period), text)
    }
    rules: set[str] = set()
    for keys in (HashKeys(SECRET), period_keys(SECRET, 0), period_keys(SECRET, 3)):
        for family in ("instance", "session", "message"):
            for text in texts:
                key = hmac.digest(keys.secret, b"family\0" + family.encode(), hashlib.sha256)
                rules.add(hmac.digest(key, text.encode(), "sha256").hex()[:32])
                rules.add(hmac.digest(key, b"value\0" + text.encode(), "sha256").hex()[:32])
                rules.add(hmac.digest(keys.secret, text.encode(), "sha256").hex()[:32])
    assert set() == usage & rules
    assert SECRET != usage_secret(SECRET)


def test_periods_follow_the_time() -> None:
    """A ring gives the keys of the period that a time is in; without rotation always the same."""
    ring = Keyring(SECRET, 100.0)
    assert [0, 0, 1, 9, 1] == [ring.at(now).period for now in (0.0, 99.9, 100.0, 950.0, 150.0)]
    assert all_of(UsageKeys.of(SECRET, 9)) == all_of(ring.at(950.0))
    assert {0} == {Keyring(SECRET, 0.0).at(now).period for now in (0.0, 1e9)}


def test_no_key_is_shown() -> None:
    """Nor the secret."""
    keys = UsageKeys.of(SECRET, 3)
    assert "UsageKeys(period=3)" == repr(keys)
