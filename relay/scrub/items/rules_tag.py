"""The tag that says which rules have cleaned an event: the beginning of their digest.

Law of this file: the tag is ours. What a client says under its name goes before the rules look,
with what its `_meta` says about it; the value is put in after them, so no rule has a remark on it.
"""

from collections.abc import Iterator
from typing import Any, Final

RULES_TAG: Final = "relay.rules"
DIGITS: Final = 12
"""Of the digest, as Git shows a commit; too few to be taken for a number of a card."""


def take_tag(event: dict[str, Any]) -> None:
    """Take the client's own tag of that name out of an event, in place.

    In a list of pairs its value goes and its place stays: remarks know the others by their number.
    """
    tags, meta = event.get("tags"), event.get("_meta")
    about = meta.get("tags") if isinstance(meta, dict) else None
    about = about if isinstance(about, dict) else {}
    if isinstance(tags, dict):
        tags.pop(RULES_TAG, None)
        about.pop(RULES_TAG, None)
    for index, pair in _own(tags):
        _write(pair, None)
        about.pop(str(index), None)


def put_tag(event: dict[str, Any], value: str) -> None:
    """Put the tag into an event, in place, in the form that its tags have."""
    tags = event.get("tags")
    if isinstance(tags, dict):
        tags[RULES_TAG] = value
    elif isinstance(tags, list):
        own = [pair for _, pair in _own(tags)]
        for pair in own:
            _write(pair, value)
        if not own:
            tags.append([RULES_TAG, value])
    else:
        # Text or a number is no tags for Sentry, and is thrown away there.
        event["tags"] = {RULES_TAG: value}


def _own(tags: Any) -> Iterator[tuple[int, Any]]:
    """Give the pairs that say this tag, with their number: a key and a value, listed or named."""
    for index, pair in enumerate(tags if isinstance(tags, list) else ()):
        listed = isinstance(pair, list) and pair[:1] == [RULES_TAG]
        if listed or (isinstance(pair, dict) and RULES_TAG in (pair.get("key"), pair.get("name"))):
            yield index, pair


def _write(pair: Any, value: str | None) -> None:
    if isinstance(pair, list):
        pair[1:] = [value]
    else:
        pair["value"] = value
