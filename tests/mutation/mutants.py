"""The mutants of one module: its source, changed in one place each.

mutmut's operators say what a change is; two of ours are added (a condition that always or never
holds). mutmut's own runner is not used: it leaves out decorated functions (every property),
tables, class bodies and defaults, and those are where consent and the codec decide.
"""

import difflib
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators, operator_string

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
    wrapper = MetadataWrapper(cst.parse_module(source))
    visitor = _Visitor()
    wrapper.visit(visitor)
    tree = wrapper.module
    found: dict[str, Mutant] = {}
    for change in visitor.changes:
        body = list(tree.body)
        changed = body[change.top].deep_replace(change.old, change.new)
        mutated = tree.with_changes(
            body=[*body[: change.top], changed, *body[change.top + 1 :]]
        ).code
        if mutated == source or mutated in found:
            continue
        try:
            compile(mutated, module, "exec")
        except SyntaxError:
            continue
        diff = _diff(source, mutated)
        key = hashlib.sha256(f"{module}\n{source}\n{diff}".encode()).hexdigest()[:16]
        found[mutated] = Mutant(key, change.function, change.lines, diff, mutated)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Change:
    old: cst.CSTNode
    new: cst.CSTNode
    top: int
    function: str
    lines: tuple[int, int]


class _Visitor(cst.CSTVisitor):
    """Collects the changes, with the statement and the function that each is in."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.changes: list[_Change] = []
        self._top = -1
        self._depth = 0
        self._names: list[str] = []
        self._raising = 0
        self._statements: list[tuple[int, int]] = [(1, 1)]

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _is_untouched(node):
            return False
        if self._depth == 1 and isinstance(node, cst.BaseStatement):
            self._top += 1
        self._depth += 1
        if isinstance(node, cst.ClassDef | cst.FunctionDef):
            self._names.append(node.name.value)
        self._raising += isinstance(node, cst.Raise)
        if isinstance(node, cst.BaseStatement):
            self._statements.append(self._extent(node))
        for new in self._changed(node):
            self.changes.append(
                _Change(node, new, self._top, ".".join(self._names), self._statements[-1])
            )
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if _is_untouched(original_node):
            # `on_visit` has not entered it, and a top statement that is skipped counts as well.
            if self._depth == 1 and isinstance(original_node, cst.BaseStatement):
                self._top += 1
            return
        self._depth -= 1
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

    def _changed(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        for kind, operator in mutation_operators:
            if not isinstance(node, kind):
                continue
            made: Iterable[cst.CSTNode] = operator(node)
            if operator is operator_string:
                # One change of a string is enough; the wording of an error is nobody's contract.
                worded = self._raising and " " in getattr(node, "value", "")
                made = [] if worded else list(made)[:1]
            for new in made:
                if not _is_pointless(node, new):
                    yield new
        yield from _forced(node)


def _forced(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Force a condition to never hold, and to always do so; of a loop, only the first."""
    if isinstance(node, cst.If | cst.While | cst.CompIf):
        held = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        sides: list[tuple[cst.BaseBooleanOp, str]] = [(cst.And(), "False")]
        if not isinstance(node, cst.While):
            sides.append((cst.Or(), "True"))
        for operator, word in sides:
            yield node.with_changes(
                test=cst.BooleanOperation(left=held, operator=operator, right=cst.Name(word)),
                **({} if isinstance(node, cst.CompIf) else _spaced(node)),
            )


def _spaced(node: cst.If | cst.While) -> dict[str, cst.BaseParenthesizableWhitespace]:
    name = "whitespace_before_test" if isinstance(node, cst.If) else "whitespace_after_while"
    return {name: cst.SimpleWhitespace(" ")}


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
    """None for False changes no condition, and no run comes to a `case` that mypy proves empty."""
    if isinstance(old, cst.Assign | cst.AnnAssign):
        return m.matches(old.value, m.Name("False")) if old.value else False
    if isinstance(old, cst.Call) and isinstance(new, cst.Call) and len(old.args) == len(new.args):
        return any(
            m.matches(before.value, m.Name("False")) and m.matches(after.value, m.Name("None"))
            for before, after in zip(old.args, new.args, strict=True)
        )
    if isinstance(old, cst.Match) and isinstance(new, cst.Match):
        kept = {id(case) for case in new.cases}
        gone = [case for case in old.cases if id(case) not in kept]
        never = m.Call(func=m.Name("assert_never"))
        return any(m.findall(case, never) for case in gone)
    return False


def _diff(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return "\n".join(line for line in lines if not line.startswith(("---", "+++")))
