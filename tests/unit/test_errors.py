"""The error tree."""

import inspect

import pytest

from relay import errors
from relay.errors import Mistake, OverloadedError, RelayError, RequestError, RuleError
from relay.outcomes import Reason

TREE = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, RelayError) and kind is not RelayError
]


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_request_errors_are_the_callers(kind: type[RelayError]) -> None:
    """A request that is refused is answered with 4xx, everything else is not a RequestError."""
    if issubclass(kind, RequestError):
        assert 400 <= kind.status < 500


@pytest.mark.parametrize(
    "kind",
    [k for k in TREE if issubclass(k, RequestError | OverloadedError) or "Spool" in k.__name__],
    ids=lambda kind: kind.__name__,
)
def test_reasons_are_words_of_the_enum(kind: type[RelayError]) -> None:
    """The word that is counted for a refused request is one of the outcomes' words."""
    assert kind.reason in set(Reason)


def test_mistakes_come_all_at_once() -> None:
    """Each mistake says where, what, and what may have been meant."""
    error = RuleError((Mistake("a.yaml", 3, "wrong", "right"), Mistake("b.yaml", 1, "bad")))
    assert "a.yaml:3: wrong (right)\nb.yaml:1: bad" == str(error)
    assert ("a.yaml:3: wrong (right)", "b.yaml:1: bad") == error.causes
