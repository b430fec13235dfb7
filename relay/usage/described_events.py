"""What each word of a file of the allow-list means, in a sentence.

Law of this file: the loader takes the keys that it knows from here, and so do the schema and the
page docs/usage-events.md; so none of them can know another.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from relay.usage.attributes import MAX_BUCKETS, MAX_KEPT, MAX_TEXT, Type

Words = Mapping[str, str]

FILE: Final[Words] = MappingProxyType({
    "words": "Lists of words with a name, for `values`; those of all files are known in each.",
    "events": "Types of events, by their name as in `c_type`.",
})  # fmt: skip

EVENT: Final[Words] = MappingProxyType({
    "description": "What happened, in a sentence; for the data dictionary.",
    "apps": "Apps that send it, as in the path of the request; any, where it is not said.",
    "attributes": "What is kept, by the name of its parameter; what is not named here is dropped.",
    "examples": "The proof: query strings, and what is kept of each.",
})  # fmt: skip

ATTRIBUTE: Final[Words] = MappingProxyType({
    "type": "What it is; what cannot be read as that is dropped.",
    "description": "What it says, in a sentence; for the data dictionary.",
    "values": "Words that it may have: a list, or the name of one in `words`.",
    "buckets": f"Ascending bounds, {MAX_BUCKETS} at most; the name of the bucket is kept, and not "
    "the number.",
    "max": f"The greatest whole number that is kept as it is, {MAX_KEPT} at most.",
    "max_length": f"Characters that a text may have: 64 unless it is said, {MAX_TEXT} at most.",
    "describes": "Whether it describes a person or their device rather than what was done; sets "
    "for analysis group people by these.",
})  # fmt: skip

EXAMPLE: Final[Words] = MappingProxyType({
    "query": "A query string as a client encodes it, without what every request has.",
    "keeps": "The attributes that are kept of it, by type; no others are.",
})  # fmt: skip

ONLY_WITH: Final[Mapping[str, frozenset[Type]]] = MappingProxyType({
    "values": frozenset({Type.WORD, Type.WORDS}),
    "buckets": frozenset({Type.INTEGER, Type.NUMBER}),
    "max": frozenset({Type.INTEGER}),
    "max_length": frozenset({Type.TEXT}),
})  # fmt: skip
"""Keys of an attribute that go with some types only."""

TYPES: Final[Mapping[Type, str]] = MappingProxyType({
    Type.BOOLEAN: "`true` or `false`",
    Type.INTEGER: "a whole number from 0 to `max`; with `buckets`, its bucket: `[1, 10]` makes "
    "`0`, `1-9` and `10+`",
    Type.NUMBER: "a finite number, always in buckets: `[1, 10]` makes `<1`, `1-10` and `>=10`",
    Type.WORD: "one of `values`",
    Type.WORDS: "any of `values`, separated by commas; kept sorted, each once",
    Type.VERSION: "a version of one to three numbers, with `-beta.1` or such; of four numbers, "
    "which may be an address, the first is kept",
    Type.LANGUAGE: "a language, with script and region: `en`, `pt-BR`, `zh-Hant-TW`",
    Type.TEXT: "a short text of printable characters; what rules find in it is redacted",
})  # fmt: skip
