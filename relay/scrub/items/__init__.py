"""One module for each form of item payload; the table of item kinds names them."""

from collections.abc import Mapping
from importlib import import_module
from typing import Final

from relay.protocol.item_kinds import KINDS
from relay.scrub.items.model import ItemScrubber

SCRUBBERS: Final[Mapping[str, ItemScrubber]] = {
    name: import_module(f"{__name__}.{name}").scrub
    for name in sorted({kind.scrubber for kind in KINDS.values() if kind.scrubber})
}
"""By the word in the table: what scrubs such a payload."""
