"""Modules: addresses and builds stay, checksums and texts in their numbers go."""

import struct

import pytest

from relay.errors import ScrubError
from relay.scrub.minidump.copying import Copying
from relay.scrub.minidump.layout import ARCHITECTURES, MODULE, UNLOADED
from relay.scrub.minidump.modules import copy_modules, copy_unloaded_modules
from relay.scrub.minidump.names import Names
from relay.scrub.minidump.strings import Texts
from tests.minidumps import AMD64, X86, forget

LIST = 8
VERSION = struct.pack(
    "<13I", 0xFEEF04BD, 0x1_0000, 0x2_0003, 0x4_0005, 0x6_0007, 0x8_0009, *b"jane777"
)


def module(base: int = 0x7FF6_1000_0000, size: int = 0x1000, version: bytes = VERSION) -> bytes:
    misc = (0, 0, 40, 8, b"jane" * 4)
    return struct.pack("<QIIII52sIIII16s", base, size, 0x656E_616A, 7, 0, version, *misc)


def copied(*modules: bytes, architecture: int = AMD64) -> tuple[Copying, list[tuple[int, int]]]:
    content = struct.pack("<I", len(modules)) + b"".join(modules)
    copying = Copying(bytes(LIST) + content)
    names = Names(copying, Texts(forget))
    return copying, copy_modules(copying, names, LIST, len(content), ARCHITECTURES[architecture])


def test_a_module_keeps_where_it_was_and_when_it_was_built() -> None:
    copying, ranges = copied(module(), module(0x7FF6_2000_0000, 0x2000))
    assert [(0x7FF6_1000_0000, 0x1000), (0x7FF6_2000_0000, 0x2000)] == ranges
    base, size, checksum, time, *_, debug_size, debug, misc_size, misc = MODULE.unpack_from(
        copying.out, LIST + 4
    )
    assert (0x7FF6_1000_0000, 0x1000, 7) == (base, size, time)
    assert (0, 0, 0, 0, 0) == (checksum, debug_size, debug, misc_size, misc)


def test_a_version_keeps_its_numbers_and_nothing_more() -> None:
    copying, _ = copied(module())
    version = copying.out[LIST + 4 + 24 : LIST + 4 + 24 + 52]
    assert VERSION[:24] == version[:24]
    assert not any(version[24:])


@pytest.mark.parametrize("version", [b"jane" * 13, VERSION[:4] + b"jane" * 12])
def test_a_version_of_letters_goes(version: bytes) -> None:
    copying, _ = copied(module(version=version))
    assert b"jane" not in copying.out


@pytest.mark.parametrize(
    ("base", "size", "architecture"),
    [
        (0x7FF6_1000_0001, 1, AMD64),
        (1 << 48, 1, AMD64),
        ((1 << 48) - 4096, 4097, AMD64),
        (int.from_bytes(b"jane2000", "little") << 12 & (1 << 64) - 1, 1, AMD64),
        (1 << 32, 1, X86),
        ((1 << 32) - 4096, 4097, X86),
    ],
)
def test_a_module_where_none_can_be_is_refused(base: int, size: int, architecture: int) -> None:
    with pytest.raises(ScrubError):
        copied(module(base, size), architecture=architecture)
    content = UNLOADED.pack(base, size, 0, 0, 0)
    with pytest.raises(ScrubError):
        unloaded(struct.pack("<III", 12, 24, 1) + content, architecture=architecture)


def test_the_module_of_the_kernel_is_allowed() -> None:
    assert [(0xFFFF_FFFF_FF60_0000, 0x1000)] == copied(module(0xFFFF_FFFF_FF60_0000))[1]


def unloaded(content: bytes, architecture: int = AMD64) -> tuple[Copying, int]:
    copying = Copying(bytes(LIST) + content)
    names = Names(copying, Texts(forget))
    return copying, copy_unloaded_modules(
        copying, names, LIST, len(content), ARCHITECTURES[architecture]
    )


def test_unloaded_modules_with_longer_records_lose_what_is_behind() -> None:
    record = UNLOADED.pack(0x1000_0000, 0x1000, 0x656E_616A, 9, 0)
    content = struct.pack("<III", 16, 28, 1) + b"jane" + record + b"jane" + b"jane"
    copying, whole = unloaded(content)
    assert 16 + 28 == whole
    assert b"jane" not in copying.out
    assert UNLOADED.pack(0x1000_0000, 0x1000, 0, 9, 0) == copying.out[LIST + 16 : LIST + 40]


@pytest.mark.parametrize("head", [(8, 24, 1), (12, 20, 1), (12, 24, 2), (12, 24, 1 << 31)])
def test_a_list_of_unloaded_modules_that_lies_is_refused(head: tuple[int, int, int]) -> None:
    with pytest.raises(ScrubError):
        unloaded(struct.pack("<III", *head) + bytes(24))


@pytest.mark.parametrize("head", [b"jane", b"\xbd\x04\xef\xff", bytes(4)])
def test_a_version_that_is_none_goes(head: bytes) -> None:
    """All of it: what begins otherwise is anything."""
    copying, _ = copied(module(0x1000_0000, version=head + b"\x01" * 48))
    assert bytes(52) == bytes(copying.out[LIST + 4 + 24 : LIST + 4 + 76])
