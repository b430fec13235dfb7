"""Sentry's selectors in our words: where a rule holds, where not, and a place to show it at.

Source: Sentry's documentation of advanced data scrubbing ("Sources"). There a path may begin
anywhere: `password` is a key at any depth, and so becomes `**.password` here, where a path begins
at the root.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from relay.rules.paths import PathPart
from relay.rules.selectors import SelectorError, parse_selector
from relay.rules.sentry_import.syntax import Many, Node, Not, Path, parse

LEGACY: Final = {
    "freeform": "$string", "email": "$string", "sensitive": "$string", "text": "$string",
    "databag": "$object", "container": "$object",
}  # fmt: skip
"""Selectors of Sentry's first versions, as a whole or behind a `$`."""

_TYPES: Final = {
    "list": "array", "bool": "boolean", "stack": "stacktrace", "freeform": "string",
    "email": "string", "sensitive": "string", "databag": "object", "container": "object",
}  # fmt: skip

_PLACES: Final[dict[str, tuple[PathPart, ...]]] = {
    "exception": ("exception", "values", 0),
    "error": ("exception", "values", 0),
    "stacktrace": ("exception", "values", 0, "stacktrace"),
    "frame": ("exception", "values", 0, "stacktrace", "frames", 0),
    "request": ("request",),
    "http": ("request",),
    "user": ("user",),
    "logentry": ("logentry",),
    "message": ("logentry",),
    "thread": ("threads", "values", 0),
    "breadcrumb": ("breadcrumbs", "values", 0),
    "span": ("spans", 0),
    "sdk": ("sdk",),
    "event": (),
}
_BASIC: Final = ("string", "number", "boolean", "array", "object")
_ROOTS: Final = frozenset(
    ("extra", "contexts", "tags", "user", "request", "exception", "breadcrumbs", "threads",
     "logentry", "message", "spans", "sdk", "debug_meta", "server_name", "transaction", "modules")
)  # fmt: skip
_MAX_INDEX: Final = 8


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule holds: any of `where`, and none of `excepts`; `shows` are paths to try it at."""

    where: tuple[str, ...]
    excepts: tuple[str, ...]
    shows: tuple[tuple[PathPart, ...], ...] = field(compare=False)


def places_of(source: str) -> tuple[list[Place], list[str]]:
    """Translate a selector.

    Returns:
        Its alternatives, and in words what of it could not be carried over.

    Raises:
        SelectorError: it does not parse.
    """
    lost: list[str] = []
    source = LEGACY.get(source.strip(), source)
    node = parse(source)
    alternatives = node.inner if isinstance(node, Many) and node.word == "||" else (node,)
    merged: dict[tuple[tuple[str, ...], bool], Place] = {}
    for alternative in alternatives:
        place = _place(alternative, lost)
        if place is None:
            continue
        key = place.excepts, bool(place.where)
        have = merged.get(key)
        merged[key] = (
            Place(
                tuple(dict.fromkeys((*have.where, *place.where))),
                place.excepts,
                (*have.shows, *place.shows),
            )
            if have
            else place
        )
    return list(merged.values()), lost


def _place(node: Node, lost: list[str]) -> Place | None:
    """Translate one alternative: what it selects, less what it takes out again."""
    parts = node.inner if isinstance(node, Many) and node.word == "&&" else (node,)
    positive = [part for part in parts if not isinstance(part, Not)]
    excepts: list[str] = []
    for part in parts:
        if isinstance(part, Not):
            for inner in _branches(part.inner):
                excepts += _text(inner, lost, "it takes out")
    where: list[str] = []
    if len(positive) == 1:
        for branch in _branches(positive[0]):
            where += _text(branch, lost, "it selects")
    elif positive:
        whole = Many("&&", tuple(positive))
        where = _text(whole, lost, "it selects")
    if positive and not where:
        return None
    shows = tuple(show for part in positive[:1] for show in _shows(part))
    return Place(
        tuple(dict.fromkeys(where)), tuple(dict.fromkeys(excepts)), shows or (("extra", "sample"),)
    )


def _branches(node: Node) -> tuple[Node, ...]:
    return node.inner if isinstance(node, Many) and node.word == "||" else (node,)


def _text(node: Node, lost: list[str], what: str) -> list[str]:
    """Write a selector in our words; nothing, and a word in `lost`, if we have no such."""
    text = _written(node)
    try:
        parse_selector(text)
    except SelectorError as error:
        lost.append(f"{what} {text}: {str(error).partition(' at character ')[0]}")
        return []
    return [text]


def _written(node: Node) -> str:
    match node:
        case Not(inner):
            return f"!({_written(inner)})"
        case Many(word, inner):
            return f" {word} ".join(
                f"({_written(one)})" if isinstance(one, Many) else _written(one) for one in inner
            )
        case Path(parts):
            start = "" if parts[0][0] in ("type", "many") else "**."
            return start + ".".join(
                # There `**` is one step or more, here none or more.
                "*.**" if kind == "many" and at else _part(kind, word)
                for at, (kind, word) in enumerate(parts)
            )


def _part(kind: str, word: str) -> str:
    match kind:
        case "type":
            return f"${_TYPES.get(word, word)}"
        case "many":
            return "**"
        case "one":
            return "*"
        case _:
            plain = word.isascii() and word.replace("_", "").replace("-", "").isalnum()
            return word if plain else "'" + word.replace("'", "''") + "'"


# --- places to show a rule at ---------------------------------------------------------------------


def _shows(node: Node) -> Iterator[tuple[PathPart, ...]]:
    """Yield paths that a selector may hold at; the engine decides which of them it does."""
    match node:
        case Many(_, inner):
            for one in inner:
                yield from _shows(one)
        case Path(parts):
            yield from _paths(parts)
        case Not():
            return


def _paths(parts: tuple[tuple[str, str], ...]) -> Iterator[tuple[PathPart, ...]]:
    kind, word = parts[0]
    if kind == "type" and _TYPES.get(word, word) not in _BASIC:
        starts: tuple[tuple[PathPart, ...], ...] = (_PLACES.get(_TYPES.get(word, word), ()),)
    elif kind == "type" and len(parts) == 1:
        starts = (("extra", "sample"),)
    elif kind == "key" and word.casefold() in _ROOTS:
        starts = ((word,), ("extra", word))
    else:
        step: tuple[PathPart, ...] = ("sample",) if kind != "key" else (word,)
        step = (int(word),) if kind == "index" and int(word) < _MAX_INDEX else step
        starts = (("extra", *step), ("contexts", "sample", *step), step)
    for start in starts:
        path = list(start)
        for inner_kind, inner_word in parts[1:]:
            if inner_kind == "key":
                path.append(inner_word)
            elif inner_kind == "index":
                path.append(min(int(inner_word[:4]), _MAX_INDEX))
            else:
                path.append("sample")
        yield tuple(path) or ("extra", "sample")
