"""The mutants of one module: its source, changed in one place each.

mutmut's operators say what a change is; two of ours are added (a condition that always or never
holds). mutmut's own runner is not used: it leaves out decorated functions (every property),
tables, class bodies and defaults, and those are where consent and the codec decide.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import libcst as cst
import libcst.matchers as m
from libcst.metadata import (
    MetadataWrapper,
    PositionProvider,
    WhitespaceInclusivePositionProvider,
)
from mutmut.mutation.mutators import mutation_operators, operator_match, operator_string

# Types are checked by mypy, and what these calls hold is either that or no run ever gets there.
_UNTOUCHED_CALLS = frozenset({"len", "isinstance", "cast", "assert_never", "TypeVar", "NewType"})
_ALIAS = re.compile(r"[A-Z]\w*[a-z]\w*")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed module.

    Attributes:
        key: names it, whatever else changes in the program: a digest of the module and the diff.
        function: what it is in, dotted; empty at the module's level.
        lines: first and last line of the statement (in the original) that was changed.
        diff: the changed lines.
        source: the whole module, changed.
    """

    key: str
    function: str
    lines: tuple[int, int]
    diff: str
    source: str


def mutants_of(module: str, source: str) -> list[Mutant]:
    """Make all mutants of the source of a module, in the order of its lines; none comes twice."""
    wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    visitor = _Visitor(wrapper.module)
    wrapper.visit(visitor)
    lines = source.splitlines(keepends=True)
    found: dict[str, Mutant] = {}
    for change in visitor.changes:
        first, last = change.start[0], change.end[0]
        head = lines[first - 1][: change.start[1]]
        tail = lines[last - 1][change.end[1] :] if last <= len(lines) else ""
        before, after = lines[first - 1 : last], (head + change.text + tail).splitlines(True)
        mutated = "".join([*lines[: first - 1], *after, *lines[last:]])
        if before == after or mutated in found:
            continue
        try:
            compile(mutated, module, "exec", dont_inherit=True)
        except SyntaxError:
            continue
        diff = _diff(first, before, after)
        key = hashlib.sha256(f"{module}\n{source}\n{diff}".encode()).hexdigest()[:16]
        found[mutated] = Mutant(key, change.function, change.lines, diff, mutated)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Change:
    """`text` in the place of what stands from `start` to `end` (line from 1, column from 0)."""

    start: tuple[int, int]
    end: tuple[int, int]
    text: str
    function: str
    lines: tuple[int, int]


class _Visitor(cst.CSTVisitor):
    """Collects the changes, with the statement and the function that each is in."""

    METADATA_DEPENDENCIES = (PositionProvider, WhitespaceInclusivePositionProvider)

    def __init__(self, module: cst.Module) -> None:
        super().__init__()
        self.changes: list[_Change] = []
        self._module = module
        self._names: list[str] = []
        self._raising = 0
        self._statements: list[tuple[int, int]] = [(1, 1)]

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _is_untouched(node):
            return False
        if isinstance(node, cst.ClassDef | cst.FunctionDef):
            self._names.append(node.name.value)
        self._raising += isinstance(node, cst.Raise)
        if isinstance(node, cst.BaseStatement):
            self._statements.append(self._extent(node))
        for old, new in self._changed(node):
            place = self.get_metadata(WhitespaceInclusivePositionProvider, old)
            text = "" if new is None else self._module.code_for_node(new)
            self.changes.append(
                _Change(
                    (place.start.line, place.start.column),
                    (place.end.line, place.end.column),
                    text,
                    ".".join(self._names),
                    self._statements[-1],
                )
            )
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if _is_untouched(original_node):
            return
        if isinstance(original_node, cst.ClassDef | cst.FunctionDef):
            self._names.pop()
        self._raising -= isinstance(original_node, cst.Raise)
        if isinstance(original_node, cst.BaseStatement):
            self._statements.pop()

    def _extent(self, node: cst.BaseStatement) -> tuple[int, int]:
        """The lines of a statement; of one with a body, those of its head."""
        place = self.get_metadata(PositionProvider, node)
        first, last = place.start.line, place.end.line
        body = getattr(node, "body", None)
        if isinstance(body, cst.IndentedBlock):
            last = max(first, self.get_metadata(PositionProvider, body).start.line - 1)
        elif isinstance(node, cst.Match):
            last = first
        return first, last

    def _changed(self, node: cst.CSTNode) -> Iterator[tuple[cst.CSTNode, cst.CSTNode | None]]:
        """What to put in the place of what: the node, its condition, or a case of it (nothing)."""
        for kind, operator in mutation_operators:
            if not isinstance(node, kind) or operator is operator_match:
                continue
            made: Iterable[cst.CSTNode] = operator(node)
            if operator is operator_string:
                made = list(made)[:1]  # one change of a string is enough
            for new in made:
                if not _is_pointless(node, new) and not (self._raising and _is_wording(node, new)):
                    yield node, new
        if isinstance(node, cst.If | cst.While | cst.CompIf):
            for forced in _forced(node.test, both=not isinstance(node, cst.While)):
                yield node.test, forced
        if isinstance(node, cst.Match) and len(node.cases) > 1:
            never = m.Call(func=m.Name("assert_never"))
            yield from ((case, None) for case in node.cases if not m.findall(case, never))


def _forced(test: cst.BaseExpression, *, both: bool) -> Iterator[cst.CSTNode]:
    """Force a condition to never hold, and to always do so; of a loop, only the first."""
    held = test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    yield cst.BooleanOperation(left=held, operator=cst.And(), right=cst.Name("False"))
    if both:
        yield cst.BooleanOperation(left=held, operator=cst.Or(), right=cst.Name("True"))


def _is_untouched(node: cst.CSTNode) -> bool:
    match node:
        case cst.Annotation() | cst.Decorator() | cst.Import() | cst.ImportFrom():
            return True
        case cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString()):
            return True  # a docstring
        case cst.Call(func=cst.Name(value=name)):
            return name in _UNTOUCHED_CALLS
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value):
            is_type = isinstance(value, cst.Subscript | cst.BinaryOperation)
            return is_type and _ALIAS.fullmatch(name) is not None
        case _:
            return False


def _is_pointless(old: cst.CSTNode, new: cst.CSTNode) -> bool:
    """None for False changes no condition."""
    if isinstance(old, cst.Assign | cst.AnnAssign):
        return m.matches(old.value, m.Name("False")) if old.value else False
    return any(m.matches(before, m.Name("False")) for before in _made_none(old, new))


def _is_wording(old: cst.CSTNode, new: cst.CSTNode) -> bool:
    """Tell what changes the text of an error: its wording is nobody's contract."""
    texts = (old,) if isinstance(old, cst.BaseString) else _made_none(old, new)
    return any(
        isinstance(text, cst.FormattedString)
        or (isinstance(text, cst.SimpleString) and " " in text.value)
        for text in texts
    )


def _made_none(old: cst.CSTNode, new: cst.CSTNode) -> tuple[cst.BaseExpression, ...]:
    """The arguments of a call in the place of which None stands now."""
    if not isinstance(old, cst.Call) or not isinstance(new, cst.Call):
        return ()
    if len(old.args) != len(new.args):
        return ()
    return tuple(
        before.value
        for before, after in zip(old.args, new.args, strict=True)
        if before is not after and m.matches(after.value, m.Name("None"))
    )


def _diff(first: int, before: list[str], after: list[str]) -> str:
    """The changed lines, as diff shows them; what is the same at both ends is left out."""
    while before and after and before[-1] == after[-1]:
        before, after = before[:-1], after[:-1]
    while before and after and before[0] == after[0]:
        before, after, first = before[1:], after[1:], first + 1
    lines = [f"@@ -{first} +{first} @@", *(f"-{line}" for line in before)]
    return "\n".join(line.rstrip("\n") for line in [*lines, *(f"+{line}" for line in after)])
