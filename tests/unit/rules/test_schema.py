"""The schema of rule files: it takes what the loader takes, and refuses nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from relay import jsonio, rulefiles
from relay.detectors import CHECKS
from relay.errors import RuleError
from relay.rules import described
from relay.rules.loading import RuleText, load_rules
from relay.rules.model import Method, Status
from relay.rules.schema import rule_schema
from relay.rules.selectors import TYPE_NAMES, SelectorError, parse_selector
from relay.yamlio import load, plain
from tests.altered import mutants

SCHEMA = rule_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
SHIPPED = {file.name: file.text for file in rulefiles.shipped()}

WHOLE = {
    "id": "folder/some-rule",
    "description": "d",
    "why": "w",
    "status": "shadow",
    "match": {"pattern": "[0-9]+", "check": "ip", "key": ["a", "*b"], "near": "wallet"},
    "where": ["$string"],
    "except": "release",
    "redact": {"method": "replace", "text": "[x]"},
    "examples": {
        "scrubs": [{"in": "a", "out": "b"}, {"event": {"a": 1}, "becomes": {}}],
        "leaves": ["plain", {"event": {}}],
    },
}
PLACE = {**WHOLE, "match": {"any": True}, "redact": {"method": "hash", "family": "f"}}
VALUES: tuple[Any, ...] = (
    None, True, 7, 1.5, "", " ", "word", "*", "a*b", "hash", "remove", "off", "any",
    [], [""], ["word"], [1], [["word"]], {}, {"in": "a", "out": 1}, {"event": 1}, {"any": True},
)  # fmt: skip


def test_it_is_a_schema() -> None:
    """It holds against the schema of schemas."""
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_rule(name: str) -> None:
    """Each rule that ships is valid."""
    root, mistakes = load(SHIPPED[name], name)
    assert [] == mistakes
    assert [] == [error.message for error in VALIDATOR.iter_errors(plain(root))]


def is_loaded(document: Any) -> bool:
    try:
        load_rules([RuleText("x", "x.yaml", jsonio.dumps(document).decode())])
    except RuleError:
        return False
    return True


@pytest.mark.parametrize("base", [WHOLE, PLACE], ids=["whole", "place"])
def test_what_the_schema_refuses_the_loader_refuses(base: Any) -> None:
    """Of many files with one fault, none is refused by the schema alone."""
    assert is_loaded(base)
    verdicts = [(VALIDATOR.is_valid(one), is_loaded(one), one) for one in mutants(base, VALUES)]
    assert [] == [one for valid, loaded, one in verdicts if loaded and not valid]
    refused = [valid for valid, loaded, _ in verdicts if not loaded]
    # What only the loader can tell: selectors and patterns that do not parse.
    assert refused.count(False) > 0.97 * len(refused)


def test_every_check_status_and_method_is_told() -> None:
    """What a rule may name is described, and nothing else."""
    assert set(CHECKS) == set(described.CHECKS)
    assert list(Status) == list(described.STATUSES)
    assert list(Method) == list(described.METHODS)


def test_every_type_of_a_selector_is_told() -> None:
    """The types that are described are those that parse, other names of the same aside."""
    taken = set()
    for name in TYPE_NAMES:
        try:
            parse_selector(f"${name}")
        except SelectorError:
            continue
        taken.add(name)
    told = {str(word) for word in described.TYPES}
    assert {"error", "http", "client_sdk_info", "ourlog", "text", "bool", "list", "stack"} == (
        taken - told
    )
    assert told <= taken


def test_every_key_has_a_description() -> None:
    """An editor can say of each key what it is for."""

    def silent(schema: Any, path: str = "") -> Iterator[str]:
        if isinstance(schema, dict):
            for key, inner in schema.get("properties", {}).items():
                if "additionalProperties" in schema and "description" not in inner:
                    yield f"{path}.{key}"
            for key, inner in schema.items():
                yield from silent(inner, f"{path}.{key}")
        elif isinstance(schema, list):
            for inner in schema:
                yield from silent(inner, path)

    assert [] == list(silent(SCHEMA))
