"""Work, and how it travels."""

import pickle

import pytest

from relay import errors
from relay.errors import EnvelopeError, RateLimitedError, RelayError
from relay.pipeline import Processed
from relay.side.work import do, pack, pack_error, unpack, unpack_error
from tests.inline_rules import IP, MASKED, scrubber
from tests.side_jobs import KEY, find, job

BODY = (
    b'{}\n{"type":"event"}\n{"event_id":"%s","message":"at 203.0.113.77 hushhush","tags":{}}\n'
    b'{"type":"made_up"}\n{}\n' % (b"f" * 32)
)


def done(granted: bool = True) -> Processed:
    shadow = f"{MASKED}\nstatus: shadow"
    return do(BODY, job(granted), find, scrubber(IP, shadow))


@pytest.mark.parametrize("granted", [True, False])
def test_a_result_comes_back_as_it_was(granted: bool) -> None:
    """All of it, and a permit only where there was one."""
    result = done(granted)
    assert granted == (result.envelope is not None)
    assert result == unpack(*pack(result))


def test_the_body_is_no_part_of_the_rest() -> None:
    """It goes over beside, so that nothing has to copy it."""
    about, body = pack(done())
    assert b"at [ip] hushhush" in body
    assert b"[ip] hushhush" not in about


class Evil:
    """What a child would send that a payload has taken over."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return eval, ("1",)


def test_a_result_holds_nothing_else() -> None:
    """Only the types of a result are made of what comes back."""
    with pytest.raises(pickle.UnpicklingError):
        unpack(pickle.dumps(({"policy": Evil()}, None)), b"")
    with pytest.raises(pickle.UnpicklingError):
        unpack_error(pickle.dumps(Evil()))


def test_a_permit_is_made_only_for_what_was_accepted() -> None:
    """What contradicts itself is no result."""
    _, body = pack(done())
    about, _ = pack(done(granted=False))
    parts, _ = pickle.loads(about)
    marks = {"envelope_id": "1", "project": "1", "key": KEY, "client": "", "categories": ()}
    with pytest.raises(RuntimeError):
        unpack(pickle.dumps((parts, marks)), body)


def test_errors_come_back_as_they_were() -> None:
    """With their class, and so their status and reason; what is none of ours is ours."""
    error = unpack_error(pack_error(EnvelopeError("it is none", ("a", "b"))))
    assert (EnvelopeError, "it is none", ("a", "b")) == (type(error), error.detail, error.causes)
    for name in ("dataclass", "nowhere", "HTTPStatus"):
        error = unpack_error(pickle.dumps((name, "x", ())))
        assert (RelayError, "internal error") == (type(error), error.detail)


def test_errors_of_a_pipeline_are_made_of_their_words() -> None:
    """One that needs more has no way back; `process` raises none of them."""
    odd = {RateLimitedError, errors.MethodError}
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, RelayError) and kind not in odd:
            if issubclass(kind, errors.MistakesError):
                continue
            assert type(unpack_error(pack_error(kind("x")))) is kind
