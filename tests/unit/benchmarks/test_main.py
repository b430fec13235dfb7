"""The command's page and the README's table say what was measured."""

import pytest

from benchmarks.__main__ import PARTS, README, as_page, build_parser, with_aims
from benchmarks.report import Bar, Section, bars_section

FACTS = {"date": "1 May 2026", "machine": "2 cores", "seed": "77"}
AIMS = bars_section([Section("A", bars=(Bar("aim", "5", "6", reached=True),))])


def test_the_readme_has_a_place_for_the_aims() -> None:
    """What stood between the marks is replaced, all else stays; a second time nothing changes."""
    text = README.read_text("utf-8")
    once = with_aims(text, AIMS, FACTS)
    assert "| aim | 5 | 6 | reached |\n\n1 May 2026, 2 cores.\n" in once
    assert text.partition("<!-- aims")[0] == once.partition("<!-- aims")[0]
    assert text.partition("<!-- end of")[2] == once.partition("<!-- end of")[2]
    assert once == with_aims(once, AIMS, FACTS)


def test_a_readme_without_the_place_is_an_error() -> None:
    with pytest.raises(ValueError, match="no place"):
        with_aims("# nothing here", AIMS, FACTS)


def test_the_page_says_how_to_repeat_it() -> None:
    page = as_page([AIMS, Section("Speed", "Text.")], FACTS)
    assert "| seed | 77 |" in page
    assert "make bench ARGS='--seed 77'" in page
    assert page.index("## What was aimed at") < page.index("## Speed\n\nText.")


@pytest.mark.parametrize("part", PARTS)
def test_parts_can_be_chosen(part: str) -> None:
    assert part == build_parser().parse_args(["--only", part]).only
