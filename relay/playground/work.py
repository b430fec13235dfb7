"""What the playground's own process does: a request's bytes in, an answer's bytes out.

Law of this file: no I/O, and nothing is kept but compiled rules. An error says in words of ours
what is wrong, and repeats nothing of a sample; what comes out of one goes to who sent it, alone.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from http import HTTPStatus
from typing import Any, Final, assert_never

from relay import jsonio
from relay.detectors import CHECKS
from relay.errors import RelayError, RequestError, RuleError
from relay.rules.examples import ExampleResult
from relay.rules.loading import RuleText, load_rules
from relay.rules.model import Method, Scrubs
from relay.scrub.hashing import HashKeys
from relay.scrub.remarks import show_path
from relay.workbench.drafting import (
    DraftError,
    Located,
    LocateError,
    Suggestion,
    Way,
    caught_by,
    draft,
    locate,
    suggest,
)
from relay.workbench.marking import Redaction, Segment
from relay.workbench.trying import Desk, Kind, Result, Sample, Tried, try_rules

MOST_RULES: Final = 20
"""Rules that one request may bring."""

MOST_LETTERS: Final = 40
"""Of a key that go into the id of a draft."""


class Op(IntEnum):
    """What is asked for."""

    LOAD = 0
    RULES = 1
    TRY = 2
    SUGGEST = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: a status of HTTP, and JSON."""

    status: int
    body: bytes = field(repr=False)


def refusal(status: int, detail: str) -> Answer:
    """Make the answer that says what is wrong."""
    return Answer(status, jsonio.dumps({"detail": detail, "causes": []}))


class Work:
    """Answers requests with the rules that were loaded last."""

    def __init__(self, keys: HashKeys) -> None:
        """Set up; there are no rules yet. `keys` are for pseudonyms, and not the service's."""
        self._keys = keys
        self._texts: tuple[RuleText, ...] = ()
        self._desk = Desk((), keys)

    def do(self, op: Op, body: bytes) -> Answer:
        """Answer one request; never raises but for want of memory."""
        try:
            return Answer(HTTPStatus.OK, jsonio.dumps(self._do(op, body)))
        except jsonio.JsonError:
            return refusal(HTTPStatus.BAD_REQUEST, "the body is no JSON")
        except RelayError as error:
            return refusal(error.status, error.detail)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - a text of it may hold anything
            return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "internal error")

    def _do(self, op: Op, body: bytes) -> Any:
        match op:
            case Op.LOAD:
                return self._load(jsonio.loads(body))
            case Op.RULES:
                return self._rules()
            case Op.TRY:
                return self._try(jsonio.loads(body))
            case Op.SUGGEST:
                return self._suggest(jsonio.loads(body))
            case _:
                assert_never(op)

    def _load(self, files: Sequence[Sequence[str]]) -> dict[str, Any]:
        texts = tuple(RuleText(name, file, text) for name, file, text in files)
        self._desk = Desk(load_rules(texts), self._keys)
        self._texts = texts
        self._desk.prepare((), with_loaded=True)
        return {"rules": len(texts)}

    def _rules(self) -> dict[str, Any]:
        """List the loaded rules with their texts, and the words that a rule may use."""
        by_file = {text.file: text.text for text in self._texts}
        rules = [
            {
                "id": rule.id,
                "file": f"{rule.id}.yaml",  # not where it lies on this machine
                "status": rule.status,
                "description": rule.description,
                "text": by_file[rule.file],
            }
            for rule in self._desk.loaded
        ]
        return {"rules": rules, "checks": sorted(CHECKS), "methods": list(Method)}

    def _try(self, body: Any) -> dict[str, Any]:
        known = _keys(body, "rules", "base", "sample")
        if known["base"] not in ("loaded", "none"):
            raise RequestError("base must be loaded or none")
        edited = _edited(known["rules"])
        tried = try_rules(
            self._desk, edited, _sample(known["sample"]), with_loaded=known["base"] == "loaded"
        )
        return as_json(tried)

    def _suggest(self, body: Any) -> dict[str, Any]:
        """Tell of a value: where it stands, what selects it, and a rule about it."""
        known = _keys(body, "sample", "start", "end", "choice")
        sample = _sample(known["sample"])
        start, end = _number(known, "start"), _number(known, "end")
        try:
            located = locate(sample.text, sample.kind, start, end)
        except LocateError as error:
            return {"problem": error.detail}
        offered = suggest(located)
        choice = None if known["choice"] is None else _number(known, "choice")
        if choice is not None and choice >= len(offered):
            raise RequestError("choice must be the number of a selector")
        chosen = None if choice is None else offered[choice]
        told = {
            "problem": "",
            "path": show_path(located.path),
            "value_type": located.value_type,
            "part": located.span is not None,
            "selectors": [
                {"selector": one.selector, "note": one.note, "way": one.way} for one in offered
            ],
            "caught_by": caught_by(located, self._desk.prepare((), with_loaded=True).scrubber),
            "draft": "",
        }
        try:
            told["draft"] = self._draft(located, chosen)
        except (DraftError, RuleError) as error:
            told["problem"] = error.detail
        return told

    def _draft(self, located: Located, chosen: Suggestion | None) -> str:
        """Write a rule about a value, by the suggestion that was chosen or by the best way."""
        rule_id = _new_id(located.key, {rule.id for rule in self._desk.loaded})
        match chosen:
            case None:
                return draft(rule_id, located)
            case Suggestion(way=Way.KEY):
                return draft(rule_id, located, way=Way.KEY)
            case _:
                return draft(rule_id, located, selector=chosen.selector, way=chosen.way)


def _new_id(key: str, taken: Container[str]) -> str:
    """Return an id for a rule about what stands under a key."""
    spaced = "".join(f" {c}" if c.isupper() else c for c in key).lower()
    plain = "".join(c if c.isascii() and c.isalnum() else " " for c in spaced)
    name = "-".join(plain.split())[:MOST_LETTERS].rstrip("-") or "new-rule"
    made, number = f"app/{name}", 2
    while made in taken:
        made, number = f"app/{name}-{number}", number + 1
    return made


def as_json(tried: Tried) -> dict[str, Any]:
    """Return what was tried in the form that the page reads."""
    result = tried.result
    return {
        "mistakes": [
            {"file": m.file, "line": m.line, "message": m.message, "hint": m.hint}
            for m in tried.mistakes
        ],
        "edited": tried.edited,
        "examples": [_example(example) for example in tried.examples],
        "result": None if result is None else _result(result),
        "redactions": [] if result is None else [_redaction(r) for r in result.redactions],
    }


def _result(result: Result) -> dict[str, Any]:
    return {
        "segments": [_segment(segment) for segment in result.segments],
        "removed": [_redaction(redaction) for redaction in result.removed],
        "dropped": [
            {"item": o.index + 1, "kind": o.kind, "reason": o.reason} for o in result.dropped
        ],
        "shadow": [{"rule": rule, "hits": hits} for rule, hits in result.shadow],
        "problem": result.problem,
    }


def _segment(segment: Segment) -> dict[str, Any]:
    made: dict[str, Any] = {"text": segment.text}
    if segment.heading:
        made["heading"] = True
    if segment.redaction is not None:
        made |= _redaction(segment.redaction)
    return made


def _redaction(redaction: Redaction) -> dict[str, Any]:
    return {
        "rule": redaction.rule,
        "path": redaction.path,
        "method": redaction.method,
        "span": redaction.span,
        "part": redaction.part,
    }


def _example(result: ExampleResult) -> dict[str, Any]:
    return {
        "rule": result.rule.id,
        "line": result.example.line,
        "list": "scrubs" if isinstance(result.example, Scrubs) else "leaves",
        "passed": result.passed,
        "problem": result.problem,
        "wanted": None if result.passed else _shown(result.wanted),
        "got": None if result.passed else _shown(result.got),
    }


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else jsonio.pretty(value)


def _keys(body: Any, *names: str) -> Mapping[str, Any]:
    """Return a map with these keys and no others.

    Raises:
        RequestError: it is none.
    """
    if not isinstance(body, dict) or body.keys() != {*names}:
        raise RequestError(f"there must be {', '.join(names)}, and no other keys")
    return body


def _edited(rules: Any) -> tuple[RuleText, ...]:
    if not isinstance(rules, list) or len(rules) > MOST_RULES:
        raise RequestError(f"rules must be a list of at most {MOST_RULES}")
    texts = [_texts(_keys(rule, "name", "text")) for rule in rules]
    return tuple(RuleText(name, f"{name}.yaml", text) for name, text in texts)


def _sample(sample: Any) -> Sample:
    kind, text = _texts(_keys(sample, "kind", "text"))
    if kind not in list(Kind):
        raise RequestError(f"kind must be one of {', '.join(Kind)}")
    return Sample(Kind(kind), text)


def _number(found: Mapping[str, Any], key: str) -> int:
    value = found[key]
    if type(value) is not int or value < 0:
        raise RequestError(f"{key} must be a number, 0 or more")
    return int(value)


def _texts(found: Mapping[str, Any]) -> Iterable[str]:
    if not all(isinstance(value, str) for value in found.values()):
        raise RequestError(f"{' and '.join(found)} must be text")
    return found.values()
