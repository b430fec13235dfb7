"""The schema of the allow-list: it takes what the loader takes, and refuses nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from relay import jsonio
from relay.errors import RuleError
from relay.rulefiles import read_events
from relay.rules.loading import RuleText
from relay.usage import described_events as described
from relay.usage.attributes import Type
from relay.usage.catalogue import load_catalogue
from relay.usage.schema import events_schema
from relay.yamlio import load, plain
from tests.altered import mutants

VALIDATOR = Draft202012Validator(events_schema())
WHOLE = {
    "words": {"coins": ["btc", "eth"]},
    "events": {
        "a/b": {
            "description": "d",
            "apps": ["suite"],
            "attributes": {
                "on": {"type": "boolean", "description": "d", "describes": True},
                "coin": {"type": "word", "values": "coins", "description": "d"},
                "list": {"type": "words", "values": ["x"], "description": "d"},
                "devices": {"type": "integer", "buckets": [1, 5], "description": "d"},
                "nth": {"type": "integer", "max": 5, "description": "d"},
                "seconds": {"type": "number", "buckets": [0.5], "description": "d"},
                "variant": {"type": "text", "max_length": 8, "description": "d"},
            },
            "examples": [{"query": "on=true", "keeps": {"on": True}}],
        }
    },
}
VALUES: tuple[Any, ...] = (None, 7, "word", [], {})


def test_it_is_a_schema() -> None:
    """It holds against the schema of schemas."""
    Draft202012Validator.check_schema(events_schema())


def test_every_word_is_described() -> None:
    """Types and their keys have a sentence each."""
    assert set(Type) == set(described.TYPES)
    assert described.ONLY_WITH.keys() <= described.ATTRIBUTE.keys()


@pytest.mark.parametrize("file", read_events([]), ids=lambda file: file.name)
def test_a_shipped_file(file: RuleText) -> None:
    """Each file that ships is valid."""
    root, mistakes = load(file.text, file.name)
    assert [] == mistakes
    assert [] == [error.message for error in VALIDATOR.iter_errors(plain(root))]


def is_loaded(document: Any) -> bool:
    """Whether the loader takes a document."""
    try:
        load_catalogue([RuleText("x", "x.yaml", jsonio.dumps(document).decode())])
    except RuleError:
        return False
    return True


def altered() -> Iterator[Any]:
    """Yield the document with each part of it left out, doubled or exchanged."""
    yield from mutants(WHOLE, VALUES)


def test_what_it_refuses_the_loader_refuses() -> None:
    """An editor marks nothing that the program takes."""
    assert is_loaded(WHOLE)
    assert VALIDATOR.is_valid(WHOLE)
    refused = [document for document in altered() if not VALIDATOR.is_valid(document)]
    assert len(refused) > 100
    assert [] == [document for document in refused if is_loaded(document)]
