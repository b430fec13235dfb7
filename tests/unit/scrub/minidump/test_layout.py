"""The places of registers, against what the formats' headers say."""

import struct

import pytest

from relay.scrub.minidump.layout import (
    ARCHITECTURES,
    DIRECTORY,
    EXCEPTION,
    HEADER,
    MEMORY,
    MISC,
    MODULE,
    MODULE_OUT,
    SYSTEM,
    THREAD,
    THREAD_NAME,
    UNLOADED,
    VERSION_INFO,
    VERSIONS,
)


def test_structures_are_as_long_as_microsoft_says() -> None:
    sizes = [part.size for part in (HEADER, DIRECTORY, THREAD, MODULE, MEMORY, EXCEPTION)]
    assert [32, 12, 48, 108, 16, 168] == sizes
    assert [56, 24, 12, 24] == [part.size for part in (SYSTEM, MISC, THREAD_NAME, UNLOADED)]
    assert MODULE.size == MODULE_OUT.size
    assert len(VERSION_INFO) + VERSIONS.size <= 52


@pytest.mark.parametrize(
    ("number", "word", "frame", "link"),
    [(0, 4, 0xB4, None), (9, 8, 0xA0, None), (5, 4, 0x30, 0x3C), (12, 8, 0xF0, 0xF8)],
    ids=["x86: ebp", "amd64: rbp", "arm: r11, lr", "arm64: x29, x30"],
)
def test_frame_pointer_and_link_are_general_registers(
    number: int, word: int, frame: int, link: int | None
) -> None:
    own = ARCHITECTURES[number]
    assert word == own.word
    assert {frame, link} - {None} <= set(own.general)


@pytest.mark.parametrize("number", ARCHITECTURES)
def test_no_two_registers_share_a_byte_and_all_are_inside(number: int) -> None:
    own = ARCHITECTURES[number]
    registers = (*own.general, own.instruction, own.stack)
    taken = [at for start in registers for at in range(start, start + own.word)]
    taken += range(own.flags_at, own.flags_at + 4)
    assert len(set(taken)) == len(taken)
    assert max(taken) < own.size


def test_signatures_read_as_the_numbers_of_the_headers() -> None:
    assert (0xFEEF04BD,) == struct.unpack("<I", VERSION_INFO)
