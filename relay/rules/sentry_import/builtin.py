"""Sentry's built-in rules: what each type finds, in our words, and what each name does.

Source: Sentry's documentation of advanced data scrubbing ("Rule types") and Relay's list of
built-in rules. The patterns are ours; where we have a check, it decides.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from relay.rules.model import Method
from relay.rules.sentry_import.model import Find, Redact
from relay.rules.sentry_import.patterns import whole_text

FILTERED: Final = "[Filtered]"
"""What Sentry writes where a replacement has no text of its own."""

COOKIES: Final = (
    "sentrysid", "sudo", "su", "session", "__session", "sessionid", "user_session", "symfony",
    "phpsessid", "fasthttpsessionid", "mysession", "irissessionid", "_vercel_jwt", "csrf", "xsrf",
    "_xsrf", "_csrf", "csrf-token", "csrf_token", "xsrf-token", "xsrf_token", "fastcsrf",
    "_iris_csrf",
)  # fmt: skip
"""Cookies that Sentry takes for secrets."""

PASSWORD_KEYS: Final = (
    "*password", "*passwords", "*password_hash", "*password_confirm", "*password_confirmation",
    "*password_repeat", "*password1", "*password2", "*secret", "*secrets", "*secret_key",
    "*secret_token", "*passwd", "*api_key", "*apikey", "*api_key_id", "*auth", "*authorization",
    "*authentication", "*auth_key", "*authenticity_token", "*credentials", "*mysql_pwd",
    "*private_key", "*privatekey", "*token", "*tokens", "*token_secret", "otp", "two_factor",
)  # fmt: skip
_TELLING_WORDS: Final = (
    "password|secret|passwd|api[_-]key|apikey|auth|credentials|mysql_pwd|private[_-]?key"
)

_BEARER = Find(
    "bearer",
    "Bearer tokens",
    r"(?i)\bbearer\s+\S+",
    hits=(
        "Bearer abcdefghij0123456789",
        "bearer 9876543210zyxw",
        "sent Bearer abcdefghij0123456789",
    ),
    misses=("the bearers of news", "forbearer x"),
)

FINDS: Final[Mapping[str, tuple[Find, ...]]] = MappingProxyType(
    {
        "anything": (Find("any", "whatever stands there", any=True),),
        "ip": (
            Find(
                "ip",
                "IP addresses",
                r"[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*|[0-9]{1,3}(?:\.[0-9]{1,3}){3}",
                "ip",
                hits=("203.0.113.42", "2001:db8::ff00:42:8329", "connect 203.0.113.42 refused"),
                misses=("Chrome/128.0.0.0", "at 12:34:56"),
            ),
        ),
        "email": (
            Find(
                "email",
                "E-mail addresses",
                r"[A-Za-z0-9.!#$&*+?^_{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+",
                "email",
                hits=("jane.doe@example.com", "jane+x@mail.example.co.uk", "to jane@example.com"),
                misses=("git@github.com:org/repo", "image@2x.png"),
            ),
        ),
        "creditcard": (
            Find(
                "creditcard",
                "Numbers of payment cards",
                r"(?:^|[^0-9A-Za-z.])([3-6](?:[ -]?[0-9]){12,18})\b",
                "luhn",
                hits=("4111 1111 1111 1111", "5500-0000-0000-0004", "paid with 4111111111111111"),
                misses=("4111 1111 1111 1112", "1732430400123"),
            ),
        ),
        "iban": (
            Find(
                "iban",
                "International bank account numbers",
                r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b",
                "iban",
                hits=("DE89370400440532013000", "CZ6508000000192000145399"),
                misses=("DE88370400440532013000", "US12 ABCD"),
            ),
        ),
        "mac": (
            Find(
                "mac",
                "Hardware addresses of network cards",
                "(?i)[0-9a-f]{2}(?::[0-9a-f]{2}){5}|[0-9a-f]{2}(?:-[0-9a-f]{2}){5}",
                "mac",
                hits=("00:1B:44:11:3A:B7", "00-1b-44-11-3a-b7", "eth0 00:1B:44:11:3A:B7 up"),
                misses=("at 12:34:56", "ff:ff:ff:ff:ff:ff"),
            ),
        ),
        "uuid": (
            Find(
                "uuid",
                "UUIDs",
                r"(?i)\b[0-9a-z]{8}-?(?:[0-9a-z]{4}-?){3}[0-9a-z]{12}\b",
                hits=(
                    "ceee0822-ed8f-4622-b2a3-789e73e75cd1",
                    "ceee0822ed8f4622b2a3789e73e75cd1",
                ),
                misses=("ceee0822-ed8f-4622-b2a3", "ceee0822ed8f4622"),
            ),
        ),
        "imei": (
            Find(
                "imei",
                "Serial numbers of phones (IMEI)",
                r"\b[0-9]{2}-?[0-9]{6}-?[0-9]{6}-?[0-9]{1,2}\b",
                hits=("356938035643809", "35-693803-564380-9"),
                misses=("35-693803-56438", "3569380356"),
            ),
        ),
        "pemkey": (
            Find(
                "pemkey",
                "Keys in PEM, between their first and last line",
                r"-----BEGIN [A-Z0-9 ]*(?:PRIVATE|PUBLIC) KEY-----\s*"
                r"([A-Za-z0-9+/=\s\\:,-]+?)\s*(?:-----END|$)",
                hits=(
                    "-----BEGIN EC PRIVATE KEY-----MIIEvQIBADANBg-----END EC PRIVATE KEY-----",
                    "-----BEGIN RSA PUBLIC KEY-----MIIEvQIBADANBg-----END RSA PUBLIC KEY-----",
                ),
                misses=("----- BEGIN -----", "BEGIN PRIVATE KEY"),
            ),
        ),
        "urlauth": (
            Find(
                "urlauth",
                "User and password in URLs",
                r"""(?:^|[^0-9A-Za-z])(?:[a-z0-9+-]+:)?//([^\s/@:"'<>\[\]]+(?::[^\s/@"'<>\[\]]+)?)@""",
                hits=("https://jane:hunter2@example.com/x", "//jane@example.com"),
                misses=("https://example.com/@scope/pkg", "jane:hunter2"),
            ),
        ),
        "urlauth-legacy": (
            Find(
                "urlauth",
                "Passwords in URLs",
                r"""(?:^|[^0-9A-Za-z])(?:[a-z0-9]+:)?//[^\s/@:"'<>\[\]]+:([^\s/@"'<>\[\]]+)@""",
                hits=("https://jane:hunter2@example.com/x", "//jane:hunter2@example.com"),
                misses=("https://example.com/@scope/pkg", "https://jane@example.com/"),
            ),
        ),
        "usssn": (
            Find(
                "usssn",
                "US social security numbers",
                r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b",
                hits=("078-05-1120", "219-09-9999"),
                misses=("078-05-112", "2026-11-26"),
            ),
        ),
        "userpath": (
            Find(
                "userpath",
                "The user's name in paths",
                r"(?i)(?:\b(?:users|home|documents and settings)|[^/\\\s]+[/\\]profiles)[/\\]"
                r"""([^\s/\\:*?"'<>|,;()\[\]`=&#]+)""",
                "user_folder",
                hits=("/home/jane/.config/app", r"C:\Users\jane\AppData", "/Users/jane/x"),
                misses=("/Users/Shared/x", "app.asar/build/main.js"),
            ),
        ),
        "bearer": (_BEARER,),
        "password": (
            _BEARER,
            Find(
                "keys",
                "Passwords and tokens under their names",
                keys=PASSWORD_KEYS,
                hits=("hunter2", "correct horse"),
            ),
            Find(
                "texts",
                "Whole texts that name a password",
                f"(?i){whole_text(_TELLING_WORDS)}|^.*token\\S*[:=].*$",
                hits=("the password is hunter2", "api_key=x1"),
                misses=("Request failed", "a word that passed"),
            ),
        ),
        "cookies": (
            Find(
                "cookies",
                "Session cookies in text",
                rf"(?i)\b(?:{'|'.join(COOKIES)})(?:__[0-9]+)?=([^;\s]+)",
                hits=("sessionid=abc123", "lang=en; csrf_token=abc123"),
                misses=("lang=en; theme=dark", "a session"),
            ),
        ),
    }
)
"""What each of Sentry's types finds."""

TYPE_ALIASES: Final = MappingProxyType(
    {"url_auth": "urlauth", "us_ssn": "usssn", "redactPair": "redact_pair"}
)
"""Other spellings of types that Sentry's versions have."""

_R, _M, _X, _H = Method.REPLACE, Method.MASK, Method.REMOVE, Method.HASH
_TEXTS: Final = {
    "ip": "[ip]", "imei": "[imei]", "mac": "[mac]", "uuid": "[uuid]", "email": "[email]",
    "iban": "[iban]", "creditcard": "[creditcard]", "pemkey": "[pemkey]", "urlauth": "[auth]",
    "usssn": "[us-ssn]", "userpath": "[user]", "bearer": "Bearer [token]",
    "password": "[password]", "anything": FILTERED,
}  # fmt: skip
_DEFAULTS: Final = {"mac": _M, "uuid": _M, "usssn": _M, "password": _X}
_FILTERS: Final = (
    "anything", "bearer", "iban", "creditcard", "pemkey", "usssn", "password", "cookies",
)  # fmt: skip

COLLECTIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "@common": (
            "@iban", "@ip", "@email", "@creditcard", "@pemkey", "@urlauth", "@userpath", "@bearer",
            "@password", "@usssn",
        ),
        "@common:filter": (
            "@creditcard:filter", "@iban:filter", "@pemkey:filter", "@urlauth:legacy",
            "@bearer:filter", "@password:filter", "@usssn:filter",
        ),
    }
)  # fmt: skip
"""Built-in lists of built-in rules."""


def _built_in() -> dict[str, tuple[str, Redact]]:
    named: dict[str, tuple[str, Redact]] = {}
    for kind, text in _TEXTS.items():
        redacts = {m: Redact(m, text if m is _R else "") for m in (_R, _M, _X, _H)}
        named |= {f"@{kind}:{method}": (kind, redact) for method, redact in redacts.items()}
        named[f"@{kind}"] = (kind, redacts[_DEFAULTS.get(kind, _R)])
    named |= {f"@{kind}:filter": (kind, Redact(_R, FILTERED)) for kind in _FILTERS}
    named["@urlauth:legacy"] = ("urlauth-legacy", Redact(_R, FILTERED))
    return named


BUILT_IN: Final[Mapping[str, tuple[str, Redact]]] = MappingProxyType(_built_in())
"""Each built-in rule by name: the type, and what it does."""
