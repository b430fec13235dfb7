"""Rule files as text: a small writer of the YAML that `relay.yamlio` reads back the same."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from relay.rules.model import Method, Status
from relay.rules.sentry_import.model import Find, Redact
from relay.yamlio import scalar

_WIDTH: Final = 100
_TODO: Final = """\
  # TODO: this rule has no proof yet, and no set of rules loads with it before it has.
  # Write two texts at least that it must change, and two that it must leave alone,
  # one of them nearly a hit. A rule about a place takes whole documents:
  #   - {event: {extra: {note: '…'}}, becomes: {extra: {note: '…'}}}   under scrubs
  #   - event: {extra: {other: '…'}}                                   under leaves
  # Then run: relay rules test --rules FOLDER
"""


def rule_text(
    rule_id: str,
    description: str,
    why: str,
    find: Find,
    where: Sequence[str],
    excepts: Sequence[str],
    redact: Redact,
    *,
    status: Status = Status.ENFORCE,
) -> str:
    """Return a rule file up to its examples."""
    lines = [
        f"id: {rule_id}",
        f"description: {quoted(description)}",
        f"why: {quoted(why)}",
        f"status: {status}",
        "match:",
    ]
    if find.any:
        lines.append("  any: true")
    if find.keys:
        lines += _listed("  key", find.keys)
    if find.pattern:
        lines.append(f"  pattern: {quoted(find.pattern)}")
    if find.check:
        lines.append(f"  check: {find.check}")
    if where:
        lines += _listed("where", where)
    if excepts:
        lines += _listed("except", excepts)
    text = f", text: {quoted(redact.text)}" if redact.method is Method.REPLACE else ""
    lines.append(f"redact: {{method: {redact.method}{text}}}")
    return "\n".join(lines) + "\n"


def examples_text(
    scrubs: Sequence[Mapping[str, Any]], leaves: Sequence[Any], *, made_up: bool = False
) -> str:
    """Return the examples of a rule that has them; a remark if they are made from its pattern."""
    remark = ["  # Made from the pattern, not from your data: put texts of your own beside them."]
    lines = ["examples:", *(remark if made_up else []), "  scrubs:"]
    for example in scrubs:
        (first, before), (second, after) = example.items()
        lines += [f"    - {first}: {flow(before)}", f"      {second}: {flow(after)}"]
    lines.append("  leaves:")
    for leaf in leaves:
        shown = quoted(leaf) if isinstance(leaf, str) else f"event: {flow(leaf)}"
        lines.append(f"    - {shown}")
    return "\n".join(lines) + "\n"


def todo_text() -> str:
    """Return the examples of a rule whose author has to write them."""
    return f"examples:\n{_TODO}  scrubs: []\n  leaves: []\n"


def _listed(key: str, words: Sequence[str]) -> list[str]:
    line = f"{key}: [{', '.join(map(quoted, words))}]"
    if len(line) <= _WIDTH:
        return [line]
    indent = " " * (len(key) - len(key.lstrip()) + 2)
    return [f"{key}:", *(f"{indent}- {quoted(word)}" for word in words)]


def flow(value: Any) -> str:
    """Write plain data on one line."""
    match value:
        case dict():
            pairs = (f"{_key(key)}: {flow(inner)}" for key, inner in value.items())
            return "{" + ", ".join(pairs) + "}"
        case list():
            return "[" + ", ".join(map(flow, value)) + "]"
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case str():
            return quoted(value)
        case _:
            return str(value)


def _key(key: str) -> str:
    plain = key.isascii() and key.replace("_", "").isalnum() and key[0].isalpha()
    return key if plain and isinstance(scalar(key), str) else quoted(key)


def quoted(text: str) -> str:
    """Write text: between single quotes, or double ones where a character needs an escape."""
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char.isprintable():
        return char
    code = ord(char)
    if code < 1 << 8:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 1 << 16 else f"\\U{code:08x}"
