"""Why a redaction in code is right: told by what was taken and what stood around it, no more."""

import base64
import itertools
import re
from ipaddress import ip_address
from typing import Final

from mnemonic import Mnemonic

_MIN_WORDS: Final = 4
_DISTINCT: Final = 0.9
"""Share of different words from which a list is one of words, and not of names that share some."""
_WORD_LIST: Final = frozenset(Mnemonic("english").wordlist)
_GROUPED: Final = frozenset({"wallet/hex-id", "suite/device-id"})
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_COOKIE: Final = re.compile(r".*(?:Set-)?Cookie: [\w.]+=[^\s;'\"]*['\"]?")
_SHARE_BEFORE: Final = re.compile(r"(?:\\{2}|UNC\\+|file:/{2})(?:(?!localhost)[\w.$-]+[\\/]+)?$")
_EMAIL: Final = re.compile(r"[^@\s]+@[\w-]+(?:\.[\w-]+)+")
_VERSION_BEFORE: Final = re.compile(
    r"(?i)(?:version|ver|release|build|[a-z_)]/|\bv|==|>=|sections?|\u00a7|rfc:?`?\s?\d+`?)[\s\"'=:]*$"
)
_HOME_BEFORE: Final = re.compile(
    r"(?i)(?:home|users|documents and settings|~|%7e|volumes|media|var/folders|[a-z]:)[/\\]*$"
)
_OPENED: Final = re.compile(r"(?:[:=]|=>)\s*(?:[bBrRuU]{1,2}|[A-Z]\w*\()?\\*(?P<quote>[\"'`])$")
_PAIRED: Final = re.compile(r"[(\[]\s*\\*[\"'][\w.-]+\\*[\"'],\s*\\*(?P<quote>[\"'])$")
_LITERAL: Final = r"\s*(?:[bru]?\"[^\"]*\"|[bru]?'[^']*'|[0-9.]+)\s*"
_LITERALS: Final = re.compile(
    rf"[(\[]{_LITERAL}(?:,{_LITERAL})*,?\s*(?:[)\]]|\{{snip\}})|(?s:\(\s*[bru]?[\"'].*)"
)
_CHECKED: Final = frozenset(
    {
        "wallet/base58-address", "wallet/bech32-address", "wallet/cashaddr",
        "wallet/ripple-address",
        "wallet/stellar-address", "wallet/algorand-address", "wallet/monero-address",
        "wallet/ss58-address", "wallet/ton-address", "wallet/nem-address", "wallet/odd-checksum",
        "wallet/ethereum-checksum", "wallet/byron-address", "wallet/eos-key", "people/iban",
        "network/onion-service", "secrets/jwt",
    }
)  # fmt: skip
"""Rules that take nothing without its checksum (or, a JWT, without its header)."""
_SHAPED: Final = {
    "wallet/hex-id": re.compile(r"(?:0x)?[0-9a-fA-F]{64,}"),
    "wallet/ethereum-address": re.compile(r"0x[0-9a-fA-F]{40,}"),
    "wallet/ethereum-bare": re.compile(r"[0-9a-fA-F]{40}"),
    "network/mac-address": re.compile(r"(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}"),
    "wallet/derivation-path": re.compile(r"(?:m/.*|[0-9]+['hH]/.*)[0-9].*"),
    "network/onion-address": re.compile(r"[a-z2-7]{16,56}(?:\.onion)?"),
    "network/backend-host": re.compile(r"[\w-]+(?:\.[\w-]+)+"),
    "suite/device-id": re.compile(r"[0-9A-F]{24}"),
    "secrets/pem": re.compile(r"(?s)-----BEGIN .*"),
    "secrets/service-key": re.compile(r"\S{16,}"),
    "people/card-number": re.compile(r"[0-9 -]{13,23}"),
    "people/card-digits": re.compile(r"[0-9]{13,19}"),
}
"""Rules that go by shape alone, and the shape: a literal of it is what they are for."""


def reason(rule: str, taken: str, before: str, after: str) -> str:
    """Return why a redaction is a true one, or an empty text for a false one."""
    if _EMAIL.search(taken) and not re.search(r"\s", taken):
        return "an e-mail address"
    if rule in ("network/ip-address", "network/ip-field"):
        found = "" if _VERSION_BEFORE.search(before) else _address(taken)
        if found or rule == "network/ip-address":
            return found
    if rule == "secrets/url-userinfo":
        return "user and password in a URL"
    if rule in _CHECKED:
        return "an identifier with a valid checksum"
    if rule in _SHAPED:
        # A key's dump has its digits in groups.
        whole = re.sub(r"[\s:\\]", "", taken) if rule in _GROUPED else taken
        return "a literal of the shape" if _SHAPED[rule].fullmatch(whole) else ""
    if rule in ("wallet/mnemonic", "wallet/mnemonic-part"):
        return "a run of words of the word list" if _in_word_list(taken) else ""
    if rule in ("paths/network-share", "paths/unc-path"):
        return "a share in a UNC path" if _SHARE_BEFORE.search(before) else ""
    if rule.startswith("paths/"):
        return "a folder of a user in a path" if _HOME_BEFORE.search(before) else ""
    if rule == "secrets/credential-headers" and _COOKIE.fullmatch(before[-12:] + taken):
        return "a cookie in a header"
    if _in_quotes(taken, before, after):
        return "a literal in quotes under the name of a secret"
    if _is_opened(taken):
        return "base64 of an e-mail address or a path"
    return ""


def _in_word_list(taken: str) -> bool:
    """Tell whether all words but the last are of the list that phrases are made of, and differ."""
    words = re.findall(r"[a-z]+", taken.lower())
    known = sum(word in _WORD_LIST for word in words[:-1])
    return known == len(words) - 1 >= _MIN_WORDS and len(set(words)) > _DISTINCT * len(words)


def _is_opened(taken: str) -> bool:
    """Tell whether base64, in one line or several, opens to text with an e-mail or a folder.

    What is taken may go on into the words behind it: a line of a traceback, say.
    """
    lines = [line.strip() for line in taken.replace("\\n", "\n").splitlines()]
    joined = "".join(itertools.takewhile(_BASE64.fullmatch, lines))
    for skipped in range(4):
        run = joined[skipped:].rstrip("=")
        data = base64.b64decode(run[: len(run) // 4 * 4]).decode("latin-1")
        if re.search(r"[\w.]@[\w-]+|/(?:home|Users)/\w", data):
            return True
    return False


def _address(taken: str) -> str:
    try:
        ip_address(taken.partition("%")[0])
    except ValueError:
        return ""
    return "an IP address"


def _in_quotes(taken: str, before: str, after: str) -> bool:
    """Tell whether a literal, or a list of some, stands right behind a `:` or `=`, or in a pair.

    One that a line was cut off in has no closing quote.
    """
    if _LITERALS.fullmatch(taken):
        return before.rstrip().endswith((":", "=", "=>"))
    opened = _OPENED.search(before) or _PAIRED.search(before)
    if opened is None or "${" in taken:
        return False
    return taken.endswith("{snip}") or after[:1] in (opened["quote"], "\\")
