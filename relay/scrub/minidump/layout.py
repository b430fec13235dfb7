"""The numbers of the minidump format: streams, structures and the registers of each processor.

Sources: Microsoft's minidumpapiset.h and winnt.h (streams below 0x10000, CONTEXT), Breakpad's
minidump_format.h and minidump_cpu_*.h (0x4767…, and contexts of ARM).
"""

from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import Final


class Stream(IntEnum):
    """The streams that are read. Of these `MEMORY_64` alone never goes out."""

    UNUSED = 0
    THREADS = 3
    MODULES = 4
    MEMORY = 5
    EXCEPTION = 6
    SYSTEM = 7
    MEMORY_64 = 9
    UNLOADED_MODULES = 14
    MISC = 15
    THREAD_NAMES = 24
    BREAKPAD = 0x47670001


SIGNATURE: Final = b"MDMP"
VERSION: Final = 0xA793
"""MINIDUMP_VERSION, the low half of the field; the high half is the writer's own."""

HEADER: Final = Struct("<4sIIIIIQ")
"""MINIDUMP_HEADER: signature, version, streams, their RVA, checksum, time, flags."""

DIRECTORY: Final = Struct("<III")
"""MINIDUMP_DIRECTORY: type, size, RVA."""

THREAD: Final = Struct("<IIIIQQIIII")
"""MINIDUMP_THREAD: id, suspend count, priority class, priority, TEB; start, size and RVA of its
stack; size and RVA of its context."""

MODULE: Final = Struct("<QIIII52sIIII16x")
"""MINIDUMP_MODULE: base, size, checksum, time, RVA of the name; version; size and RVA of the
CodeView record; size and RVA of the miscellaneous record."""

MODULE_OUT: Final = Struct("<QIIII52sII24x")
"""The same without a miscellaneous record."""

VERSION_INFO: Final = b"\xbd\x04\xef\xfe"
"""What VS_FIXEDFILEINFO begins with."""

VERSIONS: Final = Struct("<IIIII")
"""Its next fields: version of the structure, of the file (twice 32 bits), of the product (too)."""

UNLOADED: Final = Struct("<QIIII")
"""MINIDUMP_UNLOADED_MODULE: base, size, checksum, time, RVA of the name."""

UNLOADED_HEADER: Final = Struct("<III")
"""MINIDUMP_UNLOADED_MODULE_LIST: size of the header, size of an entry, entries."""

MEMORY: Final = Struct("<QII")
"""MINIDUMP_MEMORY_DESCRIPTOR: start, size, RVA."""

MEMORY_64_HEADER: Final = Struct("<QQ")
"""MINIDUMP_MEMORY64_LIST: entries, RVA of the bytes of all."""

MEMORY_64: Final = Struct("<QQ")
"""MINIDUMP_MEMORY_DESCRIPTOR64: start, size; the bytes stand one after the other."""

EXCEPTION: Final = Struct("<IIIIQQII15QII")
"""MINIDUMP_EXCEPTION_STREAM: thread, padding; code, flags, record, address, parameters, padding,
15 parameters; size and RVA of the context."""

MACH_SIMULATED: Final = 0x4350_7378
"""The one code that is letters: Crashpad's, on macOS, for a dump of a program that goes on."""

SYSTEM: Final = Struct("<HHHBBIIIIIHH24s")
"""MINIDUMP_SYSTEM_INFO: architecture, level, revision, processors, product, major, minor, build,
platform, RVA of the service pack's name, suites, reserved, processor."""

VENDOR: Final = 12
"""What the processor is at first: on x86 and amd64 its maker (CPUID leaf 0), then its features."""

VENDORS: Final = frozenset({
    b"GenuineIntel", b"AuthenticAMD", b"HygonGenuine", b"CentaurHauls", b"  Shanghai  ",
    b"VirtualApple", b"GenuineTMx86",
})  # fmt: skip
"""The makers there are. It is twelve letters, and any others may be about a person."""

MISC: Final = Struct("<IIIIII")
"""MINIDUMP_MISC_INFO: size, flags, process, and the times when it began, in user and in kernel."""

MISC_PROCESS_TIMES: Final = 2
"""MINIDUMP_MISC1_PROCESS_TIMES: the flag that says that there are times."""

THREAD_NAME: Final = Struct("<IQ")
"""MINIDUMP_THREAD_NAME: thread, RVA of the name."""

BREAKPAD: Final = Struct("<III")
"""MDRawBreakpadInfo: which are valid, thread that wrote, thread that asked."""

CODEVIEW_PDB_70: Final = b"RSDS"
CODEVIEW_PDB_20: Final = b"NB10"
CODEVIEW_ELF: Final = b"LEpB"
"""How a CodeView record begins: 0x53445352, 0x3031424e, Breakpad's 0x4270454c (a build id)."""

CODEVIEW_PDB_70_NAME: Final = 24
CODEVIEW_PDB_20_NAME: Final = 16
"""Where the name begins, behind signature, id and age."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """A processor, and where the registers of a stack walk stand in its context.

    Attributes:
        word: the bytes of an address.
        flags_at: where ContextFlags stand.
        flags: what each of its contexts carries one of there.
        size: the fewest bytes of a context.
        instruction: where the instruction pointer stands.
        stack: where the stack pointer stands.
        general: where each of the other integer registers stands, with frame pointer and link.
        mask: the bits of an address; those above may hold a pointer's signature.
    """

    word: int
    flags_at: int
    flags: int
    size: int
    instruction: int
    stack: int
    general: tuple[int, ...]
    mask: int


def _offsets(first: int, past: int, step: int, *but: int) -> tuple[int, ...]:
    return tuple(offset for offset in range(first, past, step) if offset not in but)


_ALL_32: Final = 0xFFFF_FFFF
_ALL_64: Final = (1 << 64) - 1
_UNSIGNED: Final = (1 << 47) - 1
"""ARM64 puts a signature (PAC) on top of return addresses; a stack walk takes it off."""

_GENERAL_X86: Final = _offsets(0x9C, 0xB8, 4)
_GENERAL_ARM: Final = _offsets(4, 0x40, 4, 0x38)
_GENERAL_AMD64: Final = _offsets(0x78, 0xF8, 8, 0x98)
_GENERAL_ARM64: Final = _offsets(8, 0x100, 8)

_X86: Final = Architecture(4, 0, 0x1_0000, 716, 0xB8, 0xC4, _GENERAL_X86, _ALL_32)
_ARM: Final = Architecture(4, 0, 0x4020_0000, 0x44, 0x40, 0x38, _GENERAL_ARM, _ALL_32)
_AMD64: Final = Architecture(8, 0x30, 0x10_0000, 1232, 0xF8, 0x98, _GENERAL_AMD64, _ALL_64)
_ARM64: Final = Architecture(8, 0, 0x40_0000, 0x110, 0x108, 0x100, _GENERAL_ARM64, _UNSIGNED)
_ARM64_OLD: Final = Architecture(8, 0, 0x8000_0000, 0x110, 0x108, 0x100, _GENERAL_ARM64, _UNSIGNED)

ARCHITECTURES: Final = {
    0: _X86,
    5: _ARM,
    9: _AMD64,
    10: _X86,
    12: _ARM64,
    0x8003: _ARM64_OLD,
}
"""By ProcessorArchitecture. Of the others no dump is taken: their contexts are not understood."""

CONTROL_AND_INTEGER: Final = 3
"""CONTEXT_CONTROL | CONTEXT_INTEGER: what is left of any context."""

HIGHEST: Final = {4: 1 << 32, 8: 1 << 48}
"""By bytes of an address: where the addresses of programs end."""
