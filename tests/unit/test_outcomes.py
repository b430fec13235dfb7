"""Outcomes and their words."""

import ast
from pathlib import Path

from relay import errors
from relay.outcomes import DESCRIPTIONS, Outcome, Reason


def test_every_reason_is_described() -> None:
    """A new word needs its sentence."""
    assert set(Reason) == set(DESCRIPTIONS)
    assert all(text.endswith(".") for text in DESCRIPTIONS.values())


def test_only_one_word_is_the_good_end() -> None:
    """An item goes on if it was accepted, and in no other case."""
    assert {Reason.ACCEPTED} == {r for r in Reason if Outcome(0, "event", r, 1).accepted}


def said() -> set[str]:
    """The words that code outside of the registers says: by name, or by making an error of it."""
    words: set[str] = set()
    for path in Path(errors.__file__).parent.rglob("*.py"):
        if path.name in {"errors.py", "outcomes.py"}:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                if node.value.id == "Reason" and node.attr in Reason.__members__:
                    words.add(Reason[node.attr])
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                made = getattr(errors, node.func.id, None)
                words.add(getattr(made, "reason", ""))
    return words


def test_every_reason_is_said_somewhere() -> None:
    """A word that no place of the program says is dead, and goes."""
    assert set() == set(Reason) - said()
