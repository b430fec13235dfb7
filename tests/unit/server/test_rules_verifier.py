"""What the process that verifies says of a set."""

import io
import json
import sys

import pytest

from relay.rulefiles import pack
from relay.rules.loading import RuleText
from relay.scrub.hashing import HashKeys
from relay.scrub.verified import scrubber_of
from relay.server import rules_verifier
from relay.server.rules_verifier import verdict_of
from tests.unit.scrub.test_verified import PROVEN

GOOD = [RuleText("a", "a.yaml", PROVEN)]


def test_a_good_set() -> None:
    """Its digest is the one that the loaded set will have."""
    digest = scrubber_of(GOOD, HashKeys(b"k" * 32), verify=True).digest
    told = json.loads(verdict_of(pack(GOOD), ""))
    assert {"digest": digest, "rules": ["t/ticket"], "mistakes": []} == told


def test_mistakes_of_files() -> None:
    """All of them, with the nearest known word."""
    bad = PROVEN.replace("match:", "mach:").replace("why: w", "why:")
    told = json.loads(verdict_of(pack([RuleText("a", "a.yaml", bad)]), "run this"))["mistakes"]
    assert ["a.yaml", 4, "unknown key 'mach'", "did you mean 'match'?"] in told
    assert 3 == len(told)


def test_examples_that_do_not_hold() -> None:
    """With what to run, and without their texts."""
    bad = PROVEN.replace("'tkt-1'", "'TKT-9'")
    told = json.loads(verdict_of(pack([RuleText("a", "a.yaml", bad)]), "run this"))["mistakes"]
    assert [["a.yaml", 8, "t/ticket: an example that must stay is changed", "run this"]] == told


def test_from_its_input_to_its_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads all that it is given, and prints the verdict."""
    out = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(rules_verifier, "_hold_back", lambda: None)
    monkeypatch.setattr(sys, "argv", ["-c"])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(pack(GOOD))))
    monkeypatch.setattr(sys, "stdout", out)
    rules_verifier.main()
    assert verdict_of(pack(GOOD), "") == out.buffer.getvalue()  # type: ignore[attr-defined]
