"""How a process takes part in changes of the rules."""

from pathlib import Path

import pytest

from relay import own_errors
from relay.config import parse
from relay.metrics import Metrics
from relay.rulefiles import pack, read
from relay.scrub.scrubber import Scrubber
from relay.server.board import Board, SeatState
from relay.server.loaded import Loaded, load
from relay.server.rules_parts import (
    RulesSeat,
    newest,
    open_errors_switch,
    open_reloader,
    open_switch,
)
from relay.server.rules_sheet import Sheets
from tests.unit.scrub.test_verified import PROVEN

TWO = PROVEN.replace("[ticket]", "[two]")


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    (tmp_path / "rule.yaml").write_text(PROVEN)
    return load(parse(f"rules: ['{tmp_path}']\nreload: {{every: 7s}}", "r.yaml", {}))


def put(sheets: Sheets, loaded: Loaded, text: str = TWO) -> None:
    """Put other rules on the sheet."""
    file = Path(loaded.files[0].file)
    file.write_text(text)
    sheets.rules.write(pack(read([file.parent])))


def test_whoever_begins_later_begins_with_the_newest(loaded: Loaded) -> None:
    """With those of the start where there are no others."""
    sheets = Sheets()
    assert (loaded, 0) == newest(loaded, sheets)
    put(sheets, loaded)
    later, number = newest(loaded, sheets)
    assert (1, "[two]") == (number, later.scrubber.scrub_text("TKT-1"))
    assert [TWO] == [file.text for file in later.files]
    assert (loaded.secret, loaded.settings) == (later.secret, later.settings)


async def test_one_that_scrubs(loaded: Loaded) -> None:
    """It says on its seat and in its metrics which rules it uses; its own errors get them too."""
    board, sheets, metrics, used = Board(), Sheets(), Metrics(), list[Scrubber]()
    switch = open_switch(loaded, RulesSeat(board, 3, sheets), metrics, used.append)
    first = loaded.scrubber.digest[:12]
    assert (0, first) == board.rules(3)
    assert 1 == metrics.value("relay_rules_workers", digest=first)
    put(sheets, loaded)
    assert await switch.follow()
    second = used[0].digest[:12]
    assert (1, second) == board.rules(3)
    values = [metrics.value("relay_rules_workers", digest=d) for d in (first, second)]
    assert [0, 1] == values
    assert used[0] is own_errors._scrubber


async def test_one_that_scrubs_its_own_errors_alone(loaded: Loaded) -> None:
    """They get the new rules, too."""
    sheets = Sheets()
    switch = open_errors_switch(loaded, RulesSeat(Board(), 0, sheets))
    put(sheets, loaded)
    assert await switch.follow()
    assert own_errors._scrubber is not None
    assert "[two]" == own_errors._scrubber.scrub_text("TKT-1")


def test_one_that_sees_to_changes(loaded: Loaded) -> None:
    """It begins with what was loaded, and looks as often as is configured."""
    board, sheets, metrics = Board(), Sheets(), Metrics()
    reloader = open_reloader(loaded, RulesSeat(board, 0, sheets, 5), metrics, lambda _: None)
    current = reloader.current
    assert (loaded.scrubber.digest, 1, 5) == (current.digest, current.rules, current.number)
    assert (loaded.files, 7.0) == (reloader.files(), reloader._every)


async def test_workers_load_one_after_the_other(loaded: Loaded) -> None:
    """In the order of their seats; only those that are ready, and behind, are waited for."""
    board, sheets = Board(), Sheets()
    switch = open_switch(loaded, RulesSeat(board, 4, sheets), Metrics(), lambda _: None)
    for seat in (1, 3, 5):
        board.set_state(seat, SeatState.READY)
    board.set_rules(1, 1, "a" * 64)
    assert [0, 1, 2] == [switch._before(number) for number in (0, 1, 2)]
