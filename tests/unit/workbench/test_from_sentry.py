"""Events as Sentry's API shows them."""

from relay.workbench.from_sentry import as_event


def test_entries_become_fields() -> None:
    """Interfaces stand where an event has them, under their names."""
    frame = {"absPath": "/a", "lineNo": 1, "context": [[1, "x"]]}
    value = {
        "eventID": "a" * 32,
        "context": {"n": 1},
        "user": {"id": "1"},
        "entries": [
            {"type": "exception", "data": {"values": [{"stacktrace": {"frames": [frame]}}]}},
            {"type": "request", "data": {"query": [["a", "b"]]}},
            {"type": "message", "data": {"formatted": "f"}},
        ],
    }
    renamed = {"abs_path": "/a", "lineno": 1, "context": [[1, "x"]]}
    assert {
        "event_id": "a" * 32,
        "extra": {"n": 1},
        "user": {"id": "1"},
        "exception": {"values": [{"stacktrace": {"frames": [renamed]}}]},
        "request": {"query_string": [["a", "b"]]},
        "logentry": {"formatted": "f"},
    } == as_event(value)


def test_what_is_no_entry_stays() -> None:
    """Nothing is left out: what has no place is walked where it stands."""
    value = {"user": {"id": 1}, "entries": ["x", {"type": "user", "data": {"id": 2}}]}
    assert value == as_event(value)


def test_other_events() -> None:
    """An event without entries is one already; other values are none."""
    assert [None, None, None] == [as_event(v) for v in ({"message": "x"}, [], {"entries": 1})]


def test_depth_is_bounded() -> None:
    """Deep data stays as it is below some depth."""
    deep = {"absPath": 1}
    for _ in range(40):
        deep = {"a": deep}
    event = as_event({"entries": [{"type": "extra", "data": deep}]})
    assert "absPath" in repr(event)
