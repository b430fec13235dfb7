"""What the playground's process makes of its input; `test_process` has the process itself."""

import io
import json
import resource
from typing import Any

import pytest

from relay.playground import child
from relay.playground.work import Answer, Op, Work
from relay.scrub.hashing import HashKeys


class Hungry(Work):
    """There is no memory for anything."""

    def do(self, op: Op, body: bytes) -> Answer:
        raise MemoryError


class Talkative(Work):
    """Has so much to say."""

    size = 0

    def do(self, op: Op, body: bytes) -> Answer:
        return Answer(200, b" " * (self.size - 2) + b"{}")


def answer(work: Work, sent: bytes) -> tuple[bool, bytes]:
    """Give it some input; return whether it goes on, and its output."""
    sink = io.BytesIO()
    before = resource.getrlimit(resource.RLIMIT_CPU)
    try:
        return child._answer(work, io.BytesIO(sent), sink), sink.getvalue()
    finally:
        resource.setrlimit(resource.RLIMIT_CPU, before)


def read(output: bytes) -> tuple[int, Any]:
    status, size = child.ANSWER.unpack(output[: child.ANSWER.size])
    assert size == len(output) - child.ANSWER.size
    return status, json.loads(output[child.ANSWER.size :])


def test_a_request_is_answered_in_its_frame() -> None:
    """Status and length stand before the answer."""
    goes_on, output = answer(Work(HashKeys(b"k" * 32)), child.REQUEST.pack(Op.TRY, 2) + b"no")
    assert (True, 400) == (goes_on, read(output)[0])


def test_no_input_is_the_end() -> None:
    """Where nothing comes any more, nothing is said."""
    work = Work(HashKeys(b"k" * 32))
    assert ((False, b""), (False, b"")) == (answer(work, b""), answer(work, b"\0\0"))


def test_without_memory_it_says_so_and_ends() -> None:
    """What it holds by then is anybody's guess."""
    goes_on, output = answer(Hungry(HashKeys(b"k" * 32)), child.REQUEST.pack(Op.TRY, 0))
    status, told = read(output)
    assert (False, 422, "it takes more memory than there is") == (goes_on, status, told["detail"])


def test_an_answer_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """It passes through the process that takes envelopes: what is larger stays here."""
    monkeypatch.setattr(child, "MOST_ANSWER", 100)
    work = Talkative(HashKeys(b"k" * 32))
    work.size = 100
    goes_on, output = answer(work, child.REQUEST.pack(Op.TRY, 0))
    assert (True, 200, {}) == (goes_on, *read(output))
    work.size = 101
    goes_on, output = answer(work, child.REQUEST.pack(Op.TRY, 0))
    status, told = read(output)
    wanted = "what comes out has more than 100 bytes: make the sample smaller"
    assert (True, 422, wanted) == (goes_on, status, told["detail"])


def test_more_memory_is_a_part_of_what_is_given() -> None:
    """Never more than its bound."""
    assert 0 < child._more_memory() <= child.MEMORY
    assert child._mapped() > 1_000_000
