"""What the user typed: never needed to see what went wrong, so it is never kept.

Law of this file: typed text is hidden whatever the rules say of it, for it comes key by key, and
the beginning of a secret looks like nothing. It stays as long as it was, as in Sentry's masking.
"""

from itertools import pairwise
from typing import Any, Final

from relay.scrub.recording.nodes import Node

HIDDEN: Final = "***"
_INCREMENT, _INPUT = 3, 5
_FIELDS: Final = frozenset(("", "input", "select", "textarea"))
"""Elements whose value is what the user chose; one that is not known may be one of them."""
_BUTTONS: Final = frozenset(("button", "checkbox", "image", "radio", "reset", "submit"))
"""Inputs with a value that the page gave them."""
_FEWEST: Final = 4
"""Characters that say enough to be the beginning of something."""


def hide_typed(events: list[Any], nodes: list[Node]) -> None:
    """Hide what was typed into fields and into text that can be edited.

    Args:
        events: of a recording.
        nodes: all nodes that it had, parents first.
    """
    for event in events:
        data = event.get("data") if isinstance(event, dict) else None
        if not isinstance(data, dict) or event.get("type") != _INCREMENT:
            continue
        if data.get("source") == _INPUT:
            _hide(data, "text")
    editable: set[Node] = set()
    for node in nodes:
        if node.tag in _FIELDS and not node.pieces and not _is_button(node):
            for attributes in node.attributes:
                _hide(attributes, "value")
        if node.origin in editable or node.tag == "textarea" or _is_editable(node):
            editable.add(node)
            for piece in node.pieces:
                if not piece.original.isspace():
                    piece.write("*" * len(piece.original))


def _hide(holder: dict[str, Any], key: str) -> None:
    value = holder.get(key)
    if isinstance(value, str):
        holder[key] = "*" * len(value)
    elif value is not None and not isinstance(value, bool):
        holder[key] = HIDDEN


def _is_button(node: Node) -> bool:
    kinds = [a["type"] for a in node.attributes if "type" in a]
    return bool(kinds) and all(isinstance(k, str) and k.lower() in _BUTTONS for k in kinds)


def _is_editable(node: Node) -> bool:
    return any(
        _says(attributes.get("contenteditable")) or attributes.get("role") == "textbox"
        for attributes in node.attributes
    )


def _says(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.lower() != "false")


def hide_typing(nodes: list[Node]) -> None:
    """Hide texts that grew into one in which something was found, or shrank from it.

    Args:
        nodes: all nodes of a recording, after their texts were scrubbed.
    """
    for node in nodes:
        # There and back again.
        for pieces in (node.pieces[::-1], node.pieces) if len(node.pieces) > 1 else ():
            for piece, other in pairwise(pieces):
                short = other.original
                if (
                    piece.text != piece.original
                    and len(short) >= _FEWEST
                    and (piece.original.startswith(short) or short.startswith(piece.original))
                    and other.text == short
                ):
                    other.write(HIDDEN)
