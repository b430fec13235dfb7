"""Rule files: their YAML, their selectors, and what a rule that loads does to documents."""

import copy
import json
from contextlib import suppress
from functools import cache
from random import Random
from typing import Any

import yaml

from relay.detectors import CHECKS
from relay.errors import RuleError, ScrubError
from relay.rulefiles import shipped
from relay.rules.examples import as_mistakes, run_examples
from relay.rules.loading import RuleText, load_rules
from relay.rules.model import Method, Status
from relay.rules.selectors import TYPE_NAMES, SelectorError, parse_selector
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber
from relay.yamlio import MAX_DEPTH, Node, load, plain
from tests.fuzz.target import Target
from tests.fuzz.targets.drawing import broken, bytes_of, text_of, word

KEYS = HashKeys(b"fuzz" * 8)
FILE = "rule.yaml"

# --- YAML ----------------------------------------------------------------------------------------


def run_yaml(data: bytes) -> None:
    """Any text is a document or has mistakes with a line; PyYAML reads the same of it."""
    text = text_of(data)
    root, mistakes = load(text, FILE)
    lines = 2 + len(text.splitlines()) + text.count("\n")
    for mistake in mistakes:
        assert FILE == mistake.file
        assert 1 <= mistake.line <= lines
        assert "" != mistake.message
    plain(root)
    if mistakes:
        return
    assert _depth(root) <= MAX_DEPTH
    assert yaml.load(text, Loader=yaml.CBaseLoader) == _written(root)


def _written(node: Node) -> Any:
    """Return a document with every scalar as it was written."""
    match node.kind:
        case "map":
            return {key: _written(child) for key, child in node.value.items()}
        case "list":
            return [_written(child) for child in node.value]
        case _:
            return node.raw


def _depth(node: Node) -> int:
    if node.kind == "scalar":
        return 0
    inner = node.value.values() if node.kind == "map" else node.value
    return 1 + max(map(_depth, inner), default=0)


def draw_yaml(random: Random) -> bytes:
    def value(levels: int) -> str:
        match random.randrange(7 if levels else 4):
            case 0:
                return json.dumps(word(random))
            case 1:
                return "'" + word(random).replace("'", "''") + "'"
            case 2 | 3:
                return random.choice(
                    ("no", "017", "1e3", "~", "12:30:45", "-1", "1.5", "true", "x")
                )
            case 4:
                return "[" + ", ".join(value(levels - 1) for _ in range(3)) + "]"
            case 5:
                return "{" + ", ".join(f"k{n}: {value(levels - 1)}" for n in range(2)) + "}"
            case _:
                special = (
                    "&a x",
                    "*a",
                    "!t x",
                    "|\n  a\n  b",
                    ">-\n  a",
                    "? x",
                    "<<",
                    "%",
                    "@",
                    "`",
                )
                return random.choice(special)

    keys = [random.choice(("a", "b", "'c'", "? d", "[e]", "{f: g}", "<<", "1")) for _ in range(4)]
    text = "\n".join(f"{key}: {value(3)}" for key in keys)
    head = random.choice(("", "", "", "---\n", "%YAML 1.1\n---\n", "\ufeff", "# a\n"))
    tail = random.choice(("", "", "", "\n---\nb: 1", "\n...\n", "\n\t", "\n" + "[" * 70))
    return broken(bytes_of(head + text + tail), random, _YAML)


# --- rules ---------------------------------------------------------------------------------------


def run_rules(data: bytes) -> None:
    """A rule file is refused with file and line, or scrubs: warm as cold, and without a mistake."""
    text = text_of(data)
    try:
        rules = load_rules([RuleText("rule", FILE, text)])
    except RuleError as error:
        _has_places(error, text)
        return
    (rule,) = rules
    proven = not as_mistakes(run_examples(rules, lambda some: Scrubber.from_rules(some, KEYS)))
    warm = Scrubber.from_rules(rules, KEYS)
    inside = [e.before for e in rule.scrubs] + [e.value for e in rule.leaves]
    examples = [{"message": one, "extra": {"x": one}} for one in inside]
    documents = [*examples, *_documents()]
    if rule.status is Status.OFF:
        for document in documents:
            assert document == warm.scrub_plain(copy.deepcopy(document))
    onces = [_scrubbed(warm, document) for document in documents]
    cold = Scrubber.from_rules(rules, KEYS)
    assert onces[::-1] == [_scrubbed(cold, document) for document in documents[::-1]]
    if proven:
        # Of its own examples a rule has shown that twice is once; of other texts it need not hold.
        known = onces if rule.redaction.method is Method.MASK else onces[: len(examples)]
        assert known == [None if once is None else _scrubbed(warm, once) for once in known]


def _has_places(error: RuleError, text: str) -> None:
    lines = 2 + len(text.splitlines()) + text.count("\n")
    assert error.mistakes
    assert [] == [m for m in error.mistakes if m.file != FILE or not 1 <= m.line <= lines]


def _scrubbed(scrubber: Scrubber, document: Any) -> Any:
    """Scrub; None where it would take too much work."""
    with suppress(ScrubError):
        return scrubber.scrub_plain(copy.deepcopy(document))
    return None


@cache
def _documents() -> tuple[Any, ...]:
    return (
        {"message": "connect 203.0.113.77:9735 refused by jane.roe@example.org", "level": "error"},
        {"user": {"ip_address": "203.0.113.77", "id": 12, "a": None}, "tags": [["label",
        "My safe"]]},
        {"breadcrumbs": {"values": [{"message": '{"a": "/home/jane/x"}',
        "data": {"url": "/a?b=c"}}]}},
        {"exception": {"values": [{"type": "E", "value": "x",
        "stacktrace": {"frames": [{"vars": {"a": 1.5}}]}}]}},
    )  # fmt: skip


def draw_rule(random: Random) -> bytes:
    roll = random.random()
    if roll < 0.25:
        return broken(random.choice(_shipped()), random, _RULES)
    pattern = random.choice((
        "abc", "[0-9]{3,}", "(?i)secret \\\\w+", "(a+)+$", "(?P<n>x)", "a{1001}", "(", "", "a*",
        ".*",
        "\\\\bjane\\\\b", "\\\\p{Greek}", "(?s).", "[[:alpha:]]+", "^a|b$", "x" * 300,
    ))  # fmt: skip
    match = {
        "pattern": f'"{pattern}"', "check": random.choice((*sorted(CHECKS), "none")),
        "key": random.choice(("label", "[label, '*_id']", "'*'", "[]", "1")),
        "any": random.choice(("true", "yes")), "near": random.choice(("[solana]", "''")),
    }  # fmt: skip
    chosen = random.sample(sorted(match), random.choice((1, 1, 2, 2, 3)))
    found = ", ".join(f"{key}: {match[key]}" for key in chosen)
    text = random.choice(("'[x]'", "''", "abc", "'x'", '"\\0"', "1"))
    redact = random.choice((
        f"method: replace, text: {text}", "method: remove", "method: mask", "method: hash",
        "method: hash, family: wallet", "method: burn", "text: a",
    ))  # fmt: skip
    selectors = ["'" + draw_selector(random).decode("utf-8", "replace").replace("'", "''") + "'"]
    where = f"where: [{', '.join(selectors)}]" if random.random() < 0.6 else ""
    excepts = f"except: {selectors[0]}" if random.random() < 0.2 else ""
    into = random.choice(("abc", "secret x", "jane", "x 12345 y", word(random)))
    quoted = json.dumps(into)
    lines = [
        f"id: {random.choice(('a/b', 'rule', 'A', 'a//b', 'a-b'))}",
        "description: d", "why: w", f"status: {random.choice(('enforce', 'shadow', 'off', 'on'))}",
        f"match: {{{found}}}", where, excepts, f"redact: {{{redact}}}",
        "examples:", "  scrubs:", f"    - {{in: {quoted}, out: '[x]'}}",
        "    - {event: {label: abc, user: {a: jane}}, becomes: {user: {a: jane}}}",
        "  leaves:", "    - ordinary", "    - {event: {message: plain}}",
    ]  # fmt: skip
    return broken(bytes_of("\n".join(filter(None, lines))), random, _RULES)


@cache
def _shipped() -> tuple[bytes, ...]:
    return tuple(rule.text.encode() for rule in shipped())


# --- selectors -----------------------------------------------------------------------------------


def run_selector(data: bytes) -> None:
    """Any text is a selector or none; brackets, double negation and repetition change nothing."""
    source = text_of(data)
    try:
        selector = parse_selector(source)
    except SelectorError:
        return
    where = [selector.holds(*place) for place in _PLACES]
    same = (f"({source})", f"!!({source})", f"({source}) || ({source})", f"({source})&&({source})")
    for other in same:
        with suppress(SelectorError):  # nested too deeply, at the most
            assert where == [parse_selector(other).holds(*place) for place in _PLACES], other
    with suppress(SelectorError):
        opposite = parse_selector(f"!({source})")
        assert where == [not opposite.holds(*place) for place in _PLACES]


_PATHS = (
    (), ("message",), ("user", "ip_address"), ("User", "IP_Address"), ("values", 0),
    ("exception", "values", 0, "value"), ("exception", "values", 0, "stacktrace", "frames", 1,
    "vars"),
    ("breadcrumbs", "values", 3, "data", "url"), ("tags", 0, 1), ("tags", "label"), ("extra", "",
    "ß"),
    ("request", "headers", "user-agent"), ("items", 0, "body"), ("spans", 0, "data", "x.y", "a b"),
)  # fmt: skip
_TYPES = (("string", "event"), ("object", "transaction"), ("number", "log"), ("array", "span"))
_PLACES = tuple((path, *_TYPES[n % 4]) for n, path in enumerate(_PATHS))


def draw_selector(random: Random, levels: int = 3) -> bytes:
    def path() -> str:
        parts = [
            random.choice((
                "*", "**", "$" + random.choice((*sorted(TYPE_NAMES), "binary", "x")), "message",
                "user",
                "values", "0", "extra", "'a b'", "'it''s'", "'x.y'", "user-agent", "IP_Address",
                "é",
            ))
            for _ in range(random.choice((1, 1, 2, 3, 4)))
        ]  # fmt: skip
        return ".".join(parts)

    def one(levels: int) -> str:
        match random.randrange(6 if levels else 1):
            case 0 | 1:
                return path()
            case 2:
                return f"({one(levels - 1)})"
            case 3:
                return f"!{one(levels - 1)}"
            case 4:
                return f"{one(levels - 1)} && {one(levels - 1)}"
            case _:
                return f"{one(levels - 1)}||{one(levels - 1)}"

    source = one(levels) if random.random() < 0.97 else "(" * 40 + path() + ")" * 40
    return broken(bytes_of(source), random) if random.random() < 0.4 else bytes_of(source)


_YAML = (
    b": ", b"- ", b"'", b'"', b"[", b"]", b"{", b"}", b"|\n ", b">\n ", b"&a", b"*a", b"!!", b"? ",
    b"#",
    b"---\n", b"...", b"\t", b"~", b"no", b"<<: ", b"\\x00", b"\n  ", b"%YAML 1.1\n", b"\xc2\x85",
)  # fmt: skip
_RULES = (
    *_YAML, b"id: a/b\n", b"description: ", b"why: ", b"status: ", b"match: ", b"pattern: ",
    b"check: ",
    b"key: ", b"any: true", b"near: ", b"where: ", b"except: ", b"redact: ", b"method: ", b"text: ",
    b"family: ", b"examples:", b"scrubs:", b"leaves:", b"{in: a, out: b}",
    b"{event: {}, becomes: {}}",
    b"replace", b"remove", b"mask", b"hash", b"shadow", b"(?i)", b"\\p{L}", b"{1000}", b"$string",
    *(check.encode() for check in sorted(CHECKS)),
)  # fmt: skip
_SELECTORS = (
    b"**", b"*", b".", b"$", b"!", b"&&", b"||", b"(", b")", b"'", b"''", b" ", b"0",
    *(b"$" + name.encode() for name in sorted(TYPE_NAMES)),
)  # fmt: skip

TARGETS = (
    Target("yaml", run_yaml, draw_yaml, lambda: [*_shipped()[:8], b"a: [1, 'b', {c: no}]"], _YAML),
    Target("rules", run_rules, draw_rule, lambda: _shipped()[::5], _RULES),
    Target(
        "selectors", run_selector, draw_selector,
        lambda: [b"$error.value", b"extra.** && !$http", b"'it''s' || (**.0 && !!$string)"],
        _SELECTORS,
    ),
)  # fmt: skip
