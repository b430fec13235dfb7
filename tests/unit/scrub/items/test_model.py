"""The table of kinds and the modules that it names."""

from pathlib import Path

import pytest

from relay.jsonio import JsonError
from relay.protocol.envelope import Item
from relay.protocol.item_kinds import KINDS, Policy
from relay.scrub import items
from relay.scrub.items.model import object_in

SHARED = {"__init__", "address", "encodings", "model", "rules_tag"}


def test_every_scrubber_is_in_the_table_and_every_row_has_one() -> None:
    """A row names a module of this package, a module is named by a row; no scrubber, no passage."""
    modules = {path.stem for path in Path(items.__file__).parent.glob("*.py")} - SHARED
    assert modules == set(items.SCRUBBERS)
    assert [] == [k for k in KINDS.values() if not k.scrubber and k.policies != (Policy.DROP,)]


def test_an_items_object() -> None:
    """The document that is parsed already is taken; else the payload is, and must be an object."""
    item = Item.make({}, b'{"a":1}')
    assert {"b": 2} == object_in(item, {"b": 2})
    assert {"a": 1} == object_in(item, None)
    with pytest.raises(JsonError):
        object_in(item, [1])
