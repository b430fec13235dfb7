"""Comments in a rule file that silence lint: `# lint: ok overlaps (either marker will do)`.

Law of this file: the raw text is read, because comments are no part of a rule. A comment holds for
its file, names its code words, and gives a reason; one that nothing needs is a finding itself.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from relay.rules.model import Rule
from relay.workbench.linting.model import Code, Finding, found
from relay.yamlio import nearest

_COMMENT: Final = re.compile(  # noqa: TID251 - reads a rule file, not a payload
    r"(?:^|\s)#\s*lint:\s*ok\b(?P<words>[a-z, -]*)(?P<reason>\([^()]*\w[^()]*\))?"
)


@dataclass(frozen=True, slots=True)
class Silence:
    """One comment: its line, the words that it names, and whether it gives a reason."""

    line: int
    words: tuple[str, ...]
    has_reason: bool


def silences_in(text: str) -> tuple[Silence, ...]:
    """Return the comments of a rule file that silence something."""
    return tuple(
        Silence(
            number,
            tuple(word for word in match["words"].replace(",", " ").split() if word.strip("-")),
            match["reason"] is not None,
        )
        for number, line in enumerate(text.splitlines(), 1)
        for match in _COMMENT.finditer(line)
    )


def audible(rule: Rule, text: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings of a rule that its file does not silence, and faults of its comments."""
    left = list(findings)
    for silence in silences_in(text):
        for problem in _problems(silence, {finding.code for finding in left}):
            yield found(rule, Code.SILENCE, problem, line=silence.line)
        if silence.has_reason:
            left = [finding for finding in left if finding.code not in silence.words]
    yield from left


def _problems(silence: Silence, codes: set[Code]) -> Iterator[str]:
    known = [str(code) for code in Code if code is not Code.SILENCE]
    if not silence.words:
        yield "the comment names no code word"
    elif not silence.has_reason:
        yield "the comment gives no reason: # lint: ok word (reason)"
    for word in silence.words:
        if word not in known:
            hint = nearest(word, known)
            yield f"unknown code word '{word}'{hint and f' ({hint})'}"
        elif word not in codes and word != Code.SLOW:
            yield f"nothing to silence: {word} does not hold"
