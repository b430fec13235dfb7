"""A change is told once, when it is whole."""

from relay.rulefiles import Fingerprint
from relay.server.rules_watch import RulesWatch


def looks(*seen: str) -> list[bool]:
    """What each look tells that sees one of these."""
    prints: list[Fingerprint] = [((text,),) for text in seen]
    watch = RulesWatch(lambda: prints.pop(0))
    return [watch.look() for _ in seen]


def test_what_stands_there_at_first() -> None:
    """It is told too: it may have changed since it was loaded."""
    assert [False, True, False, False] == looks(*"aaaa")


def test_a_change_that_goes_on() -> None:
    """It is told when two looks have seen the same."""
    assert [False, True, False, False, False, True, False] == looks(*"aabcddd")


def test_a_change_that_is_taken_back() -> None:
    """It is told: what was loaded meanwhile is not known here."""
    assert [False, True, False, False, True] == looks(*"aabaa")
