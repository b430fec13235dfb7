"""Rule files: rules out, or every mistake at once."""

# ruff: noqa: E501 - a table is read best in rows

import pytest

from relay.errors import RuleError
from relay.rules.loading import RuleText, load_rules
from relay.rules.model import Leaves, Method, Scrubs, Status

GOOD = """\
id: folder/some-rule
description: d
why: w
status: shadow
match:
  pattern: '[0-9]+'
  key: [Device_ID, label]
  near: Wallet
where: ['$string', 'a.**']
except: release
redact: {method: replace, text: '[x]'}
examples:
  scrubs:
    - {in: 'a 1', out: 'a [x]'}
    - {event: {a: 1}, becomes: {a: '[x]'}}
  leaves:
    - plain
    - event: {b: [x, null, true]}
"""


def mistakes(text: str, name: str = "folder/some-rule") -> list[str]:
    """Return what is wrong with a file, each with its line."""
    with pytest.raises(RuleError) as caught:
        load_rules([RuleText(name, "f.yaml", text)])
    return [f"{m.line}: {m.message}" for m in caught.value.mistakes]


def test_a_good_file() -> None:
    """Everything that a file says is in the rule."""
    (rule,) = load_rules([RuleText("folder/some-rule", "f.yaml", GOOD)])
    assert ("folder/some-rule", Status.SHADOW) == (rule.id, rule.status)
    assert rule.match.pattern is not None
    assert ("[0-9]+", {"deviceid", "label"}, ("wallet",)) == (
        rule.match.pattern.source,
        rule.match.keys,
        rule.match.near,
    )
    assert ["$string", "a.**"] == [selector.source for selector in rule.where]
    assert ["release"] == [selector.source for selector in rule.excepts]
    assert (Method.REPLACE, "[x]", "folder") == (
        rule.redaction.method,
        rule.redaction.text,
        rule.redaction.family,
    )
    assert Scrubs("a 1", "a [x]", is_document=False, line=14) == rule.scrubs[0]
    assert Leaves({"b": ["x", None, True]}, is_document=True, line=18) == rule.leaves[1]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("why: w\n", "", "1: 'why' is missing"),
        ("why: w", "why: ' '", "3: 'why' is empty"),
        ("why: w", "why: 5", "3: 'why' must be text, not the number 5"),
        ("why: w", "because: w", "3: unknown key 'because'"),
        ("status: shadow", "status: on", "4: unknown status 'on'"),
        ("status: shadow", "status: shade", "4: unknown status 'shade'"),
        ("folder/some-rule", "Folder/Some", "1: an id is lower-case words: folder/some-name"),
        ("folder/some-rule", "folder/other", "1: the id must be the file's path, 'folder/some-rule'"),
        ("'[0-9]+'", "'[0-9'", "6: bad pattern"),
        ("'[0-9]+'", "'[0-9]*'", "6: bad pattern: the pattern can match the empty string"),
        ("'[0-9]+'", "''", "6: 'pattern' is empty"),
        ("  near: Wallet", "  check: nope", "8: unknown check 'nope'"),
        ("  pattern: '[0-9]+'", "  check: ip", "6: 'check' needs a 'pattern'"),
        ("  near: Wallet", "  any: true", "6: 'any' goes with neither"),
        ("  near: Wallet", "  any: false", "8: 'any' can only be true"),
        ("'a.**'", "'a..b'", "9: bad selector"),
        ("method: replace", "method: rot13", "11: unknown method 'rot13'"),
        ("method: replace, text: '[x]'", "method: replace", "11: 'replace' needs a 'text'"),
        ("method: replace, ", "method: mask, ", "11: 'text' does not go with 'mask'"),
        ("method: replace, ", "", "11: 'method' is missing"),
        ("text: '[x]'}", "text: '[x]', family: f}", "11: 'family' goes with 'hash' only"),
        ("status: shadow", "status: ''", "4: unknown status ''"),
        ("  key: [", "  check: ''\n  key: [", "7: unknown check ''"),
        ("replace, text: '[x]'}", "mask, text: ''}", "11: 'text' does not go with 'mask'"),
        ("text: '[x]'}", "text: '[x]', family: ''}", "11: 'family' goes with 'hash' only"),
        ("replace, text: '[x]'}", "hash, family: ''}", "11: 'family' is empty"),
        ("    - plain\n", "", "17: 'leaves' needs at least 2 examples"),
        ("    - plain\n", "    - 5\n", "17: an example is text or {event: …}"),
        ("{in: 'a 1', out: 'a [x]'}", "{in: 'a 1'}", "14: an example is {in: text, out: text}"),
        ("{in: 'a 1', out: 'a [x]'}", "{in: 1, out: 'a'}", "14: an example is {in: text, out: text}"),
        ("[Device_ID, label]", "[]", "7: 'key' is empty"),
        ("[Device_ID, label]", "[1]", "7: 'key' must be text"),
    ],
)  # fmt: skip
def test_mistakes(old: str, new: str, expected: str) -> None:
    """Each mistake is told with its line; no rule is passed over in silence."""
    assert old in GOOD
    assert any(m.startswith(expected) for m in mistakes(GOOD.replace(old, new, 1))), mistakes(
        GOOD.replace(old, new, 1)
    )


@pytest.mark.parametrize(
    "text", ["", "[1]", "a: b: c", "just text", "id: [", "\t", "null", "id: a\nid: b\n"]
)
def test_no_rule_at_all(text: str) -> None:
    """A file that is no rule is a mistake, not nothing."""
    assert mistakes(text)


def test_all_mistakes_of_all_files_come_at_once() -> None:
    """An author sees everything in one go."""
    bad = GOOD.replace("why: w\n", "").replace("shadow", "shade")
    with pytest.raises(RuleError) as caught:
        load_rules([RuleText("folder/some-rule", "a.yaml", bad), RuleText("x", "b.yaml", "[]")])
    assert {"a.yaml", "b.yaml"} == {m.file for m in caught.value.mistakes}
    assert len(caught.value.mistakes) >= 3


def test_any_needs_a_place() -> None:
    """A rule that takes whatever stands there must say where."""
    text = GOOD.replace("  pattern: '[0-9]+'\n", "  any: true\n").replace(
        "  key: [Device_ID, label]\n", ""
    )
    text = text.replace("where: ['$string', 'a.**']\n", "")
    assert any("'any: true' needs a 'where'" in m for m in mistakes(text))


def test_the_same_id_twice() -> None:
    """Two files with one id are a mistake, and the first one is named."""
    files = [RuleText("some", "a.yaml", GOOD), RuleText("some", "b.yaml", GOOD)]
    with pytest.raises(RuleError, match=r"b\.yaml:1: a second rule 'folder/some-rule' \(also in a"):
        load_rules(files)


@pytest.mark.parametrize("text", ["id: a\n\tb: 1\n", ""])
def test_what_is_not_yaml_is_one_mistake(text: str) -> None:
    """A file that does not parse, or is empty, is told once, and nothing is missed in it."""
    with pytest.raises(RuleError) as caught:
        load_rules([RuleText("x", "x.yaml", text)])
    assert 1 == len(caught.value.mistakes)
