"""The bounds of a spool, and how it knows a repeat."""

import pytest

from relay.scrub.permit import ScrubbedEnvelope, grant
from relay.spool.bounds import Bounds, fingerprint, ignore_drop
from tests.fakes import KEY


def made(body: bytes, project: str = "1", envelope_id: str = "a" * 32) -> ScrubbedEnvelope:
    return grant(
        body=body, envelope_id=envelope_id, project=project, key=KEY, client="", categories=()
    )


def test_the_first_line_is_no_part_of_it() -> None:
    """A client that sends again with another `sent_at` sends the same envelope."""
    first = made(b'{"sent_at":"2024-01-01T00:00:00Z"}\n{"type":"event"}\n{}')
    second = made(b'{"sent_at":"2024-01-01T00:00:09Z"}\n{"type":"event"}\n{}')
    assert fingerprint(first) == fingerprint(second)


@pytest.mark.parametrize(
    "other",
    [
        made(b"{}\n{}\n{}"),
        made(b"{}\n{}", project="2"),
        made(b"{}\n{}", envelope_id="b" * 32),
    ],
)
def test_anything_else_tells_them_apart(other: ScrubbedEnvelope) -> None:
    """Items, project and id each make another envelope."""
    assert fingerprint(made(b"{}\n{}")) != fingerprint(other)


def test_fields_do_not_run_into_each_other() -> None:
    """Moving characters from one field to the next makes another envelope."""
    assert fingerprint(made(b"", project="12", envelope_id="3")) != fingerprint(
        made(b"", project="1", envelope_id="23")
    )


def test_a_repeat_is_not_known_longer_than_it_is_held() -> None:
    """The window for repeats is never longer than envelopes are kept."""
    assert 60 == Bounds(max_age=60).repeat_window
    assert 600 == Bounds().repeat_window


@pytest.mark.parametrize("wrong", [{"max_bytes": 0}, {"max_age": 0}, {"max_dead_age": -1}])
def test_a_spool_that_holds_nothing_is_refused(wrong: dict[str, int]) -> None:
    """Bounds under which nothing could be held cannot be made."""
    with pytest.raises(ValueError, match="hold something"):
        Bounds(**wrong)  # type: ignore[arg-type]


def test_nobody_need_count() -> None:
    """A spool without a counter drops without harm."""
    assert ignore_drop(None) is None  # type: ignore[arg-type,func-returns-value]
