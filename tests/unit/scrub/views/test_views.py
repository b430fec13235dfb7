"""Views together: each leads back, and a cheap test tells where one may read differently."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.scrub.views import VIEWS, fold, may_hide
from tests.strategies import SYNTAX
from tests.unit.scrub.views.reading import made


@given(st.text(SYNTAX + "%4u0041&#;", max_size=60))
def test_maps_lead_back(text: str) -> None:
    """Each character of each view has a source inside the text, in order."""
    folded = fold(text)
    readings = [*([folded] if folded else [])]
    for view in VIEWS:
        readings += made(view.name, text)
    for out, way in readings:
        if way is None:
            assert len(out) == len(text)
            continue
        assert len(out) == way.length
        sources = [way.source(place, place + 1) for place in range(len(out))]
        assert all(0 <= a < b <= len(text) for a, b in sources)
        assert sources == sorted(sources)
        whole = len(set(sources)) == 1
        for c, (a, b) in zip(out, sources, strict=True):
            assert b - a > 1 or c == text[a] or not text[a].isascii() or whole


@pytest.mark.parametrize(
    "text", ["a%41", r"a\x41", "a&lt;b", "раy", "MS4yLjMuNA==", "312e322e332e34", "a1 b2 c3 d4 "]
)
def test_what_may_hide_is_opened(text: str) -> None:
    """An escape, a character of another script and a longer text may hide something."""
    assert may_hide(text)


@pytest.mark.parametrize("text", ["", "short", "a.b@c.d"])
def test_a_short_plain_text_hides_nothing(text: str) -> None:
    """A short text of plain characters is not opened at all."""
    assert not may_hide(text)
