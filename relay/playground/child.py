"""The playground's own process: reads a request from standard input, answers on standard output.

Law of this file: once the rules are loaded it can open no file and no socket any more, and what it
may take of time and memory is bounded. It says nothing on standard error, and leaves nothing
behind. Its end is the end of its input: it does not outlive its parent.
"""

import codecs
import os
import resource
import secrets
import signal
import struct
import sys
from contextlib import suppress
from http import HTTPStatus
from typing import BinaryIO, Final

from relay.playground.work import Answer, Op, Work, refusal
from relay.scrub.hashing import HashKeys
from relay.side.nursery import forbid_core_dumps, given_memory

REQUEST: Final = struct.Struct("!BI")
"""Before a request: what is asked for, bytes of its body."""

ANSWER: Final = struct.Struct("!HI")
"""Before an answer: status, bytes of its body."""

CPU_SECONDS: Final = 5
"""Processor time that one request may take."""

MEMORY: Final = 512 * 1024**2
"""Bytes that it may take beyond those that it has once the rules are loaded."""

MEMORY_PART: Final = 4
"""Of the memory that all processes here may have together, it takes one of so many parts."""

MOST_ANSWER: Final = 8 * 1024**2
"""Bytes of an answer: it passes through the process that takes envelopes. A rule that writes much
in many places makes more than it was given."""

CODECS: Final = (
    "ascii", "latin-1", "cp1252", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be",
    "utf-32", "utf-32-le", "utf-32-be", "idna", "punycode", "unicode_escape",
)  # fmt: skip
"""Loaded ahead: Python would look for them in files."""


def main() -> None:
    """Answer until the input ends."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        # A signal to all of a terminal ends the parent, and that ends this process.
        signal.signal(number, signal.SIG_IGN)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    forbid_core_dumps()
    os.nice(5)
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("500")
    for name in CODECS:
        codecs.lookup(name)
    work = Work(HashKeys(secrets.token_bytes(32)))
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    _answer(work, source, sink)  # the rules, which come first
    seal()
    while _answer(work, source, sink):
        pass


def seal() -> None:
    """Give up files, sockets and more memory, for good."""
    with suppress(FileNotFoundError):  # other systems do not tell
        most = _mapped() + _more_memory()
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _answer(work: Work, source: BinaryIO, sink: BinaryIO) -> bool:
    """Answer one request; False where there is none any more."""
    head = source.read(REQUEST.size)
    if len(head) < REQUEST.size:
        return False
    number, size = REQUEST.unpack(head)
    _bound_time()
    answer, goes_on = _do(work, Op(number), source.read(size))
    sink.write(ANSWER.pack(answer.status, len(answer.body)) + answer.body)
    sink.flush()
    return goes_on


def _do(work: Work, op: Op, body: bytes) -> tuple[Answer, bool]:
    """Do it; where memory was short, this process is not used again."""
    try:
        return _bounded(work.do(op, body)), True
    except MemoryError:
        pass
    return refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "it takes more memory than there is"), False


def _bounded(answer: Answer) -> Answer:
    if len(answer.body) <= MOST_ANSWER:
        return answer
    detail = f"what comes out has more than {MOST_ANSWER} bytes: make the sample smaller"
    return refusal(HTTPStatus.UNPROCESSABLE_ENTITY, detail)


def _bound_time() -> None:
    """Let the system end this process when the next request takes too long."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    most = int(used.ru_utime + used.ru_stime) + CPU_SECONDS + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, hard))


def _more_memory() -> int:
    return min(MEMORY, given_memory() // MEMORY_PART)


def _mapped() -> int:
    """Return the bytes of addresses that this process uses already."""
    with open("/proc/self/statm") as file:  # noqa: PTH123 - no more than this is read
        return int(file.read().split()[0]) * resource.getpagesize()


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        main()
