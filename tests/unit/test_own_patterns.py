"""Patterns of ours, beside the rules': no text makes one of them, or what asks it, slow.

Rules are RE2, which is linear. Ours are Python's, which is not by itself: each is asked at one
place, or over a text of bounded size. Time is the processor's; what fails takes many times as long.
"""

import importlib
import json
import pkgutil
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

import relay
from relay.errors import ScrubError
from relay.scrub.scrubber import Scrubber
from tests.fuzz.findings import bounded

SECONDS = 3.0
"""Of processor time, for all that is done at once here."""

LENGTH = 2_000
"""Characters for a pattern: one that doubles with each of them would never end."""

PUMPS = (
    "a", "A", "0", "1", " ", ".", "-", "_", "/", '"', "'", "[", "(", "{", "<", "=", ":", ";", ",",
    "%", "&", "@", "+", "\\", "\n", "\t", "aA", "Aa", "a1", "a.", "1.", "a-", "1,", "a ", "(a",
    "[a", "{a", "<a", "a=", "1:", "&#1", "a\n", " a", "a_", "_a", "a=1,", "(0", "0e", "${", "%(",
    "{}", "=[", "[]",
)  # fmt: skip


def own_patterns() -> dict[str, re.Pattern[Any]]:
    """Every pattern that a module keeps, alone or in a list."""
    found: dict[str, re.Pattern[Any]] = {}

    def add(name: str, value: object) -> None:
        if isinstance(value, re.Pattern):
            found[name] = value
        elif isinstance(value, list | tuple):
            for number, one in enumerate(value):
                add(f"{name}[{number}]", one)

    for module in pkgutil.walk_packages(relay.__path__, "relay."):
        if not module.name.endswith("__main__"):
            for name, value in vars(importlib.import_module(module.name)).items():
                add(f"{module.name}.{name}", value)
    return found


PATTERNS = own_patterns()


@pytest.mark.parametrize("name", PATTERNS)
def test_a_match_takes_little_for_any_text(name: str) -> None:
    """What repeats, and does not fit in the end, is given up soon."""
    pattern = PATTERNS[name]
    with bounded(SECONDS):
        for pump in PUMPS:
            for end in ("", "\x01"):
                text: Any = pump * (LENGTH // len(pump)) + end
                if isinstance(pattern.pattern, bytes):
                    text = text.encode()
                pattern.match(text)
                pattern.fullmatch(text)


SIZE = 60_000

TEXTS: dict[str, Callable[[int], str]] = {
    "spaces behind a value of PHP": lambda n: "x [password] => y" + " " * n + "z",
    "many values of PHP": lambda n: "x [password] => y  " * (n // 19),
    "keys in a row": lambda n: "data:" * (n // 5),
    "keys in a row of code": lambda n: "if (x === y && z) { " + "data=" * (n // 5),
    "keys that are values": lambda n: "password=" * (n // 9),
    "keys with quotes": lambda n: "data='" * (n // 6),
    "keys with closed quotes": lambda n: '"data":"data",' * (n // 14),
    "keys with brackets": lambda n: "password([" * (n // 10),
    "keys before a word": lambda n: "password " * (n // 9) + ": x",
    "arrows": lambda n: "a] => " * (n // 6),
    "arrows of keys": lambda n: "[data] => " * (n // 10),
    "a call": lambda n: f"f(password: ({'a' * n})",
    "spaces in a call": lambda n: f"f(password: ({' ' * n}x",
    "sums": lambda n: f"password: ({'1 ' * (n // 2)}x)",
    "holes": lambda n: 'password=f"' + "{a}" * (n // 3) + '"',
    "an expression": lambda n: f"password: {'a.' * (n // 2)}(",
    "a name in capitals": lambda n: f"password: {'Aa' * (n // 2)}!",
    "a type": lambda n: f"password: Optional[{'a, ' * (n // 3)}x",
    "names of entities": lambda n: "&#" * (n // 2),
    "escapes": lambda n: "\\x" * (n // 2),
    "tags": lambda n: "<a " * (n // 3),
    "addresses of data": lambda n: "data:a/b;" * (n // 9),
    "addresses": lambda n: "http://" * (n // 7),
    "slices": lambda n: "a[1.2.3.4, " * (n // 11),
    "versions": lambda n: "1.1.1.1/" * (n // 8),
    "mail": lambda n: "a.b@" * (n // 4),
    "lines below": lambda n: ("password:\n" + " " * 100) * (n // 110),
    "numbers of a kind": lambda n: "1e1," * (n // 4),
    "colons": lambda n: "a::" * (n // 3),
}


@pytest.fixture(scope="module")
def shipped() -> Scrubber:
    return relay.load_scrubber()


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_takes_little_or_is_dropped(name: str, shipped: Scrubber) -> None:
    """What is around the patterns asks them so often only as the budget of work allows."""
    document = json.dumps({"message": TEXTS[name](SIZE)}).encode()
    with bounded(SECONDS), suppress(ScrubError):
        assert shipped.scrub_json(document).body
