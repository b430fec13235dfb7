"""Tokens of people and services: JWT, e-mail addresses, Trezor's device state.

Sources: RFC 7519 and RFC 7515 (JWT), RFC 5321 and 5322 (addresses, the part in use), trezor-suite
(`DeviceState`: address of the test network, device id and instance).
"""

import re
from base64 import urlsafe_b64decode
from binascii import Error

from relay.detectors.base58 import base58check
from relay.detectors.spans import NOTHING, Span, after, before, jagged

_SIGNED = 3
"""Parts of a token that is signed (RFC 7515); one that is encrypted has five (RFC 7516)."""
_JWT_HEADER = 2048


def jwt(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find a JSON web token: parts of base64url, the first of which is a JSON object with `alg`.

    A cut-off last part is fine; what is glued behind a signature stays.
    """
    parts = text[start:end].split(".")
    head = parts[0]
    if len(parts) == 1 or len(head) > _JWT_HEADER or not head.isascii():
        return NOTHING
    try:
        header = urlsafe_b64decode(head + "=" * (-len(head) % 4))
    except (Error, ValueError):
        return NOTHING
    if not header.startswith(b"{") or b'"alg"' not in header:
        return NOTHING
    if b'"enc"' not in header:
        end = start + len(".".join(parts[:_SIGNED]))
    return ((start, end),)


_FILE_SUFFIXES = frozenset(
    ("png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "js", "ts", "tsx", "jsx", "mjs", "cjs",
     "css", "map", "json", "html", "htm", "md", "py", "so", "dll", "exe", "zip", "tgz", "tar", "gz")
)  # fmt: skip
_FREQUENT = frozenset(
    ("com", "org", "net", "info", "edu", "gov", "biz", "dev", "app", "io", "co", "me", "eu", "de",
     "cz", "sk", "pl", "at", "ch", "fr", "it", "es", "nl", "uk", "us", "ru", "ua", "jp", "cn", "kr",
     "in", "br", "ca", "au")
)  # fmt: skip
_MAX_LOCAL, _MAX_DOMAIN = 64, 253
_MIN_SUFFIX = 2


def _without_glue(domain: str) -> str:
    """Cut what follows the top-level domain (`example.com-btc`, `example.com12`, `example.com.x`).

    None has a hyphen or a digit but xn--; digits also end versions, so it must be a frequent one.
    """
    labels = domain.split(".")
    last = labels[-1]
    if not last.lower().startswith("xn--"):
        last = last.partition("-")[0]
        letters = last[: next((i for i, c in enumerate(last) if c.isdigit()), len(last))]
        labels[-1] = letters if letters.lower() in _FREQUENT else last
    while len(labels) > _MIN_SUFFIX and not _is_top_level(labels[-1]):
        labels.pop()
    return ".".join(labels)


def _is_top_level(label: str) -> bool:
    return len(label) >= _MIN_SUFFIX and (label.isalpha() or label.lower().startswith("xn--"))


def _domain_holds(domain: str) -> bool:
    labels = domain.split(".")
    suffix = labels[-1].lower()
    if len(labels) < _MIN_SUFFIX or len(domain) > _MAX_DOMAIN or suffix in _FILE_SUFFIXES:
        return False
    if not _is_top_level(suffix):
        return False
    return all(label and label[0] != "-" and label[-1] != "-" for label in labels)


def email(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find an e-mail address, and not `git@host:repo`, `image@2x.png` or a scoped package.

    The candidate is `local@domain`; a sentence's punctuation at the end stays.
    """
    word = text[start:end].rstrip(".-")
    end = start + len(word)
    local, sign, domain = word.rpartition("@")
    whole = len(domain)
    domain = _without_glue(domain)
    end -= whole - len(domain)
    if not sign or not 0 < len(local) <= _MAX_LOCAL or local[0] == "." or local[-1] == ".":
        return NOTHING
    if not _domain_holds(domain):
        return NOTHING
    if local.lower() == "git" and after(text, end) in (":", "/"):
        return NOTHING
    if domain[0].isdigit() and domain[1:3] == "x.":
        return NOTHING
    return ((start, end),)


_DEVICE_ID = 24
_GLUED, _MIN_GLUED = 40, 12
"""Characters on each side that may be a word glued on, or from so many on, encoded data."""
_LETTERS = re.compile("^[A-Za-z0-9+/]+")  # noqa: TID251
_UPPER_HEX = frozenset("0123456789ABCDEF")
_MAX_ADDRESS = 64


def device_state(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find Trezor's device state, `<address>@<24 HEX>:<instance>`, and a bare state cut before `@`.

    The candidate is `word@HEX`, the number behind it optional.
    """
    word = text[start:end]
    address, sign, rest = word.rpartition("@")
    device, _, instance = rest.partition(":")
    if not sign or len(device) != _DEVICE_ID or not _UPPER_HEX.issuperset(device):
        return NOTHING
    if instance and not instance.isdigit():
        return NOTHING
    spans = base58check(text, start, start + len(address)) if len(address) <= _MAX_ADDRESS else ()
    first = spans[-1][0] if spans else start
    return ((first, end),)


def device_id(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find Trezor's device id: exactly 24 upper-case hex digits, letters and digits among them."""
    word = text[start:end]
    if len(word) != _DEVICE_ID or not _UPPER_HEX.issuperset(word):
        return NOTHING
    if word.isdigit() or word.isalpha():
        return NOTHING
    left, right = before(text, start), after(text, end)
    if left in _UPPER_HEX or right in _UPPER_HEX:
        return NOTHING
    head, tail = text[max(0, start - _GLUED) : start], text[end : end + _GLUED]
    glued = (_LETTERS.search(head[::-1]), _LETTERS.search(tail))
    if any(run and len(run[0]) >= _MIN_GLUED and jagged(run[0]) for run in glued):
        return NOTHING
    return ((start, end),)
