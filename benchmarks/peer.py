"""Sentry's own Rust scrubber (PyPI's sentry-relay), with the best ten rules its language allows.

Its language has no checksums, no look-around and no words near by. What it does have is used:
leftmost alternatives that match and replace nothing (`replaceGroups`), so that ids in plain hex are
stepped over, and a second selector, for `$string` alone leaves out what Relay marks as seldom
personal (paths of frames, tags, addresses of requests, spans). No selector at all reaches exception
types, transactions, lines of source or keys of objects.

Two sets, ten rules each. `GENEROUS` finds as much as it can and is what recall and precision are
measured with. `LEAN` does with patterns that cost a third: it is the set that times are compared
with, so that no pattern of ours makes the peer slow.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sentry_relay.exceptions import RelayError as PeerError
from sentry_relay.processing import pii_strip_event

from relay import jsonio
from relay.errors import MalformedError

_BASE58 = "[1-9A-HJ-NP-Za-km-z]"
_BECH32 = "[02-9ac-hj-np-z]"
_PARTS = (
    "bc|tb|bcrt|t?(?:ltc|grs|btg|bnb)|dgb|vtc|addr|addr_test|stake|stake_test|pool|drep|script|asset"
    "|cosmos|osmo|terra|kava|band|inj|secret|akash|axelar|one|iaa|certik|chihuahua|ex|erd|zil|fetch"
    "|zs|u|utest|npub|nsec|ltcmweb|tmweb|lno|lnurl|ln(?:bc|tb|bcrt)[0-9]*[munp]?"
)
_SCHEMES = (
    "bitcoin|btc|litecoin|ltc|bitcoincash|bch|bchtest|ecash|bitcoingold|btg|dash|digibyte|dgb|dogecoin"
    "|doge|namecoin|nmc|vertcoin|vtc|zcash|zec|ethereum|eth|ethclassic|etc|ripple|xrp|cardano|ada"
    "|solana|sol|polygon|matic|pol|binance|bsc|optimism|op|monero|lightning"
)

_GENEROUS = {
    "extended-key": (
        r"(?:pkh|sh|tr)\((?:[a-z]+\()?\[[0-9a-f]{8}/[^\s\"]*|[A-Za-z]{1,4}(?:pub|prv|tub|tpv)[1-9A-HJ-NP-Za-km-z]{20,}"
        rf"|(?:drk[pv]|xq1v|127x|277J|XPAR|ToEA){_BASE58}{{20,}}|(?-u:\b){_BASE58}{{95,}}(?-u:\b)"
    ),
    "bech32": rf"(?i-u:(?:{_PARTS})1{_BECH32}{{8,}}|[a-z_]{{1,12}}1{_BECH32}{{38,}})",
    # Ids in plain hex match first, and as they are not in the group, nothing of them is replaced.
    "base58": (
        r"(?-u:\b)(?:[0-9a-f]{24,}|[0-9A-F]{24,})(?-u:\b)|(?:(?-u:\b)|_)("
        rf"[13mn2LMDd9ArtXGRVSQKPEFTNzBbkjsuay57-8]{_BASE58}{{24,35}}|{_BASE58}{{43,}}"
        rf"|(?:Ae2|DdzFF|2cWKM|37bt){_BASE58}{{15,}})(?:(?-u:\b)|_)"
    ),
    "hex": (
        r"(?:0[xX]|hx|cx)[0-9a-fA-F]{40}|[0-9a-fA-F]{64,}"
        r"|[A-Za-z0-9]{26,35}@[0-9A-F]{24}:[0-9]+|(?:(?-u:\b)|_)[0-9A-F]{24}(?:(?-u:\b)|_)"
        r"|(?-u:\b)(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?-u:\b)"
    ),
    "uri": (
        rf"(?i-u:\b(?:{_SCHEMES}):[a-z0-9]{{20,}}[!#-&(-;=?-~]*|\b[qp]{_BECH32}{{41}}\b"
        r"|[a-z2-7]{56}\.onion|\bm(?:/[0-9]{1,10}'?h?)+|\b[a-z2-7]{40}(?:[a-z2-7]{16,18})?\b"
        r"|[a-z0-9-]+\.(?:local|lan|eth)\b)"
        r"|(?:[0-9]{10}, ?)+[0-9]{1,10}"
        r"|(?i-u:(?:%2F|%5C)(?:users|home)(?:%2F|%5C)[!-$&-~]+|/application/[0-9a-f-]{36}"
        r"|\\\\[a-z0-9._-]+\\[a-z0-9.$_-]+|/var/folders/[a-z0-9_]+/[a-z0-9_]+|/media/[a-z0-9_.-]+)"
    ),
    "phrase": r"(?:[a-z]{3,8}[ ,;./_-]+){11,}[a-z]{3,8}",
}
_FIELDS = (
    "label|[a-z_]*_label|walletlabel|device_?id|device_?state|session_?id|fingerprint|descriptor|account_?key"
    "|address|[a-z_]*_address|mnemonic|seed|passphrase|user(?:name)?|host(?:name)?"
)
"""Keys whose values go whole."""

_LEAN = {
    "extended-key": rf"(?i:[xyztuv]p(?:ub|rv)|[dl]tub|mtub|dgub|drkp){_BASE58}{{20,}}",
    "bech32": rf"(?i-u:\b(?:bc|tb|bcrt|ltc|addr|addr_test|stake|stake_test|bnb)1{_BECH32}{{8,}})",
    "base58": rf"\b[13mn2LMD9ArtX]{_BASE58}{{25,34}}\b",
    "hex-address": r"\b0x[0-9a-fA-F]{40}\b",
    "hex64": r"\b[0-9a-fA-F]{64}\b",
    "device-state": r"[A-Za-z0-9]{26,35}@[0-9A-F]{24}:[0-9]+",
}

_OURS = {
    "@ip:replace": "network/ip-address",
    "@email:replace": "people/email",
    "@userpath:replace": "paths/home-folder",
}
_BUILT_IN = ["@ip:replace", "@email:replace", "@userpath:replace"]


def _patterns(patterns: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "type": "pattern",
            "pattern": pattern,
            "redaction": {"method": "replace", "text": f"[{name}]"},
            "replaceGroups": [1] if "|_)(" in pattern else [0],
        }
        for name, pattern in patterns.items()
    }


def _config(rules: Mapping[str, Any], built_in: Sequence[str], where: str) -> str:
    return json.dumps({"rules": rules, "applications": {where: [*built_in, *rules]}})


_FIELD = {
    "type": "redact_pair",
    "keyPattern": f"(?i-u:^(?:{_FIELDS})$)",
    "redaction": {"method": "replace", "text": "[field]"},
}

GENEROUS = _config({**_patterns(_GENEROUS), "field": _FIELD}, _BUILT_IN, "$string || *.*")
"""Three of Sentry's built-in rules and seven of our own, wherever a selector reaches."""

LEAN = _config(_patterns(_LEAN), [*_BUILT_IN, "@mac:replace"], "$string")
"""Four built-in rules and six of our own, where Sentry's own documents put a rule."""


def same(value: object) -> object:
    """Stand in for JSON dumps and loads: bytes are not taken apart in Python."""
    return value


def strip(config_json: str, event_json: str) -> str:
    """Scrub one event; text in, text out, so that only the Rust part and its parsing count."""
    scrubbed: str = pii_strip_event(config_json, event_json, json_dumps=same, json_loads=same)
    return scrubbed


def scrub(event: bytes) -> bytes:
    """Scrub one event as well as the peer can, and leave out what it notes about it in `_meta`.

    Raises:
        RelayError: the peer cannot read it, and so would not send it on.
    """
    scrubbed = _scrubbed(event)
    scrubbed.pop("_meta", None)
    return jsonio.dumps(scrubbed)


def scrub_with_remarks(event: bytes) -> bytes:
    """Do the same, with its remarks, as ours writes them: spans in characters, not bytes.

    Breadcrumbs are a plain list again, as they came, and the rules that are the peer's own have the
    names of those of ours that are for the same.
    """
    scrubbed = _scrubbed(event)
    meta = scrubbed.get("_meta", {})
    for document in (scrubbed, meta):
        if "breadcrumbs" in document:
            document["breadcrumbs"] = document["breadcrumbs"]["values"]
    _translate(meta, scrubbed)
    return jsonio.dumps(scrubbed)


def _scrubbed(event: bytes) -> dict[str, Any]:
    try:
        text = strip(GENEROUS, event.decode("utf-8", "replace"))
    except PeerError as error:
        raise MalformedError(type(error).__name__) from error
    scrubbed: dict[str, Any] = jsonio.loads(text.encode())
    return scrubbed


def _translate(meta: dict[str, Any], value: Any) -> None:
    """Rewrite the remarks on a value and on all inside it."""
    for key, inner in meta.items():
        if not key:
            text = value.encode() if isinstance(value, str) else b""
            inner["rem"] = [_remark(remark, text) for remark in inner.get("rem", ())]
        elif isinstance(value, list):
            _translate(inner, value[int(key)])
        elif isinstance(value, dict):
            _translate(inner, value.get(key))


def _remark(remark: list[Any], text: bytes) -> list[Any]:
    rule, kind, *span = remark
    return [
        _OURS.get(rule, rule),
        kind,
        *(len(text[:at].decode("utf-8", "replace")) for at in span),
    ]
