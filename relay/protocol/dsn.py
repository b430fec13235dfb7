"""DSNs: `scheme://key@host[:port][/prefix]/project`, parsed and written.

https://develop.sentry.dev/sdk/foundations/transport/authentication/#the-dsn. The secret of an old
DSN (`key:secret@`) and a query are never kept.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from relay.protocol.ids import is_hex32

_SCHEMES: Final = {"http", "https"}
_WORD: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_HOST: Final = _WORD | frozenset(".:%")
_PREFIX: Final = _WORD | frozenset("./~")
_MAX_PROJECT: Final = 64


class DsnError(ValueError):
    """Text that is not a DSN. The message holds no part of it."""


@dataclass(frozen=True, slots=True)
class Dsn:
    """A DSN without its secret.

    Attributes:
        scheme: `http` or `https`.
        host: host name or address in lower case, IPv6 without brackets.
        port: the port, or None for the scheme's own.
        prefix: path before the project, with a leading and no final slash; may be empty.
        project: project id.
        key: public key, 32 hex digits in lower case.
    """

    scheme: str
    host: str
    port: int | None
    prefix: str
    project: str
    key: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.key}@{self._netloc()}{self.prefix}/{self.project}"

    def envelope_url(self) -> str:
        """Return the URL that envelopes for this DSN are posted to."""
        return f"{self.scheme}://{self._netloc()}{self.prefix}/api/{self.project}/envelope/"

    def _netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


def parse_dsn(text: str) -> Dsn:
    """Parse a DSN; an app has one, so the last ones are remembered.

    Raises:
        DsnError: it is none.
    """
    return _parsed(text) if len(text) <= _ORDINARY else _parse(text)


def _parse(text: str) -> Dsn:
    # urlsplit drops line breaks and tabs silently; a DSN with one is none.
    if not text.isascii() or not text.isprintable():
        raise DsnError("the DSN holds strange characters")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise DsnError("the DSN is not a URL") from None
    if parts.scheme not in _SCHEMES:
        raise DsnError("the DSN is not http or https")
    # urlsplit takes a bracket in the user's part for that of an address behind it.
    place = parts.netloc.rpartition("@")[2]
    if not host or not _HOST.issuperset(host) or ("[" in place) != ("]" in place):
        raise DsnError("the DSN has no host")
    prefix, _, project = parts.path.rstrip("/").rpartition("/")
    if not _PREFIX.issuperset(prefix):
        raise DsnError("the DSN has a strange path")
    return Dsn(
        scheme=parts.scheme,
        host=host,
        port=port,
        prefix=prefix.rstrip("/"),
        project=parse_project(project),
        key=parse_key(parts.username or ""),
    )


_ORDINARY: Final = 200
"""Longer ones are not remembered."""
_parsed: Final = lru_cache(maxsize=256)(_parse)


def parse_key(text: str) -> str:
    """Return a public key in lower case.

    Raises:
        DsnError: it is not 32 hex digits.
    """
    key = text.lower()
    if not is_hex32(key):
        raise DsnError("the public key is not 32 hex digits")
    return key


def parse_project(text: str) -> str:
    """Return a project id: digits at Sentry, here also letters, `_` and `-`, up to 64.

    Raises:
        DsnError: it is none.
    """
    if not 0 < len(text) <= _MAX_PROJECT or not _WORD.issuperset(text):
        raise DsnError("the project id is not a short word")
    return text
