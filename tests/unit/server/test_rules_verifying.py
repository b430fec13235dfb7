"""A set is verified in a process of its own, and there is an answer however that ends."""

import sys
from pathlib import Path

import pytest

from relay.errors import Mistake
from relay.rulefiles import pack
from relay.rules.loading import RuleText
from relay.scrub.hashing import HashKeys
from relay.scrub.verified import scrubber_of
from relay.server import rules_verifying
from relay.server.rules_verifying import Verdict, verify
from tests.unit.scrub.test_verified import PROVEN

GOOD = [RuleText("a", "a.yaml", PROVEN)]


async def test_a_good_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be used; what lies in the current folder does not take the place of our modules."""
    (tmp_path / "relay.py").write_text("raise SystemExit(3)\n")
    monkeypatch.chdir(tmp_path)
    digest = scrubber_of(GOOD, HashKeys(b"k" * 32), verify=True).digest
    assert Verdict((), digest, ("t/ticket",)) == await verify(pack(GOOD), "")


async def test_a_bad_set() -> None:
    """Its mistakes come back as they are."""
    bad = PROVEN.replace("'tkt-1'", "'TKT-9'")
    wrong = Mistake("a.yaml", 8, "t/ticket: an example that must stay is changed", "run this")
    assert Verdict((wrong,)) == await verify(pack([RuleText("a", "a.yaml", bad)]), "run this")


async def test_one_that_takes_too_long() -> None:
    """It is ended, and refused."""
    verdict = await verify(pack(GOOD), "", seconds=0.0)
    assert ["rules:1: they were not verified within 0 s"] == [str(m) for m in verdict.mistakes]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import os; os.kill(os.getpid(), 9)", "they need more time or memory than a set may take"),
        ("import sys; sys.exit(1)", "they need more time or memory than a set may take"),
        ("print('nonsense')", "the process that verifies them broke"),
        ("print('{}')", "the process that verifies them broke"),
        ("print('[]')", "the process that verifies them broke"),
    ],
)
async def test_one_that_breaks(code: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No verdict is a refusal."""
    monkeypatch.setattr(rules_verifying, "_RUN", code)
    assert Verdict((Mistake("rules", 1, why),)) == await verify(pack(GOOD), "")


async def test_none_that_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is a refusal too."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    verdict = await verify(pack(GOOD), "")
    assert ["no process to verify them can be started: No such file or directory"] == [
        mistake.message for mistake in verdict.mistakes
    ]


async def test_its_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot take the memory of those who answer clients."""
    greedy = "import sys; sys.path[:] = sys.argv.pop(1).splitlines()\n"
    greedy += "from relay.server.rules_verifier import _hold_back; _hold_back(); bytearray(2**31)"
    monkeypatch.setattr(rules_verifying, "_RUN", greedy)
    assert "more time or memory" in (await verify(pack(GOOD), "")).mistakes[0].message
