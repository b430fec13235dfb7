"""What every item scrubber gets and gives."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from relay import jsonio
from relay.protocol.envelope import Item
from relay.protocol.limits import Limits
from relay.scrub.remarks import Note


class Tools(Protocol):
    """The rules, as an item scrubber uses them. What they find is noted on the way.

    Attributes:
        limits: for what is opened on the way.
        rules_tag: the value of the tag that says which rules they are; empty for no tag.
    """

    limits: Limits
    rules_tag: str

    def value(self, value: Any, size: int, *, remarks: bool = False) -> Any:
        """Scrub a parsed document of so many bytes, maybe in place; `remarks` go into `_meta`.

        Raises:
            ScrubError: it is too deep, or needs more work than its size allows.
        """
        ...

    def text(self, text: str) -> str:
        """Scrub one text.

        Raises:
            ScrubError: it needs more work than its size allows.
        """
        ...

    def again(self, value: Any, size: int) -> Any:
        """Scrub a map or list, in place, in which only other readings of what was scrubbed stand.

        Raises:
            ScrubError: it is too deep, or needs more work than its size allows.
        """
        ...

    def note(self, notes: Iterable[Note]) -> None:
        """Note redactions that were made without a rule."""
        ...


ItemScrubber = Callable[[Item, Any, Tools], bytes]
"""(item, its payload as parsed JSON or None, tools) -> the clean payload.

Raises:
    JsonError: it is not what its kind says; the item is dropped as `invalid`.
    NotForwardedError: it is of a form that is never forwarded (`item_policy`).
    ScrubError: it cannot be scrubbed inside its bounds (`scrub_failed`).
"""


class NotForwardedError(Exception):
    """A payload of a form that is never forwarded: a picture, an archive."""


def object_in(item: Item, document: Any) -> dict[str, Any]:
    """Return an item's JSON object.

    Raises:
        JsonError: its payload is none.
    """
    value = jsonio.loads(item.payload) if document is None else document
    if not isinstance(value, dict):
        raise jsonio.JsonError("not a JSON object")
    return value
