"""Pseudonyms of instances, sessions and messages: BLAKE2b with a key (RFC 7693, a MAC by itself).

Law of this file: no key here is one of `relay.scrub.hashing`, not even where an operator gives both
the same secret; so nothing in usage data can be joined with errors.
"""

import hmac
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

_DOMAIN: Final = b"relay usage events\0"
_BYTES: Final = 16
"""Of a pseudonym."""


@dataclass(frozen=True, slots=True)
class UsageKeys:
    """The keys of one period; that of messages is the same in all of them.

    Attributes:
        period: the number of the period.
    """

    period: int
    _instance: bytes = field(repr=False)
    _session: bytes = field(repr=False)
    _message: bytes = field(repr=False)
    _decision: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: bytes, period: int) -> "UsageKeys":
        """Make the keys of a period.

        Args:
            secret: of usage events.
            period: its number; pseudonyms of two periods cannot be joined.
        """
        root = usage_secret(secret)
        rotating = _key(root, f"period {period}")
        return cls(
            period,
            _key(rotating, "instance"),
            _key(rotating, "session"),
            _key(root, "message"),
            _key(root, "decision"),
        )

    def instance(self, text: str) -> str:
        """Return 32 hex digits that stand for an instance in this period."""
        return blake2b(text.encode(), key=self._instance, digest_size=_BYTES).hexdigest()

    def session(self, text: str) -> str:
        """Return 32 hex digits that stand for a session in this period."""
        return blake2b(text.encode(), key=self._session, digest_size=_BYTES).hexdigest()

    def message(self, app: str, text: str) -> str:
        """Return 32 hex digits that stand for a message of an app, in every period.

        Nothing that stands for a person goes in: made of a constant, it would tell who is who
        from one period to the next.
        """
        named = f"{app}\0{text}".encode()
        return blake2b(named, key=self._message, digest_size=_BYTES).hexdigest()

    def decision(self, app: str, text: str) -> str:
        """Return 32 hex digits that stand for a message that opts out, in every period.

        Never that of an event: no decision is lost to an event of the same id, nor the reverse.
        """
        named = f"{app}\0{text}".encode()
        return blake2b(named, key=self._decision, digest_size=_BYTES).hexdigest()


class Keyring:
    """Gives the keys of any time."""

    def __init__(self, secret: bytes, rotate: float) -> None:
        """Set up.

        Args:
            secret: of usage events.
            rotate: seconds that a period lasts; 0 for ever.
        """
        self._secret = secret
        self._rotate = rotate
        self._keys = UsageKeys.of(secret, 0)

    def at(self, now: float) -> UsageKeys:
        """Return the keys of the period that a time is in, in seconds since the Unix epoch."""
        period = int(now // self._rotate) if self._rotate > 0 else 0
        if period != self._keys.period:
            self._keys = UsageKeys.of(self._secret, period)
        return self._keys


def usage_secret(secret: bytes) -> bytes:
    """Return what all keys of usage events are made of; no key of anything else."""
    return hmac.digest(secret, _DOMAIN, "sha256")


def _key(secret: bytes, name: str) -> bytes:
    return hmac.digest(secret, name.encode(), "sha256")
