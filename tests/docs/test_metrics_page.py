"""docs/metrics.md is made from the register."""

from pathlib import Path

from relay import metrics


def test_the_page_is_up_to_date() -> None:
    """The page is what the register makes; `make docs` writes it."""
    page = Path(__file__).parents[2] / "docs" / "metrics.md"
    assert metrics.docs() == page.read_text("utf-8")
