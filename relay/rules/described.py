"""What each word of a rule file means, in a sentence.

Law of this file: the loader takes the keys that it knows from here, and so do the schema and the
page docs/rule-reference.md; so none of them can know another.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from relay.rules.model import NEAR_WINDOW, Method, Status
from relay.rules.paths import ValueType

Words = Mapping[str, str]

RULE: Final[Words] = MappingProxyType({
    "id": "The path of the file below the rules folder, without its ending: lower-case words, `-` "
    "between them. Remarks in `_meta`, metrics and reports carry it.",
    "description": "What the rule finds, in a sentence.",
    "why": "Why nobody upstream may see it.",
    "status": "Whether the rule is applied, only counted, or not looked at; `enforce` unless it "
    "is said.",
    "match": "What to find: a `pattern`, values under a `key` (or both), or `any: true`.",
    "where": "Selectors: the rule changes something only where one of them holds. Without it, "
    "everywhere.",
    "except": "Selectors: the rule changes nothing where one of them holds.",
    "redact": "What is written in place of what was found.",
    "examples": "The proof: what the rule scrubs, and what it leaves. It is run by "
    "`relay rules test`, at each start and at each reload.",
})  # fmt: skip

MATCH: Final[Words] = MappingProxyType({
    "pattern": "A regular expression in RE2's syntax, looked for in every text. With groups, only "
    "what stands in a group is redacted. It must not match the empty text.",
    "check": "A named validator, which narrows what the pattern matched, or refuses it.",
    "key": "Keys whose values are redacted; with a `pattern`, only what it matches in them. Case, "
    "`_`, `-` and spaces do not count; one that begins with `*` stands for every key that ends so.",
    "any": "Whatever stands at the places that `where` names.",
    "near": "Words, one of which must stand within "
    f"{NEAR_WINDOW} characters of a match, or in its path.",
})  # fmt: skip

REDACT: Final[Words] = MappingProxyType({
    "method": "What happens to what was found.",
    "text": "What `replace` writes, such as `'[ip]'`.",
    "family": "For `hash`: pseudonyms of two families cannot be joined. By default the first word "
    "of the id.",
})  # fmt: skip

EXAMPLES: Final[Words] = MappingProxyType({
    "scrubs": "What is redacted, and what comes out. In `out` and `becomes`, `hash:*` as a whole "
    "value stands for any pseudonym.",
    "leaves": "What stays as it is; at least one should be a near miss.",
})  # fmt: skip

SCRUBS_TEXT: Final[Words] = MappingProxyType({
    "in": "A text, as it comes.",
    "out": "The same text, scrubbed.",
})  # fmt: skip

SCRUBS_EVENT: Final[Words] = MappingProxyType({
    "event": "An event, or any part of one, as it comes.",
    "becomes": "The same event, scrubbed, without `_meta`.",
})  # fmt: skip

LEAVES_EVENT: Final[Words] = MappingProxyType({"event": "An event, or any part of one."})

STATUSES: Final[Mapping[Status, str]] = MappingProxyType({
    Status.ENFORCE: "what is found is redacted",
    Status.SHADOW: "what would be redacted is counted, by rule and path, and stays",
    Status.OFF: "the rule is not looked at",
})  # fmt: skip

METHODS: Final[Mapping[Method, str]] = MappingProxyType({
    Method.REMOVE: "nothing; a whole value goes with its key (in a list, `null` keeps its place)",
    Method.REPLACE: "`text`",
    Method.MASK: "a `*` for each character; `***` for a map or list",
    Method.HASH: "a pseudonym, the same for the same value, until `hash.rotate` changes the key",
})  # fmt: skip


CHECKS: Final[Words] = MappingProxyType({
    "abbreviated": "addresses with an ellipsis in the middle, as apps show them; sentences that "
    "trail off stay",
    "account": "like `value`, and no name of a shared account: `root`, `user`, `guest`",
    "algorand": "Algorand addresses, by checksum",
    "base58check": "Base58Check in Bitcoin's alphabet, of any coin, by checksum",
    "bech32": "bech32 and bech32m under any name, by checksum; under a known name cut off too: "
    "from 8 characters behind a telling one (`addr`), 12 behind three or four letters, 16 behind "
    "two",
    "bip32_path": "derivation paths such as `m/84'/0'/0'`",
    "byron": "Cardano's Byron addresses",
    "cashaddr": "cashaddr, with any prefix or without, by checksum",
    "cut_off": "what is left of an identifier at the end of a text of a length that SDKs cut at",
    "decred": "Decred addresses, by checksum",
    "device_id": "a Trezor's id: 24 upper-case hex digits",
    "device_state": "a Trezor's state, `address@ID:instance`",
    "drive_folders": "folders between a drive's letter and a file's name",
    "eip55": "Ethereum addresses whose mixed case is a valid checksum",
    "email": "e-mail addresses, and not `git@host:repo` or `image@2x.png`",
    "eos": "EOS public keys",
    "ergo": "Ergo addresses, by checksum",
    "filecoin": "Filecoin addresses; where words are glued on, by checksum",
    "hex64": "64 or more hex digits: transactions, private keys",
    "iban": "bank accounts, by checksum",
    "ip": "IPv4 and IPv6; versions, times, loopback and names with `::` stay",
    "jwt": "JSON web tokens",
    "luhn": "payment cards, by checksum",
    "mac": "hardware addresses",
    "mnemonic": "12 or more words in a row of the BIP39 or SLIP-39 list, whatever separates them",
    "mnemonic_cut": "the first words of a phrase, 6 or more, at the end of a text that was cut",
    "mnemonic_joined": "12 or more words with nothing between them: camel case, or one case",
    "mnemonic_part": "6 or more words of a list in a row; for rules with `near`",
    "monero": "Monero addresses",
    "nem": "NEM addresses",
    "node_id": "compressed public keys: 66 hex digits",
    "onion": "Tor service names without `.onion`, by checksum",
    "ripple": "XRP Ledger addresses, seeds and keys",
    "solana": "base58 of exactly 32 or 64 bytes",
    "ss58": "Polkadot-like addresses",
    "stellar": "Stellar keys and addresses",
    "token": "values that mix letters and digits, and are not words with dots, dashes or `_` "
    "between",
    "ton": "TON addresses",
    "user_folder": "a user's name in a path; shared names and placeholders stay",
    "value": "a value after a key, and neither a sentence that goes on nor an expression of code",
    "xprv": "extended private keys, cut off or not",
    "xpub": "extended public keys, cut off or not",
})  # fmt: skip

TYPES: Final[Mapping[ValueType, str]] = MappingProxyType({
    ValueType.STRING: "a text",
    ValueType.NUMBER: "a number",
    ValueType.BOOLEAN: "`true` or `false`",
    ValueType.ARRAY: "a list",
    ValueType.OBJECT: "a map",
    ValueType.EVENT: "the whole document of an event, transaction, feedback or security report",
    ValueType.ATTACHMENTS: "an attachment",
    ValueType.REPLAY: "a replay",
    ValueType.EXCEPTION: "an exception: `exception.values.*`",
    ValueType.STACKTRACE: "a stack trace, wherever it stands",
    ValueType.FRAME: "one frame of a stack trace",
    ValueType.REQUEST: "`request`",
    ValueType.USER: "`user`",
    ValueType.LOGENTRY: "`logentry`",
    ValueType.MESSAGE: "`logentry`, or `message`",
    ValueType.THREAD: "a thread: `threads.values.*`",
    ValueType.BREADCRUMB: "a breadcrumb: `breadcrumbs.values.*`",
    ValueType.SPAN: "a span, in a transaction or alone",
    ValueType.SDK: "`sdk`",
    ValueType.LOG: "a log, alone or in a container",
    ValueType.TRACE_METRIC: "a metric, alone or in a container",
})  # fmt: skip
"""What each type of a selector stands for; types of Sentry's that no value here has are left out.
"""
