"""The total walk."""

from typing import Any

import pytest
from hypothesis import given, settings

from relay.errors import ScrubError
from relay.scrub.walk import MAX_DEPTH, Container, number_text, path_of, walk
from tests.strategies import json_documents


def texts_of(value: Any) -> set[str]:
    """All strings, keys and numbers of a document, by recursion."""
    if isinstance(value, dict):
        return {t for k, v in value.items() for t in (k, *texts_of(v))}
    if isinstance(value, list):
        return {t for v in value for t in texts_of(v)}
    if isinstance(value, bool) or value is None:
        return set()
    return {value if isinstance(value, str) else number_text(value)}


@settings(deadline=None)
@given(json_documents)
def test_nothing_is_passed_over(document: Any) -> None:
    """Every string, key and number of a document is there to be searched, once."""
    root = document if isinstance(document, dict | list) else [document]
    walked = walk(root)
    assert texts_of(root) - {""} == set(walked.texts)
    assert list(range(len(walked.texts))) == sorted(walked.texts.values())


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        ({"a": {"b": [{"c": 1}]}}, {(), ("a",), ("a", "b"), ("a", "b", 0)}),
        ([["k", "v"], ["k", {"x": 1}]], {(), (0,), (1,), (1, 1)}),
        ([[1, 2], ["a"]], {(), (0,), (1,)}),
    ],
)
def test_paths(root: Any, expected: set) -> None:
    """Each map and list that holds something has its path."""
    assert expected == {path_of(container.link) for container in walk(root).containers}


@pytest.mark.parametrize(
    ("root", "key"),
    [
        ([["device", "v"]], "device"),
        ({"key": "device", "value": 1}, "device"),
        ({"name": "device", "value": 1, "type": "t"}, "device"),
        ({"device": {"value": 1, "type": "string"}}, "device"),
    ],
)
def test_pairs(root: Any, key: str) -> None:
    """A value that is addressed by a key beside it has that key."""
    assert key in {container.key for container in walk(root).containers}


def test_names_of_lists() -> None:
    """Elements stand under the list's key: in lists in lists, in pairs and in key-value maps."""
    for root in ({"k": [["x"]]}, {"k": ["x"]}, [["k", ["x"]]], {"key": "k", "value": ["x"]}):
        innermost = next(c for c in walk(root).containers if c.node == ["x"])
        assert "k" == innermost.name


def test_too_deep() -> None:
    """A document that is nested too deeply is refused, however deep, without recursion."""
    for depth in (MAX_DEPTH + 1, 100_000):
        root: Any = [1]
        for _ in range(depth):
            root = [root]
        with pytest.raises(ScrubError):
            walk(root)


def test_containers_do_not_show_their_content() -> None:
    """A container in a traceback shows no payload."""
    assert "secret" not in repr(Container({"secret": "secret"}, (None, "secret"), "secret"))
    assert "secret" not in repr(walk({"secret": "secret"}))
