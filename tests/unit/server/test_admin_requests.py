"""What a request must look like: the routes' own tests hold the rest."""

import pytest

from relay.server.admin_requests import WrongRequestError, only, wrong


def test_a_query_says_what_is_known() -> None:
    """And nothing twice."""
    only({"limit": "1"}, "limit", "after")
    for query in ({"limt": "1"}, {"limit": "1", "x": ""}):
        with pytest.raises(WrongRequestError, match="the query may say limit, after"):
            only(query, "limit", "after")
    with pytest.raises(WrongRequestError, match="the query may say nothing"):
        only({"a": "1"})


def test_what_is_wrong_is_the_callers() -> None:
    """It is answered with 400."""
    with pytest.raises(WrongRequestError, match="no") as caught:
        wrong("no")
    assert 400 == caught.value.status
