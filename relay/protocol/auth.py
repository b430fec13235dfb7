"""Who is calling: the ways to name a public key in a request, and how they go together.

https://develop.sentry.dev/sdk/foundations/transport/authentication/. Exactly one way may be used;
the envelope header's `dsn` may stand alone or beside one that says the same.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import unquote

from relay.errors import AuthError, AuthMismatchError
from relay.protocol.dsn import Dsn, DsnError, parse_dsn, parse_key

PROTOCOL_VERSION: Final = 7
"""The newest version of the protocol, and the one that is meant when none is named."""

_SCHEME: Final = "sentry"
_CLIENT: Final = re.compile(  # noqa: TID251 - our own, bounded, not a rule's
    r"(?:sentry|raven)(?:[._-][a-z][a-z0-9]{0,13}|-[0-9]){0,5}"
    r"/[0-9]{1,4}(?:\.[0-9]{1,4}){1,2}"
    r"(?:-(?:alpha|beta|canary|dev|nightly|pre|preview|rc|snapshot)(?:\.[0-9]{1,4})?)?"
)
_MAX_NAME_DIGITS: Final = 2
"""As in `sentry.java.log4j2`; an address or a key of short words has more."""

_DIGITS: Final = frozenset("0123456789")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who is calling.

    Attributes:
        key: public key, 32 hex digits in lower case.
        client: `name/version` of the SDK, or empty.
        version: version of the protocol, up to 7.
        project: project id, from the URL or the envelope's DSN; None where neither names it.
    """

    key: str
    client: str = ""
    version: int = PROTOCOL_VERSION
    project: str | None = None


def read_request_auth(
    headers: Mapping[str, str], query: Sequence[tuple[str, str]], path_key: str | None = None
) -> Credentials | None:
    """Read what the HTTP request says; None where it says nothing, which an envelope may still do.

    Args:
        headers: header values by name in lower case.
        query: decoded pairs of the query string.
        path_key: the key in the path, on routes that have one.

    Raises:
        AuthError: several at once, or a malformed one (401).
        AuthMismatchError: a version of the protocol that is not known (400).
    """
    found: list[tuple[str, Mapping[str, str]]] = []
    in_query = {name: value for name, value in query if name in {"sentry_version", "sentry_client"}}
    for name in ("x-sentry-auth", "authorization"):
        value = headers.get(name)
        if value is None:
            continue
        fields = _sentry_fields(value)
        if fields is not None:
            found.append((fields.get("sentry_key", ""), fields))
        elif name == "x-sentry-auth":
            raise AuthError("bad x-sentry-auth header")
        elif value[:6].lower() == "basic ":
            found.append((_basic_user(value[6:]), in_query))
        # Any other scheme is not for us: a proxy in front may use it.
    found += [(value, in_query) for name, value in query if name == "sentry_key"]
    if path_key is not None:
        found.append((path_key, in_query))
    if len(found) > 1:
        raise AuthError("multiple authorization payloads detected")
    if not found:
        # A version that is not known is refused also where the envelope names the key.
        _version(in_query)
        return None
    key, named = found[0]
    return Credentials(_key(key), _client(named), _version(named))


def join_auth(
    credentials: Credentials | None, project: str | None, envelope_dsn: Any = None
) -> Credentials:
    """Join what the request says with the envelope header's `dsn`.

    Args:
        credentials: from `read_request_auth`.
        project: project id in the URL; None on the tunnel and on `/api/store/`.
        envelope_dsn: the envelope header's `dsn`, as parsed from JSON; None where it has none.

    Raises:
        AuthError: neither names a key (401).
        AuthMismatchError: they name different keys or projects, or the `dsn` is none (400).
    """
    dsn = _dsn(envelope_dsn)
    if credentials is None:
        if dsn is None:
            raise AuthError("missing authorization information")
        credentials = Credentials(dsn.key)
    elif dsn is not None and dsn.key != credentials.key:
        raise AuthMismatchError("the envelope's dsn names another key than the request")
    if dsn is None:
        return replace(credentials, project=project)
    if project is not None and project != dsn.project:
        raise AuthMismatchError("the envelope's dsn names another project than the request")
    return replace(credentials, project=dsn.project)


def _sentry_fields(value: str) -> dict[str, str] | None:
    """The fields of a `Sentry k=v, k=v` header value, or None where it is of another scheme."""
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != _SCHEME:
        return None
    fields: dict[str, str] = {}
    for pair in rest.replace(",", " ").split():
        name, separator, text = pair.partition("=")
        if not separator:
            raise AuthError("bad sentry authorization header")
        if name == "sentry_key" and name in fields:
            raise AuthError("multiple authorization payloads detected")
        fields[name] = unquote(text)
    return fields


def _basic_user(value: str) -> str:
    try:
        return base64.b64decode(value.strip(), validate=True).decode("ascii").partition(":")[0]
    except (binascii.Error, ValueError):
        raise AuthError("bad basic authorization header") from None


def _key(text: str) -> str:
    try:
        return parse_key(text)
    except DsnError:
        raise AuthError("bad sentry_key: a public key is 32 hex digits") from None


def _dsn(value: Any) -> Dsn | None:
    if value is None:
        return None
    try:
        if isinstance(value, str):
            return parse_dsn(value)
    except DsnError:
        pass
    raise AuthMismatchError("the envelope's dsn is not a DSN") from None


def _version(fields: Mapping[str, str]) -> int:
    text = fields.get("sentry_version")
    if text is None:
        return PROTOCOL_VERSION
    if not 0 < len(text) <= 3 or not _DIGITS.issuperset(text):
        raise AuthError("bad sentry_version")
    if int(text) > PROTOCOL_VERSION:
        raise AuthMismatchError(f"unsupported protocol version: the newest is {PROTOCOL_VERSION}")
    return int(text)


def _client(fields: Mapping[str, str]) -> str:
    """The SDK's `name/version`, or nothing where it does not look like one: it goes upstream.

    The text is the client's, and no rule looks at it: so it has a closed shape, with no room for a
    person, an address or a key.
    """
    text = fields.get("sentry_client", "")
    digits = sum(map(str.isdigit, text.partition("/")[0]))
    return text if _CLIENT.fullmatch(text) and digits <= _MAX_NAME_DIGITS else ""
