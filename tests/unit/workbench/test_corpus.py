"""The events that rules are measured on."""

from relay import jsonio
from relay.workbench.corpus import EVENTS, documents


def test_the_same_every_time() -> None:
    """Events of sizes as they come, with distinct texts."""
    made = documents()
    assert made == documents()
    assert EVENTS == len(set(made)) == len(made)
    assert all(4_000 < len(document) < 30_000 for document in made)
    events = [jsonio.loads(document) for document in made]
    assert EVENTS == len({event["event_id"] for event in events})
    assert all("{n}" not in document.decode() for document in made)
