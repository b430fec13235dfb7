"""The JSON Schema of a file of the allow-list, made of what the loader knows.

Law of this file: what the schema refuses, the loader refuses too. The other way round it does not
hold: names that may not be, lists of words with a name and examples are for the program.
"""

from collections.abc import Mapping
from typing import Any, Final

from relay.rules.schema import DIALECT
from relay.usage import described_events as described
from relay.usage.attributes import MAX_BUCKETS, MAX_KEPT, MAX_TEXT, Type
from relay.usage.event_fields import EVENT_NAME, LONGEST_NAME, NAME

_SAID: Final = {"type": "string", "pattern": r"\S", "patternErrorMessage": "must not be empty"}
_WORDS: Final = {
    "type": "array",
    "minItems": 1,
    "uniqueItems": True,
    "items": {"type": "string", "minLength": 1, "maxLength": 64},
}
_BOUNDS: Final = {
    "type": "array",
    "minItems": 1,
    "maxItems": MAX_BUCKETS,
    "uniqueItems": True,
    "items": {"type": "number"},
}


def events_schema() -> dict[str, Any]:
    """Return the schema of one file of the allow-list: JSON Schema, draft 2020-12.

    Source: json-schema.org, draft 2020-12. `enumDescriptions` and `patternErrorMessage` are for
    yaml-language-server, which shows them; everything else passes them over.
    """
    fields = {
        "words": _named(NAME, _WORDS),
        "events": _named(EVENT_NAME, _event()),
    }
    return {
        "$schema": DIALECT,
        "title": "Types of usage events",
        "description": "What is kept of usage events; what is not in the list is dropped.",
        **_map(described.FILE, fields, []),
        "minProperties": 1,
    }


def _event() -> dict[str, Any]:
    fields: dict[str, Any] = {
        "description": _SAID,
        "apps": _WORDS,
        "attributes": _named(NAME, _attribute()),
        "examples": {"type": "array", "minItems": 1, "items": _example()},
    }
    return _map(described.EVENT, fields, ["description", "examples"])


def _attribute() -> dict[str, Any]:
    fields: dict[str, Any] = {
        "type": {
            "enum": [str(kind) for kind in described.TYPES],
            "enumDescriptions": list(described.TYPES.values()),
        },
        "description": _SAID,
        "values": {"anyOf": [{"type": "string", "minLength": 1}, _WORDS]},
        "buckets": _BOUNDS,
        "max": {"type": "integer", "minimum": 1, "maximum": MAX_KEPT},
        "max_length": {"type": "integer", "minimum": 1, "maximum": MAX_TEXT, "default": 64},
        "describes": {"type": "boolean", "default": False},
    }
    return {
        **_map(described.ATTRIBUTE, fields, ["type", "description"]),
        "allOf": [
            *(_only_with(key, kinds) for key, kinds in described.ONLY_WITH.items()),
            _if([Type.WORD, Type.WORDS], {"required": ["values"]}),
            _if([Type.NUMBER], {"required": ["buckets"]}),
            _if([Type.INTEGER], {"oneOf": [{"required": ["max"]}, {"required": ["buckets"]}]}),
        ],
    }


def _example() -> dict[str, Any]:
    fields = {"query": {"type": "string"}, "keeps": {"type": "object"}}
    return _map(described.EXAMPLE, fields, list(fields))


def _only_with(key: str, kinds: frozenset[Type]) -> dict[str, Any]:
    """Return that a key stands with some types alone."""
    others = [kind for kind in described.TYPES if kind not in kinds]
    return _if(others, {"not": {"required": [key]}})


def _if(kinds: list[Type], then: Mapping[str, Any]) -> dict[str, Any]:
    is_one = {"properties": {"type": {"enum": [str(kind) for kind in kinds]}}, "required": ["type"]}
    return {"if": is_one, "then": then}


def _named(pattern: str, inside: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a map from names to what each stands for; nothing is an empty map."""
    return {
        "type": ["object", "null"],
        "propertyNames": {"pattern": f"^{pattern}$", "maxLength": LONGEST_NAME},
        "additionalProperties": inside,
    }


def _map(words: described.Words, fields: Mapping[str, Any], required: list[str]) -> dict[str, Any]:
    """Return the schema of a map that has these keys and no others."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {key: {"description": words[key], **fields[key]} for key in words},
        **({"required": required} if required else {}),
    }
