"""Misses and false hits are listed with what is to be said of them, the most frequent first."""

import pytest

from benchmarks.code_precision import CodePrecision, Redaction
from benchmarks.precision import Changed, Precision
from benchmarks.precision_report import MOST_LISTED, code_section, lines_section
from benchmarks.recall import Miss, Recall
from benchmarks.recall_report import recall_sections, skip_shares
from benchmarks.skips import SKIPS


def recall(first: tuple[int, int], second: tuple[int, int], *misses: Miss) -> Recall:
    blocks = {"first": first, "second": second}
    by_name = {block: {"eth": pair} for block, pair in blocks.items()}
    return Recall(
        1, first[1] + second[1], blocks, by_name, {"extra": first}, by_name, misses, 0, {}
    )


PEER = recall((50, 100), (10, 100))


@pytest.mark.long
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((100_000, 100_000), (95, 100), [True, True]),
        ((99_999, 100_000), (100, 100), [False, True]),
        ((100_000, 100_000), (949, 1000), [True, False]),
    ],
)
def test_aims_of_recall(
    first: tuple[int, int], second: tuple[int, int], expected: list[bool]
) -> None:
    section = recall_sections(recall(first, second), PEER)[0]
    assert expected == [bar.reached for bar in section.bars]


@pytest.mark.long
def test_what_is_not_all_does_not_read_as_all() -> None:
    section = recall_sections(recall((99_999, 100_000), (1, 1)), PEER)[0]
    assert section.tables[0].rows[0][2:] == ("1", "99.99 %", "50.00 %")
    assert section.tables[0].rows[1][2:] == ("0", "100 %", "10.00 %")


@pytest.mark.long
def test_what_is_hardly_found_is_named() -> None:
    """A spelling or a family of which nothing is found does not hide behind all others."""
    table = recall_sections(recall((100, 100), (79, 100)), PEER)[0].tables[1]
    assert [
        ("family eth (second block)", "100", "21", "79.00 %"),
        ("spelling eth (second block)", "100", "21", "79.00 %"),
    ] == list(table.rows)
    table = recall_sections(recall((100, 100), (80, 100)), PEER)[0].tables[1]
    assert [("no spelling and no family", "", "", "")] == list(table.rows)


@pytest.mark.long
def test_each_exclusion_has_its_share() -> None:
    """Every reason that a combination is not tried for stands on the page, and takes some."""
    rows = recall_sections(recall((1, 1), (1, 1)), PEER)[1].tables[0].rows
    assert len(SKIPS) == len(rows)
    assert all(share > 0 for share in skip_shares())


@pytest.mark.long
def test_misses_are_listed_by_family_and_spelling() -> None:
    misses = (
        Miss("first", "eth", "extra", "alone", 1, "0xaa"),
        Miss("first", "wif", "tags", "pipes", 2, "5J"),
        Miss("first", "wif", "extra", "pipes", 1, "5K"),
        Miss("second", "eth", "extra", "zero-width", 1, "0xbb"),
    )
    first, second = recall_sections(recall((1, 5), (1, 2), *misses), PEER)[0].listings
    assert (("5J", "3 x wif, pipes, extra, tags"), ("0xaa", "1 x eth, alone, extra")) == first.items
    assert (("0xbb", "1 x eth, zero-width, extra"),) == second.items


def lines(same: int, *changed: Changed, failed: int = 0) -> Precision:
    return Precision(1, {"uuid": (same, 10)}, changed, failed)


def test_changed_lines() -> None:
    """One changed line is one too many, and one that was not looked at too."""
    changed = [Changed("uuid", place, "a", "b") for place in ("extra", "tag")]
    section = lines_section(lines(9, *changed), lines(5))
    assert [False] == [bar.reached for bar in section.bars]
    assert section.tables[0].rows[0] == ("uuid", "10", "1", "90.00 %", "50.00 %")
    assert section.listings[0].items == (("a  ->  b", "uuid, 2 places"),)
    assert [True] == [bar.reached for bar in lines_section(lines(10), lines(5)).bars]
    assert [False] == [bar.reached for bar in lines_section(lines(10, failed=1), lines(5)).bars]


def code(false: int, size: int) -> CodePrecision:
    hits = tuple(Redaction("r/x", "f.py", f"t{n}", "before ", " after", "") for n in range(false))
    return CodePrecision("python", 1, size, (), hits, 0)


@pytest.mark.parametrize(("false", "reached"), [(0, True), (1, True), (2, False), (3, False)])
def test_false_hits_in_code(false: int, reached: bool) -> None:
    """Fewer than one for a megabyte, each listed with its rule, and what that is for."""
    section = code_section([code(false, 2_000_000)], [code(3, 1_000_000)], {"r/x": "Xs"})
    assert [reached] == [bar.reached for bar in section.bars]
    listed = [item for listing in section.listings for item in listing.items]
    assert [(f"before >>>t{n}<<< after", "1 x r/x") for n in range(false)] == listed
    assert section.tables[2].rows == ((("r/x", f"{false / 2:.2f}", "Xs"),) if false else ())


def test_long_lists_are_cut_and_say_so() -> None:
    listing = code_section([code(MOST_LISTED + 5, 1_000_000)], [], {}).listings[0]
    assert (MOST_LISTED, 5) == (len(listing.items), listing.left_out)
