"""The JSON Schema of a rule file, made of what the loader knows.

Law of this file: what the schema refuses, the loader refuses too. The other way round it does not
hold: patterns, selectors and the examples themselves are for `relay rules test`.
"""

from collections.abc import Mapping
from typing import Any, Final

from relay.rules import described
from relay.rules.loading import ID, LEAST_EXAMPLES
from relay.rules.model import Method

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_TEXT: Final = {"type": "string", "minLength": 1}
_SAID: Final = {"type": "string", "pattern": r"\S", "patternErrorMessage": "must not be empty"}
_KEY: Final = {"type": "string", "pattern": r"^\*?[^*]*[^*_\- ][^*]*$"}


def rule_schema() -> dict[str, Any]:
    """Return the schema of one rule file: JSON Schema, draft 2020-12.

    Source: json-schema.org, draft 2020-12. `enumDescriptions` and `patternErrorMessage` are for
    yaml-language-server, which shows them; everything else passes them over.
    """
    fields: dict[str, Any] = {
        "id": {
            "type": "string",
            "pattern": f"^{ID}$",
            "patternErrorMessage": "must be lower-case words: folder/some-name",
        },
        "description": _SAID,
        "why": _SAID,
        "status": {**_one_of(described.STATUSES), "default": "enforce"},
        "match": _match(),
        "where": _one_or_more(_TEXT),
        "except": _one_or_more(_TEXT),
        "redact": _redact(),
        "examples": _examples(),
    }
    optional = {"status", "where", "except"}
    return {
        "$schema": DIALECT,
        "title": "A rule of the relay",
        "description": "What to find, what to write in its place, and the proof that it does so.",
        **_map(described.RULE, fields, [key for key in fields if key not in optional]),
        # `any` without a `where` would redact everything.
        "if": {"properties": {"match": {"required": ["any"]}}, "required": ["match"]},
        "then": {"required": ["where"]},
    }


def _match() -> dict[str, Any]:
    fields: dict[str, Any] = {
        "pattern": _TEXT,
        "check": _one_of(dict(sorted(described.CHECKS.items()))),
        "key": _one_or_more(_KEY),
        "any": {"const": True},
        "near": _one_or_more(_TEXT),
    }
    return {
        **_map(described.MATCH, fields, []),
        "anyOf": [{"required": [key]} for key in ("pattern", "key", "any")],
        "dependentRequired": {"check": ["pattern"]},
        "dependentSchemas": {
            "any": {"not": {"anyOf": [{"required": ["pattern"]}, {"required": ["key"]}]}}
        },
    }


def _redact() -> dict[str, Any]:
    fields: dict[str, Any] = {
        "method": _one_of(described.METHODS),
        "text": {"type": "string"},
        "family": _TEXT,
    }
    return {
        **_map(described.REDACT, fields, ["method"]),
        "allOf": [
            _only_with(Method.REPLACE, "text", needed=True),
            _only_with(Method.HASH, "family", needed=False),
        ],
    }


def _only_with(method: Method, key: str, *, needed: bool) -> dict[str, Any]:
    """Return that a key stands with one method alone."""
    return {
        "if": {"properties": {"method": {"const": method.value}}},
        "then": {"required": [key]} if needed else {},
        "else": {"not": {"required": [key]}},
    }


def _examples() -> dict[str, Any]:
    text, event = described.SCRUBS_TEXT, described.SCRUBS_EVENT
    scrubs = {
        "anyOf": [
            _map(text, {key: {"type": "string"} for key in text}, list(text)),
            _map(event, {key: {} for key in event}, list(event)),
        ]
    }
    leaves = {
        "anyOf": [{"type": "string"}, _map(described.LEAVES_EVENT, {"event": {}}, ["event"])],
    }
    fields: dict[str, Any] = {
        key: {"type": "array", "minItems": LEAST_EXAMPLES, "items": items}
        for key, items in (("scrubs", scrubs), ("leaves", leaves))
    }
    return _map(described.EXAMPLES, fields, list(fields))


def _map(words: described.Words, fields: Mapping[str, Any], required: list[str]) -> dict[str, Any]:
    """Return the schema of a map that has these keys and no others."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {key: {"description": words[key], **fields[key]} for key in words},
        **({"required": required} if required else {}),
    }


def _one_of(words: Mapping[Any, str]) -> dict[str, Any]:
    return {"enum": [str(word) for word in words], "enumDescriptions": list(words.values())}


def _one_or_more(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of one text, or a list of them."""
    return {"anyOf": [item, {"type": "array", "minItems": 1, "items": item}]}
