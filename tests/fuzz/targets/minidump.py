"""Minidumps: what was in memory is gone, or the dump is; what goes on is read by another reader."""

import logging
import struct
from functools import cache
from random import Random

from minidump.minidumpfile import MinidumpFile

import relay
from relay.errors import ScrubError
from relay.scrub.minidump import scrub_minidump
from tests.fuzz.target import Target
from tests.fuzz.targets.drawing import broken, number, says_nothing
from tests.minidumps import AMD64, ARM64, X86, Builder, reals, streams, windows

SECRET = "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"
FORMS = (SECRET.encode(), SECRET.encode("utf-16-le"), SECRET.encode("utf-16-be"))
SYSTEM = 7
_UNKNOWN_TO_THE_READER = struct.pack("<H", ARM64)
KINDS = (0, 3, 4, 5, 6, 7, 9, 14, 15, 24, 0x47670001, 0x47670003, 0x43500001, 77)


@cache
def scrubber() -> relay.Scrubber:
    """Return the rules that ship."""
    return relay.load_scrubber(secret=b"fuzz" * 8, verify=False)


def run_minidump(data: bytes) -> None:
    """Any bytes, with a secret at any place: clean, as long as before and readable; or refused."""
    try:
        clean = scrub_minidump(data, scrubber().scrub_text)
    except ScrubError as error:
        says_nothing(error, secret=SECRET)
        return
    assert len(data) == len(clean)
    assert [] == [form for form in FORMS if form in clean]
    assert clean == scrub_minidump(clean, scrubber().scrub_text)
    assert clean == scrub_minidump(data, scrubber().scrub_text)
    system = streams(clean).get(SYSTEM)
    if system is not None and clean[system[1] : system[1] + 2] != _UNKNOWN_TO_THE_READER:
        # It looks for what a blank memory does not have, and says so.
        logging.disable(logging.CRITICAL)
        try:
            MinidumpFile.parse_bytes(clean)
        except ValueError as error:
            # It knows fewer products and streams than there are.
            if "is not a valid" not in str(error):
                raise
        finally:
            logging.disable(logging.NOTSET)


def draw_minidump(random: Random) -> bytes:
    if random.random() < 0.2:
        return _any_streams(random)
    dump = bytearray(random.choice(_bases()))
    for _ in range(random.choice((0, 1, 1, 2))):
        form = random.choice(FORMS)
        at = random.randrange(32, max(33, len(dump) - len(form)))
        dump[at : at + len(form)] = form
    for _ in range(random.choice((0, 0, 1, 2, 4))):
        # Most numbers stand in front; those of a directory say where everything is.
        at = random.randrange(max(1, min(len(dump), random.choice((64, 600, len(dump)))) - 4))
        struct.pack_into("<I", dump, at, random.choice((number(random), 0xFFFFFFFF, 0x7FFFFFFF)))
    return broken(bytes(dump), random) if random.random() < 0.2 else bytes(dump)


def _any_streams(random: Random) -> bytes:
    builder = Builder()
    for _ in range(random.randrange(8)):
        form, content = random.choice(FORMS), random.randbytes(random.randrange(120))
        count = struct.pack("<I", number(random))
        builder.stream(
            random.choice(KINDS), random.choice((form + content, count + content + form))
        )
    return builder.build() + FORMS[0]


@cache
def _bases() -> tuple[bytes, ...]:
    made = [windows(AMD64), windows(X86), windows(ARM64), windows(AMD64, whole=True)]
    return (*made, *reals().values())


TARGETS = (
    Target(
        "minidump", run_minidump, draw_minidump, _bases,
        (b"MDMP\x93\xa7\0\0", *(struct.pack("<I", kind) for kind in KINDS), *FORMS, b"RSDS",
         b"\0\0\0\0", b"\xff\xff\xff\xff", struct.pack("<H", 9), struct.pack("<H", 12)),
    ),
)  # fmt: skip
