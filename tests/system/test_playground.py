"""The playground as a person uses it: in a real Chromium, with the mouse, and by keyboard alone.

The relay has two workers, so the page comes from the process of the admin port.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.system import canary_search as look
from tests.system.playground import CANARY, HERE, TOKEN, relay_with_playground, visit
from tests.system.running import FEW_RULES, Relay

pytestmark = [
    pytest.mark.system,
    pytest.mark.node,
    pytest.mark.xdist_group("playground"),
    pytest.mark.skipif(not HERE, reason="chromium, node or its packages are not here"),
]

STATES = {
    "light, at the start", "light, a mistake", "light, an example that fails",
    "light, a suggestion", "dark, at the start", "dark, a mistake", "dark, a suggestion",
}  # fmt: skip


@dataclass
class Seen:
    """What a visit has seen, and what the relay has left of it."""

    facts: dict[str, Any]
    left: dict[str, bytes]
    origin: str

    def step(self, name: str) -> Any:
        """What was seen at one step; a visit that broke off has told why."""
        assert [] == self.facts["trouble"]
        return self.facts["steps"][name]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """One visit with the mouse, one with the keyboard."""
    folder = tmp_path_factory.mktemp("playground")
    config: dict[str, Any] = {"listen": {"port": 0, "workers": 2}, "rules": FEW_RULES}
    with relay_with_playground(folder, **config) as relay:
        facts = visit(relay)
        yield Seen(facts, left_of(relay), f"127.0.0.1:{relay.admin_port}")


def left_of(relay: Relay) -> dict[str, bytes]:
    """All that a relay has written, counted, or shows to the system."""
    places = [*look.files(relay.folder), *look.processes(look.family(relay.pid))]
    left: dict[str, bytes] = {"metrics": relay.metrics().encode()}
    for name, data in places:
        left[name] = left.get(name, b"") + data
    return left


def test_with_a_token_the_page_begins_with_a_sample(seen: Seen) -> None:
    """A wrong one is told; the right one opens rules, samples and a first result."""
    step = seen.step("start")
    assert (False, 3) == (step["locked"], len(step["samples"]))
    assert ("the example", ["[ticket]"]) == (step["rules"][0], step["marks"])
    assert "network/ip-address" in step["rules"]


def test_a_mistake_is_told_at_its_line(seen: Seen) -> None:
    """With a hint, beside the line, and in a list whose entries select the line."""
    step = seen.step("mistake")
    assert ["Line 5: unknown key 'patern' in match (did you mean 'pattern'?)"] == step["said"]
    assert (["● 5"], "true") == (step["gutter"], step["invalid"])
    assert "1 mistake; the examples below are from before." == step["state"]
    assert "examples old" == step["examples"]
    assert "  patern: 'room [0-9]+'" == step["selected"]
    assert step["result"].startswith("Not tried")


def test_once_mended_the_sample_is_scrubbed(seen: Seen) -> None:
    """Each redaction is marked, and tells its rule and path to who points at it."""
    step = seen.step("mended")
    assert ([], ["[room]", "[ip]"]) == (step["mistakes"], step["marks"])
    told = ["hotel/room: replace at note", "network/ip-address: replace at from"]
    assert (told, told[0], told[0]) == (step["redactions"], step["title"], step["hovered"])
    assert f'"note": "[room] of {CANARY} <b id=markup>"' in step["result"]


def test_what_is_to_be_done_with_a_good_rule_is_said(seen: Seen) -> None:
    """Where its file goes; and which of the loaded rules it replaces, if it has the id of one."""
    good = "The rule loads; 4 examples passed. Save it as hotel/room.yaml in a rules folder."
    assert good == seen.step("mended")["state"]
    place = "It stands in place of the loaded network/ip-address.yaml."
    assert place == seen.step("loaded")["state"].partition("passed. ")[2]


def test_a_sample_is_text_and_never_markup(seen: Seen) -> None:
    """A tag in it is shown, and makes no element."""
    assert 0 == seen.step("mended")["markup"]


def test_examples_are_green_or_red(seen: Seen) -> None:
    """In words too, at their lines, with what was wanted and what came out."""
    passed = seen.step("mended")
    assert [f"✓ passed, line {line}" for line in (9, 10, 12, 13)] == [
        text.rpartition(",")[0] for text in passed["examples"]
    ]
    assert ["✓ 9", "✓ 10", "✓ 12", "✓ 13"] == passed["gutter"]
    failed = seen.step("failed")
    assert ("The rule loads; 1 example of 4 failed.", ["✗ 9"]) == (
        failed["state"],
        failed["gutter"],
    )
    (example,) = failed["example"]
    assert ["wanted", "at [room].", "got", "in [room]."] == example.split("\n")[1:]


def test_a_click_on_a_value_gives_selectors_and_a_draft(seen: Seen) -> None:
    """The draft holds no part of the value, and can be had by another selector."""
    step = seen.step("suggested")
    assert "seat: string. A draft is ready." == step["state"]
    assert {"seat", "**.seat"} <= set(step["selectors"])
    assert (True, False) == ("id: app/seat\n" in step["draft"], "4471" in step["draft"])


def test_a_draft_that_is_taken_scrubs_the_value(seen: Seen) -> None:
    """It stands in the editor, can be undone there, and the value is gone."""
    step = seen.step("used")
    assert "any: true\nwhere: ['seat']" in step["rule"]
    assert (True, False) == ('"seat": "[seat]"' in step["result"], "QZ-4471-K" in step["result"])
    assert ("rule", True) == (step["focus"], step["undone"].startswith("id: hotel/room"))


def test_the_keyboard_alone_will_do(seen: Seen) -> None:
    """Tab goes through all of it and leaves every field; mistake, draft and mark are reached."""
    step = seen.step("keyboard")
    order = ["start", "open-rule", "with-loaded", "rule", "samples", "sample", "suggest", "result"]
    way = step["way"][step["way"].index("start") :]
    assert order == [one for one in dict.fromkeys(way) if one in order]
    assert ("rule", "MARK") == (step["jumped"], step["mark"]["on"])
    assert "app/seat: replace at seat" == step["mark"]["what"]
    assert step["used"].startswith("id: app/seat")
    assert ["sample", "rule"] == [one for one in step["back"] if one in ("sample", "rule")]


def test_axe_finds_no_fault(seen: Seen) -> None:
    """In light and dark, at the start, with a mistake, a failed example and a suggestion."""
    assert [] == seen.facts["trouble"]
    assert {state: [] for state in STATES} == seen.facts["axe"]


def test_no_request_leaves_the_admin_port(seen: Seen) -> None:
    """Everything comes from this origin, and no address has a token, a rule or a sample."""
    asked = [urlsplit(url) for url in seen.facts["requests"]]
    assert {("http", seen.origin, "")} == {(url.scheme, url.netloc, url.query) for url in asked}
    assert {"/playground/try", "/playground/suggest"} <= {url.path for url in asked}


def test_the_page_keeps_nothing(seen: Seen) -> None:
    """No storage, no cookie, no cache, and nothing in its address."""
    kept = seen.step("used") and seen.step("kept")
    nothing = {"local": 0, "session": 0, "cookies": "", "databases": 0, "caches": 0}
    assert {**nothing, "address": f"http://{seen.origin}/playground/"} == kept


def test_the_relay_keeps_nothing(seen: Seen) -> None:
    """What was typed is in no file, log, metric, argument or environment; nor is the token."""
    assert [] == seen.facts["trouble"]
    assert {"metrics", "name of a file", "process, cmdline"} <= seen.left.keys()
    for secret in (CANARY, TOKEN, "QZ-4471-K", "hotel/room"):
        assert [] == [name for name, data in seen.left.items() if secret.encode() in data]
    assert b"relay.playground.child" in seen.left["process, cmdline"]
