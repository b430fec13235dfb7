"""What people read of a rule: description, reason, file name, marker."""

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Final

from relay.rules.model import Method, Rule
from relay.workbench.linting.model import Code, Finding, Lines, found

_WORD: Final = re.compile(r"\w+")  # noqa: TID251 - counts the words of a rule's author
_MARKER: Final = re.compile(r"\[[a-z][a-z-]*\]")  # noqa: TID251
_PLACEHOLDER: Final = re.compile(r"\b(?:TODO|FIXME|TBD|XXX)\b|^\W*$")  # noqa: TID251
_DESCRIPTION_WORDS: Final = 2
_WHY_WORDS: Final = 3
_ALIKE: Final = 0.85


def thin_text(rule: Rule, lines: Lines) -> Iterator[Finding]:
    """Find a description or a reason that says nothing."""
    for key, text, least in (
        ("description", rule.description, _DESCRIPTION_WORDS),
        ("why", rule.why, _WHY_WORDS),
    ):
        problem = ""
        if _PLACEHOLDER.search(text):
            problem = "is still to be written"
        elif len(_WORD.findall(text)) < least:
            problem = f"has fewer than {least} words"
        if problem:
            yield found(rule, Code.THIN_TEXT, f"{key} {problem}", line=lines.at(key))
    if _bare(rule.why) == _bare(rule.description):
        yield found(rule, Code.THIN_TEXT, "why says the same as description", line=lines.at("why"))


def _bare(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def file_name(rule: Rule, name: str) -> Iterator[Finding]:
    """Find out whether the file has another name than the id; `name` is what its path gives it."""
    stem = name.rpartition("/")[2]
    last = rule.id.rpartition("/")[2]
    if stem != last:
        yield found(rule, Code.FILE_NAME, f"the file should be named {last}.yaml")


def marker_form(rule: Rule, rules: Sequence[Rule], lines: Lines) -> Iterator[Finding]:
    """Find a marker of an odd form, or nearly that of another rule."""
    if rule.redaction.method is not Method.REPLACE:
        return
    line = lines.at("redact", "text")
    text = rule.redaction.text
    if not _MARKER.fullmatch(text):
        message = f"the marker '{text}' is not of the form [word]"
        yield found(rule, Code.MARKER_FORM, message, line=line)
        return
    uses = _uses(rules)
    for other in get_close_matches(text, sorted(set(uses) - {text}), 1, _ALIKE):
        # Of two that are nearly the same the rarer one is the odd one.
        if uses[other] > uses[text]:
            message = f"the marker '{text}' is nearly '{other}' of other rules"
            yield found(rule, Code.MARKER_FORM, message, line=line)


def _uses(rules: Sequence[Rule]) -> dict[str, int]:
    uses: dict[str, int] = {}
    for rule in rules:
        if rule.redaction.method is Method.REPLACE:
            uses[rule.redaction.text] = uses.get(rule.redaction.text, 0) + 1
    return uses


def hash_for_ever(rule: Rule, lines: Lines, *, rotates: bool) -> Iterator[Finding]:
    """Find a rule whose pseudonyms never change."""
    if rule.redaction.method is Method.HASH and not rotates:
        message = "its pseudonyms stay the same for ever: hash.rotate is 0"
        yield found(rule, Code.HASH_FOR_EVER, message, line=lines.at("redact", "method"))
