"""Replay recordings: what rrweb recorded of a page, made clean so that it still plays.

Law of this file: it says in which order the steps go. Every string of the document goes through
the rules once; what they cannot see (typed text, pictures, text cut over nodes) is decided beside.
Source: rrweb's event types (rrweb-io/rrweb, packages/types) and Sentry's replay SDK.
"""

from collections.abc import Callable
from typing import Any, Final

from relay import jsonio
from relay.errors import ScrubError
from relay.scrub.recording.dom import Mirror
from relay.scrub.recording.drawings import hide_drawings
from relay.scrub.recording.payload import close_payload, open_payload
from relay.scrub.recording.pictures import drop_pictures
from relay.scrub.recording.split_text import hide_split_text
from relay.scrub.recording.typed import hide_typed, hide_typing

__all__ = ["scrub_recording"]

ScrubValue = Callable[[Any, int], Any]


def scrub_recording(
    payload: bytes,
    scrub_value: ScrubValue,
    max_open: int,
    scrub_again: ScrubValue | None = None,
) -> bytes:
    """Return a recording in which nothing is left that the rules name, compressed as it came.

    Args:
        payload: a line of JSON (`{"segment_id":0}`), LF, then JSON or zlib(JSON).
        scrub_value: scrubs a parsed map or list of so many bytes, in place, and returns it.
        max_open: bytes that it may have when it is opened.
        scrub_again: does the same with other readings of what was scrubbed.

    Raises:
        JsonError: it is no recording, or not JSON, or nested beyond what can be read (about 500
            elements of a page inside each other).
        ScrubError: it does not decompress, is over `max_open`, or cannot be scrubbed in its bounds.
    """
    opened = open_payload(payload, max_open)
    document = jsonio.loads(opened.document)
    size = len(opened.document)
    events = document if isinstance(document, list) else [document]
    mirror = Mirror(size)
    for event in events:
        mirror.play(event)
    drop_pictures(events)
    hide_typed(events, mirror.made)
    hide_drawings(mirror.made)
    nodes = _take_apart(events)
    _scrub_in_place(events, scrub_value, size)
    _scrub_in_place({_CHILDREN: [children for _, children in nodes]}, scrub_value, size)
    hide_split_text(mirror.runs, scrub_again or scrub_value, size)
    hide_typing(mirror.made)
    _put_together(nodes)
    return close_payload(
        opened, jsonio.dumps(document if isinstance(document, list) else events[0])
    )


_CHILDREN: Final = "childNodes"


def _scrub_in_place(value: Any, scrub_value: ScrubValue, size: int) -> None:
    # Everything after looks at the same maps: a copy would go on as it was.
    if scrub_value(value, size) is not value:
        raise ScrubError("a recording was not scrubbed in its place")


def _take_apart(events: list[Any]) -> list[tuple[dict[str, Any], list[Any]]]:
    """Take the children out of every node: a page is nested more deeply than documents may be.

    Returns:
        Nodes with the children that they had.
    """
    taken: list[tuple[dict[str, Any], list[Any]]] = []
    stack: list[Any] = [events]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            children = value.get(_CHILDREN)
            if isinstance(children, list) and children:
                taken.append((value, children))
                value[_CHILDREN] = []
                stack += children
            stack += [part for part in value.values() if isinstance(part, (dict, list))]
        elif isinstance(value, list):
            stack += value
    return taken


def _put_together(nodes: list[tuple[dict[str, Any], list[Any]]]) -> None:
    """Give back the children, where no rule took the place that they stand in."""
    for node, children in nodes:
        if node.get(_CHILDREN) == []:
            node[_CHILDREN] = children
