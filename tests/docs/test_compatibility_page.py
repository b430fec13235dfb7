"""docs/compatibility.md is made from what comes out of a running relay."""

from pathlib import Path

import pytest

from tests import compatibility


@pytest.mark.system
def test_the_page_is_up_to_date() -> None:
    """The page is what `python -m tests.compatibility` writes."""
    page = Path(__file__).parents[2] / "docs" / "compatibility.md"
    assert page.read_text("utf-8") == compatibility.page()
