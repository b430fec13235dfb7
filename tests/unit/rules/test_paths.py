"""Types of what stands at a path."""

import pytest

from relay.rules.paths import Path, has_type


@pytest.mark.parametrize(
    ("wanted", "node", "path", "expected"),
    [
        ("string", ("user", "name"), ("user", "name"), True),
        ("number", ("user", "name"), ("user", "name"), False),
        ("object", ("user",), ("user", "name"), True),
        ("array", ("tags",), ("tags", 0), True),
        ("object", ("tags",), ("tags", 0), False),
        ("user", ("user",), ("user", "name"), True),
        ("user", ("contexts", "user"), ("contexts", "user", "name"), False),
        ("frame", ("a", "frames", 3), ("a", "frames", 3, "vars"), True),
        ("frame", ("frames",), ("frames", 3), False),
        ("exception", ("exception", "values", 0), ("exception", "values", 0, "value"), True),
        ("exception", ("exception", 0), ("exception", 0, "value"), True),
        ("exception", ("exception", "values"), ("exception", "values", 0), False),
        ("event", (), ("message",), True),
        ("replay", (), ("message",), False),
    ],
)
def test_types_by_place(wanted: str, node: Path, path: Path, *, expected: bool) -> None:
    """A value has its own type; what stands above it one by its place in an event."""
    assert expected == has_type(wanted, node, path, "string", "event")


@pytest.mark.parametrize(
    ("wanted", "root", "node", "expected"),
    [
        ("event", "transaction", (), True),
        ("replay", "replay_event", (), True),
        ("event", "replay_event", (), False),
        ("log", "log", (), True),
        ("log", "log", ("items", 0), True),
        ("log", "span", ("items", 0), False),
        ("user_report", "user_report", ("items", 0), False),
    ],
)
def test_types_of_roots(wanted: str, root: str, node: Path, *, expected: bool) -> None:
    """A root has the name of its kind, or Sentry's for it; some also come many in a container."""
    assert expected == has_type(wanted, node, (*node, "body"), "string", root)
