"""Remarks: what was redacted where, for our callers and for Sentry's `_meta`.

Source: Sentry's event payload documentation and Relay's `_meta` trees: under the path of a value a
node `{"": {"rem": [[rule id, kind, start, end]], "len": original length}}`. Offsets count Unicode
characters, as Relay's do. Law of this file: never a value.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from relay.rules.paths import Path, PathPart


class Remark(NamedTuple):
    """One redaction.

    Attributes:
        rule_id: the rule that asked for it.
        path: where, as a selector that finds it (`exception.values.0.value`).
        kind: `s` substituted, `x` removed, `m` masked, `p` pseudonymised.
        span: where in the new text, in characters; None when the whole value went.
    """

    rule_id: str
    path: str
    kind: str
    span: tuple[int, int] | None

    def __repr__(self) -> str:
        return f"Remark(rule_id={self.rule_id!r}, kind={self.kind!r}, span={self.span!r})"


class Note(NamedTuple):
    """The remarks on one value, before they are written: its path, and its length before."""

    path: Path
    remarks: tuple[tuple[str, str, int, int] | tuple[str, str], ...]
    length: int | None = None

    def __repr__(self) -> str:
        return f"Note(remarks={self.remarks!r}, length={self.length!r})"


_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def show_path(path: Path) -> str:
    """Return a path in selector syntax; keys with other characters are quoted."""
    return ".".join(_show_part(str(part)) for part in path)


def _show_part(part: str) -> str:
    if part and _PLAIN.issuperset(part):
        return part
    return "'" + part.replace("'", "''") + "'"


def as_remarks(notes: Iterable[Note]) -> tuple[Remark, ...]:
    """Return notes in the form that callers see."""
    made: list[Remark] = []
    containers: dict[Path, str] = {}
    parts: dict[PathPart, str] = {}
    for path, remarks, _ in notes:
        above, part = path[:-1], path[-1]
        shown = containers.get(above)
        if shown is None:
            shown = containers[above] = show_path(above) + "." if above else ""
        last = parts.get(part)
        if last is None:
            last = parts[part] = _show_part(str(part))
        shown += last
        for remark in remarks:
            span = (remark[2], remark[3]) if len(remark) == 4 else None
            made.append(Remark(remark[0], shown, remark[1], span))
    return tuple(made)


def clean_meta(meta: Any, depth: int = 0) -> dict[str, Any]:
    """Return what a client's `_meta` may keep: remarks, lengths and error words, no values.

    Original values (`val`) and text chunks are what scrubbing is there to remove.
    """
    if not isinstance(meta, dict) or depth > _META_DEPTH:
        return {}
    kept: dict[str, Any] = {}
    for key, child in meta.items():
        if key == "":
            node = _clean_node(child)
            if node:
                kept[""] = node
        else:
            below = clean_meta(child, depth + 1)
            if below:
                kept[key] = below
    return kept


_META_DEPTH: Final = 60


def _clean_node(node: Any) -> dict[str, Any]:
    if not isinstance(node, dict):
        return {}
    kept: dict[str, Any] = {}
    remarks = node.get("rem")
    if isinstance(remarks, list):
        good = [remark for remark in remarks if _is_remark(remark)]
        if good:
            kept["rem"] = good
    errors = node.get("err")
    if isinstance(errors, list):
        words = [e[0] if isinstance(e, list) and e else e for e in errors]
        names = [word for word in words if isinstance(word, str) and _is_word(word)]
        if names:
            kept["err"] = names
    length = node.get("len")
    if isinstance(length, int) and not isinstance(length, bool):
        kept["len"] = length
    return kept


def _is_word(word: str) -> bool:
    return len(word) <= 40 and _PLAIN.issuperset(word)


def _is_rule_name(text: str) -> bool:
    """Whether it is a name like ours (`network/ip-address`) or Sentry's (`@ip:replace`, `!raw`)."""
    return len(text) <= 80 and (_PLAIN | {"@", "!", ":", "/", "."}).issuperset(text)


def _is_remark(remark: Any) -> bool:
    return (
        isinstance(remark, list)
        and 2 <= len(remark) <= 4
        and isinstance(remark[0], str)
        and _is_rule_name(remark[0])
        and isinstance(remark[1], str)
        and len(remark[1]) == 1
        and all(isinstance(n, int) and not isinstance(n, bool) for n in remark[2:])
    )


REMARKS_A_VALUE: Final = 64
REMARKS_IN_ALL: Final = 4_000


def write_meta(meta: dict[str, Any], notes: Sequence[Note]) -> None:
    """Add notes to a `_meta` tree in place. Ranges of older remarks on the same value go.

    What a tree cannot say is left out: the empty key stands for the node itself, and `clean_meta`
    would not read a deeper one back. Nor is more written than `REMARKS_A_VALUE` on one value and
    `REMARKS_IN_ALL`: remarks must not outgrow the document that they are about.
    """
    left = REMARKS_IN_ALL
    for path, remarks, length in notes:
        if "" in path or len(path) > _META_DEPTH:
            continue
        if left <= 0:
            return
        node = meta
        for part in path:
            name = part if type(part) is str else str(part)
            child = node.get(name)
            if not isinstance(child, dict):
                child = node[name] = {}
            node = child
        own = node.get("")
        if own is None:
            own = node[""] = {}
        made = [list(remark) for remark in remarks[: min(left, REMARKS_A_VALUE)]]
        left -= len(made)
        own["rem"] = [*(remark[:2] for remark in own["rem"]), *made] if "rem" in own else made
        if length is not None:
            own.setdefault("len", length)
