"""A rule's examples as proof: run by the playground, `relay rules test`, pytest and service start.

Law of this file: one function decides what "passes" means. It knows a scrubber by two functions, so
that rules stand below scrubbing.
"""

import copy
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from relay.errors import Mistake, ScrubError
from relay.rules.model import Leaves, Rule, Scrubs, Status


class ExampleScrubber(Protocol):
    """What examples need of a scrubber."""

    def scrub_text(self, text: str) -> str:
        """Scrub one text."""
        ...

    def scrub_plain(self, value: Any) -> Any:
        """Scrub a parsed document; return it without `_meta`."""
        ...


MakeScrubber = Callable[[tuple[Rule, ...]], ExampleScrubber]


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """How one example went.

    Attributes:
        rule: its rule.
        example: the example.
        problem: what is wrong, in words without the text itself; empty when it passes.
        got: what came out; shown to the rule's author only.
    """

    rule: Rule
    example: Scrubs | Leaves
    problem: str
    got: Any = field(default=None, repr=False)

    @property
    def passed(self) -> bool:
        """Whether the example holds."""
        return not self.problem

    @property
    def wanted(self) -> Any:
        """What should have come out."""
        return self.example.after if isinstance(self.example, Scrubs) else self.example.value


def run_examples(
    rules: tuple[Rule, ...], make: MakeScrubber, only: Container[str] | None = None
) -> Iterator[ExampleResult]:
    """Run every example of every rule that is not off.

    Each is held against its own rule alone; then against the whole set, where scrubbing what came
    out once more must change nothing.

    Args:
        rules: the whole set.
        make: makes a scrubber of some of them.
        only: ids of the rules whose examples are run; None for all.
    """
    active = tuple(rule for rule in rules if rule.status is not Status.OFF)
    everything = make(active)
    for rule in active:
        if only is not None and rule.id not in only:
            continue
        # A shadow rule proves itself as if it were enforced.
        alone = make((_enforced(rule),))
        examples: tuple[Scrubs | Leaves, ...] = (*rule.scrubs, *rule.leaves)
        for example in examples:
            try:
                yield _run(rule, example, alone, everything)
            except ScrubError as error:
                yield ExampleResult(rule, example, f"it cannot be scrubbed: {error.detail}")


def as_mistakes(results: Iterable[ExampleResult]) -> tuple[Mistake, ...]:
    """Return failures as mistakes with file and line."""
    return tuple(
        Mistake(r.rule.file, r.example.line, f"{r.rule.id}: {r.problem}")
        for r in results
        if not r.passed
    )


def _enforced(rule: Rule) -> Rule:
    if rule.status is Status.ENFORCE:
        return rule
    enforced = copy.copy(rule)
    object.__setattr__(enforced, "status", Status.ENFORCE)
    return enforced


def _run(
    rule: Rule, example: Scrubs | Leaves, alone: ExampleScrubber, everything: ExampleScrubber
) -> ExampleResult:
    before = example.before if isinstance(example, Scrubs) else example.value
    holds, got = held(example, alone)
    if not holds:
        problem = (
            "an example is not scrubbed as it should be"
            if isinstance(example, Scrubs)
            else "an example that must stay is changed"
        )
        return ExampleResult(rule, example, problem, got)
    once = _scrub(everything, before, is_document=example.is_document)
    twice = _scrub(everything, once, is_document=example.is_document)
    if once != twice:
        return ExampleResult(rule, example, "scrubbing its output again changes it", twice)
    return ExampleResult(rule, example, "")


def held(example: Scrubs | Leaves, alone: ExampleScrubber) -> tuple[bool, Any]:
    """Hold one example against its own rule: whether it comes out as it says, and what came out.

    Raises:
        ScrubError: it needs more work than its size allows.
    """
    before = example.before if isinstance(example, Scrubs) else example.value
    wanted = example.after if isinstance(example, Scrubs) else example.value
    got = _scrub(alone, before, is_document=example.is_document)
    return _same(got, wanted), got


def _same(got: Any, wanted: Any) -> bool:
    """Compare; `hash:*` stands for any pseudonym, which no author can know beforehand."""
    match wanted:
        case "hash:*":
            return isinstance(got, str) and got.startswith("hash:") and got != wanted
        case dict():
            return (
                isinstance(got, dict)
                and got.keys() == wanted.keys()
                and all(_same(got[key], value) for key, value in wanted.items())
            )
        case list():
            return (
                isinstance(got, list) and len(got) == len(wanted) and all(map(_same, got, wanted))
            )
        case _:
            return bool(got == wanted)


def _scrub(scrubber: ExampleScrubber, value: Any, *, is_document: bool) -> Any:
    if not is_document:
        return scrubber.scrub_text(value)
    return scrubber.scrub_plain(copy.deepcopy(value))
