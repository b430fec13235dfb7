"""The places of registers, against what the formats' headers say."""

import struct

import pytest

from relay.scrub.minidump.layout import (
    ARCHITECTURES,
    CODEVIEW_ELF,
    CODEVIEW_PDB_20,
    CODEVIEW_PDB_20_NAME,
    CODEVIEW_PDB_70,
    CODEVIEW_PDB_70_NAME,
    CONTROL_AND_INTEGER,
    DIRECTORY,
    EXCEPTION,
    HEADER,
    HIGHEST,
    MACH_SIMULATED,
    MEMORY,
    MISC,
    MISC_PROCESS_TIMES,
    MODULE,
    MODULE_OUT,
    SIGNATURE,
    SYSTEM,
    THREAD,
    THREAD_NAME,
    UNLOADED,
    VENDOR,
    VENDORS,
    VERSION,
    VERSION_INFO,
    VERSIONS,
    Stream,
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


def test_streams_have_the_numbers_of_the_headers() -> None:
    """MINIDUMP_STREAM_TYPE, and Breakpad's MD_BREAKPAD_INFO_STREAM."""
    expected = {
        "UNUSED": 0, "THREADS": 3, "MODULES": 4, "MEMORY": 5, "EXCEPTION": 6, "SYSTEM": 7,
        "MEMORY_64": 9, "UNLOADED_MODULES": 14, "MISC": 15, "THREAD_NAMES": 24,
        "BREAKPAD": 0x47670001,
    }  # fmt: skip
    assert expected == {stream.name: stream.value for stream in Stream}


X86 = {
    "edi": 0x9C, "esi": 0xA0, "ebx": 0xA4, "edx": 0xA8, "ecx": 0xAC, "eax": 0xB0, "ebp": 0xB4,
}  # fmt: skip
AMD64 = {
    "rax": 0x78, "rcx": 0x80, "rdx": 0x88, "rbx": 0x90, "rbp": 0xA0, "rsi": 0xA8, "rdi": 0xB0,
    "r8": 0xB8, "r9": 0xC0, "r10": 0xC8, "r11": 0xD0, "r12": 0xD8, "r13": 0xE0, "r14": 0xE8,
    "r15": 0xF0,
}  # fmt: skip
ARM = {f"r{n}": 4 + 4 * n for n in (*range(13), 14)}
ARM_64 = {f"x{n}": 8 + 8 * n for n in range(31)}


@pytest.mark.parametrize(
    ("number", "general", "instruction", "stack", "flags", "flags_at", "size"),
    [
        (0, X86, 0xB8, 0xC4, 0x10000, 0, 716),
        (10, X86, 0xB8, 0xC4, 0x10000, 0, 716),
        (5, ARM, 0x40, 0x38, 0x40200000, 0, 0x44),
        (9, AMD64, 0xF8, 0x98, 0x100000, 0x30, 1232),
        (12, ARM_64, 0x108, 0x100, 0x400000, 0, 0x110),
        (0x8003, ARM_64, 0x108, 0x100, 0x80000000, 0, 0x110),
    ],
    ids=["x86", "x86 on amd64", "arm", "amd64", "arm64", "arm64, old"],
)
def test_registers_stand_where_the_headers_say(
    number: int,
    general: dict[str, int],
    instruction: int,
    stack: int,
    flags: int,
    flags_at: int,
    size: int,
) -> None:
    """A register that is looked for elsewhere is blanked, and a stack walk ends there."""
    own = ARCHITECTURES[number]
    assert sorted(general.values()) == list(own.general)
    assert (instruction, stack) == (own.instruction, own.stack)
    assert (flags, flags_at, size) == (own.flags, own.flags_at, own.size)


def test_addresses_are_as_wide_as_programs_have_them() -> None:
    """Beyond stands text, and what is read as an address there is none."""
    assert {0: 4, 5: 4, 9: 8, 10: 4, 12: 8, 0x8003: 8} == {
        number: own.word for number, own in ARCHITECTURES.items()
    }
    masks = {number: own.mask for number, own in ARCHITECTURES.items()}
    assert dict.fromkeys((0, 5, 10), 2**32 - 1) == {n: masks[n] for n in (0, 5, 10)}
    assert 2**64 - 1 == masks[9]
    assert dict.fromkeys((12, 32771), 2**47 - 1) == {n: masks[n] for n in (12, 0x8003)}
    assert {4: 2**32, 8: 2**48} == HIGHEST


def test_what_records_begin_with() -> None:
    """Signatures, the version, and how far a name stands from the start of its record."""
    assert (b"MDMP", 0xA793) == (SIGNATURE, VERSION)
    pdb_70, pdb_20, elf = CODEVIEW_PDB_70, CODEVIEW_PDB_20, CODEVIEW_ELF
    assert [0x53445352, 0x3031424E, 0x4270454C] == [
        int.from_bytes(part, "little") for part in (pdb_70, pdb_20, elf)
    ]
    # Signature, GUID, age; signature, offset, time, age.
    assert 4 + 16 + 4 == CODEVIEW_PDB_70_NAME
    assert 4 * 4 == CODEVIEW_PDB_20_NAME
    assert 0x43507378 == MACH_SIMULATED
    assert (3, 2) == (CONTROL_AND_INTEGER, MISC_PROCESS_TIMES)


def test_makers_of_processors_fill_the_first_twelve_letters() -> None:
    """CPUID leaf 0 gives three registers, of four letters each."""
    assert {VENDOR} == {len(vendor) for vendor in VENDORS}
    assert 12 == VENDOR
    assert b"  Shanghai  " in VENDORS
