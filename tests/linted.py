"""Small rule sets to lint: a good rule, of which a test changes one thing."""

from relay.rules.loading import RuleText, load_rules
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber
from relay.workbench.linting.model import Code, Finding
from relay.workbench.linting.running import lint

TICKET = r"""
id: support/ticket
description: Numbers of support tickets
why: A ticket leads to the person who wrote it.
match: {pattern: '\bTKT-[0-9]{5}\b'}
redact: {method: replace, text: '[ticket]'}
examples:
  scrubs:
    - {in: 'see TKT-48213.', out: 'see [ticket].'}
    - {in: 'TKT-00001 and TKT-00002', out: '[ticket] and [ticket]'}
  leaves: ['TKT-123', 'XTKT-48213']
"""
"""Nothing is wrong with it."""


def make(match: str, scrubs: str, leaves: str, *, id: str = "x/one", more: str = "") -> str:  # noqa: A002
    """Return a rule file of its match, its examples as YAML lists, and further lines."""
    return (
        f"id: {id}\ndescription: What it finds\nwhy: Nobody upstream may see it.\n"
        f"match: {match}\n{more}\nredact: {{method: replace, text: '[{id[-3:]}]'}}\n"
        f"examples:\n  scrubs: [{scrubs}]\n  leaves: [{leaves}]\n"
    )


def linted(*texts: str, rotates: bool = True) -> tuple[Finding, ...]:
    """Lint rule files, each named as its id says."""
    files = []
    for text in texts:
        name = text.partition("id: ")[2].partition("\n")[0]
        files.append(RuleText(name, f"{name}.yaml", text))
    keys = HashKeys(b"test" * 8)
    return lint(
        load_rules(files), files, lambda some: Scrubber.from_rules(some, keys), rotates=rotates
    )


def said(*texts: str, rotates: bool = True) -> set[tuple[str, Code]]:
    """Return rule and code word of each finding."""
    return {(finding.rule, finding.code) for finding in linted(*texts, rotates=rotates)}


def codes(*texts: str) -> set[Code]:
    """Return the code words of all findings."""
    return {finding.code for finding in linted(*texts)}


ROOM = make(
    "{pattern: 'room [0-9]{4}'}",
    "{in: 'room 1234', out: '[one]'}, {in: 'a room 5678', out: 'a [one]'}",
    "'room 123', 'rooms 1234'",
)
WIDER = make(
    "{pattern: 'room [0-9]+'}",
    "{in: 'room 1', out: '[two]'}, {in: 'room 22', out: '[two]'}",
    "'room', 'rooms 1'",
    id="x/two",
)
WHOLE = make(
    "{key: [room_name]}",
    "{event: {room_name: a}, becomes: {room_name: '[one]'}},"
    " {event: {b: {roomName: c}}, becomes: {b: {roomName: '[one]'}}}",
    "{event: {room_names: a}}, 'room name'",
)
