"""Pseudonyms: HMAC-SHA256, a key of its own for each family of rules (RFC 2104, FIPS 180-4)."""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

_PREFIX: Final = "hash:"
_ID: Final = 16
_PROOF: Final = 8
_LENGTH: Final = len(_PREFIX) + _ID + 1 + _PROOF


@dataclass(frozen=True, slots=True)
class HashKeys:
    """The secret of one period, from which every family's key is made.

    A pseudonym carries a proof that we made it, so that scrubbing twice changes nothing, while text
    that only looks like a pseudonym is hashed like any other.
    """

    secret: bytes = field(repr=False)
    _families: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    def pseudonym(self, text: str, family: str) -> str:
        """Return `hash:` with 16 hex digits that stand for the text, and 8 that prove it."""
        key = self._families.get(family)
        if key is None:
            key = hmac.digest(self.secret, b"family\0" + family.encode(), hashlib.sha256)
            self._families[family] = key
        if self._is_own(text, key):
            return text
        name = hmac.digest(key, b"value\0" + text.encode("utf-8", "replace"), hashlib.sha256)
        digits = name.hex()[:_ID]
        return f"{_PREFIX}{digits}-{_proof(key, digits)}"

    @staticmethod
    def _is_own(text: str, key: bytes) -> bool:
        if len(text) != _LENGTH or not text.startswith(_PREFIX):
            return False
        digits, _, proof = text[len(_PREFIX) :].partition("-")
        return hmac.compare_digest(proof.encode("utf-8", "replace"), _proof(key, digits).encode())


def _proof(key: bytes, digits: str) -> str:
    made = hmac.digest(key, b"proof\0" + digits.encode("utf-8", "replace"), hashlib.sha256)
    return made.hex()[:_PROOF]


def period_keys(secret: bytes, period: int) -> HashKeys:
    """Return the keys of a rotation period; another period gives pseudonyms that do not join."""
    return HashKeys(hmac.digest(secret, b"period\0" + str(period).encode(), hashlib.sha256))
