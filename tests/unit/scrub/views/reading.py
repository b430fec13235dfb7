"""Run a view as the search does: the trigger over bytes, the spans that it finds to the reader."""

from relay.scrub.budget import Budget, budget_for
from relay.scrub.readings import Map
from relay.scrub.views import VIEWS, View

BY_NAME = {view.name: view for view in VIEWS}


def spans_of(view: View, text: str) -> list[tuple[int, int]]:
    """Run a trigger over a text, and return spans in characters."""
    data = text.replace("\n", "\r").encode()
    return [(len(data[:a].decode()), len(data[:b].decode())) for a, b in view.trigger.spans(data)]


def made(name: str, text: str, budget: Budget | None = None) -> list[tuple[str, Map | None]]:
    """Return what a view makes of a text, each with the way back."""
    view = BY_NAME[name]
    spans = spans_of(view, text)
    return list(view.make(text, iter(spans), budget or budget_for(len(text)))) if spans else []


def read(name: str, text: str, budget: Budget | None = None) -> list[str]:
    """Return the texts that a view makes of a text."""
    return [reading for reading, _ in made(name, text, budget)]


def origin(name: str, text: str, piece: str) -> str:
    """Return what a piece of the only reading of a text was read from."""
    ((reading, way),) = made(name, text)
    start = reading.index(piece)
    assert way is not None
    begin, end = way.source(start, start + len(piece))
    return text[begin:end]
