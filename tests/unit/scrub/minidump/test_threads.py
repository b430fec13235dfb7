"""Threads: what stays of registers and stacks of each processor, and where stacks are found."""

import struct

import pytest

from relay.errors import ScrubError
from relay.scrub.minidump import scrub_minidump
from relay.scrub.minidump.copying import Copying
from relay.scrub.minidump.keep import ranges
from relay.scrub.minidump.layout import ARCHITECTURES, MEMORY, Architecture
from relay.scrub.minidump.threads import Memory, Threads, copy_memory, read_regions, thread_id
from tests.minidumps import AMD64, Builder, forget, streams

CODE, STACK = 0x6000_0000, 0x7100_0000
NUMBERS = sorted(ARCHITECTURES)


def context(own: Architecture, *, flags: int | None = None, pointer: int = STACK) -> bytes:
    """Return registers: one points into code, one into the stack, all others are letters."""
    registers = bytearray(b"wallet of jane! " * 80)[: own.size]
    struct.pack_into("<I", registers, own.flags_at, own.flags | 7 if flags is None else flags)
    values = {own.instruction: CODE + 5, own.stack: pointer,
              own.general[0]: CODE + 0x10, own.general[-1]: STACK + 8}  # fmt: skip
    for offset, value in values.items():
        registers[offset : offset + own.word] = value.to_bytes(own.word, "little")
    return bytes(registers)


def copied(
    own: Architecture, registers: bytes, *stacks: tuple[int, bytes], number: int = 7
) -> tuple[Copying, list[tuple[int, ...]]]:
    """Copy threads with these registers and one stack each; return their places too."""
    made = Builder()
    places = [(start, len(words), made.put(words)) for start, words in stacks]
    at = made.put(registers)
    records = [
        (number, 1, 2, 0x656E_616A, 0x656E_616A, *place, len(registers), at) for place in places
    ]
    content = b"".join(struct.pack("<IIIIQQIIII", *record) for record in records)
    rva = made.put(struct.pack("<I", len(records)) + content)
    copying = Copying(bytes(made.data))
    threads = Threads(copying, own)
    threads.read(rva, 4 + len(content), [])
    spans = ((stack.start, stack.size) for stack in threads.stacks())
    threads.write(ranges(own, [(CODE, 0x1000)], spans))
    copying.check()
    return copying, [*places, (at, rva)]


@pytest.mark.parametrize("number", NUMBERS)
def test_registers_keep_addresses_and_nothing_else(number: int) -> None:
    own = ARCHITECTURES[number]
    copying, (_, (at, _)) = copied(own, context(own), (STACK, bytes(64)))
    clean = bytes(copying.out[at : at + own.size])
    expected = bytearray(own.size)
    struct.pack_into("<I", expected, own.flags_at, own.flags | 3)
    for offset in (own.instruction, own.stack, own.general[0], own.general[-1]):
        source = copying.data[at + offset : at + offset + own.word]
        expected[offset : offset + own.word] = source
    assert expected == clean


@pytest.mark.parametrize("number", NUMBERS)
def test_a_stack_keeps_words_that_are_addresses(number: int) -> None:
    own = ARCHITECTURES[number]
    kept = [CODE, CODE + 0x1000, STACK, STACK + 16]
    gone = [CODE - 1, CODE + 0x1001, STACK - 1, 1, 0x1234_5678]
    words = [word for pair in zip(kept, gone, strict=False) for word in pair] + gone[-1:]
    memory = b"".join(word.to_bytes(own.word, "little") for word in words)
    copying, ((_, size, rva), _) = copied(own, context(own), (STACK, memory))
    found = [
        int.from_bytes(copying.out[at : at + own.word], "little")
        for at in range(rva, rva + size, own.word)
    ]
    assert [word if word in kept else 0 for word in words] == found


def test_words_that_are_not_aligned_are_blanked() -> None:
    own = ARCHITECTURES[AMD64]
    memory = CODE.to_bytes(8, "little") * 2
    copying, ((_, size, rva), _) = copied(own, context(own), (STACK + 4, b"abcd" + memory + b"xyz"))
    assert bytes(4) + memory + bytes(3) == copying.out[rva : rva + size]


def test_short_texts_on_a_stack_of_32_bits_go() -> None:
    """`hugo` is an address of a module at 0x6f670000, and a NUL says that it is a text."""
    own = ARCHITECTURES[0]
    word = int.from_bytes(b"hugo", "little")
    memory = word.to_bytes(4, "little") + bytes(4) + word.to_bytes(4, "little") + b"\xff\1\1\1"
    copying = Copying(bytes(16))
    addresses = ranges(own, [(word & ~0xFFF, 0x1000)], [])
    addresses.stack(STACK, memoryview(memory), memoryview(copying.out))
    assert bytes(8) + b"hugo" + bytes(4) == copying.out


def test_a_signature_of_letters_on_a_pointer_takes_it_along() -> None:
    own = ARCHITECTURES[12]
    letters = int.from_bytes(b"xpub6BiV", "little")
    addresses = ranges(own, [(letters & own.mask & ~0xFFF, 0x1000)], [])
    out = bytearray(8)
    addresses.stack(STACK, memoryview(letters.to_bytes(8, "little")), memoryview(out))
    assert 0 == addresses.register(letters)
    assert not any(out)


def test_modules_that_fill_the_address_space_are_refused() -> None:
    one = (0x6161_0000_0000, 0xFFFF_FFFF)
    with pytest.raises(ScrubError):
        ranges(ARCHITECTURES[AMD64], [one, (0x6162_0000_0000, 2)], [])
    with pytest.raises(ScrubError):
        ranges(ARCHITECTURES[0], [(0x1_0000, (1 << 30) + 1)], [])


def test_two_threads_share_a_stack_of_one_address_only() -> None:
    own = ARCHITECTURES[AMD64]
    content = bytes(32)
    made = Builder()
    rva, at = made.put(content), made.put(context(own))
    for second, shared in ((STACK, True), (STACK + 0x1000, False)):
        records = b"".join(
            struct.pack("<IIIIQQIIII", 1, 0, 0, 0, 0, start, 32, rva, own.size, at)
            for start in (STACK, second)
        )
        copying = Copying(bytes(made.data) + struct.pack("<I", 2) + records)
        Threads(copying, own).read(len(made.data), 4 + len(records), [])
        if shared:
            copying.check()
        else:
            with pytest.raises(ScrubError):
                copying.check()


@pytest.mark.parametrize(("number", "end"), [(AMD64, 1 << 48), (0, 1 << 32)])
def test_a_stack_outside_of_all_addresses_is_refused(number: int, end: int) -> None:
    own = ARCHITECTURES[number]
    copied(own, context(own), (end - 16, bytes(16)))
    with pytest.raises(ScrubError):
        copied(own, context(own), (end - 8, bytes(16)))


@pytest.mark.parametrize(
    ("pointer", "found"),
    [(STACK, True), (STACK + 15, True), (STACK + 16, False), (STACK - 1, False)],
)
def test_a_region_is_a_stack_if_the_pointer_is_inside(pointer: int, found: bool) -> None:
    own = ARCHITECTURES[AMD64]
    made = Builder()
    at = made.put(context(own, pointer=pointer))
    record = struct.pack("<IIIIQQIIII", 1, 0, 0, 0, 0, STACK, 0, 0, own.size, at)
    rva = made.put(struct.pack("<I", 1) + record)
    threads = Threads(Copying(bytes(made.data)), own)
    region = Memory(STACK, 16, 0)
    threads.read(rva, 52, [region])
    assert ([region] if found else []) == threads.stacks()


@pytest.mark.parametrize("flags", [0, 7, 0x2000_0000])
def test_registers_of_another_processor_are_refused(flags: int) -> None:
    own = ARCHITECTURES[AMD64]
    with pytest.raises(ScrubError):
        copied(own, context(own, flags=flags), (STACK, bytes(8)))


def test_registers_that_are_cut_off_are_refused() -> None:
    own = ARCHITECTURES[AMD64]
    with pytest.raises(ScrubError):
        copied(own, context(own)[:-1], (STACK, bytes(8)))


def test_the_id_of_a_thread_is_no_text() -> None:
    assert [0, 77, 0x0041_4243, 0xFFFF_FFFF] == [
        thread_id(value) for value in (0, 77, 0x0041_4243, 0xFFFF_FFFF)
    ]
    own = ARCHITECTURES[AMD64]
    with pytest.raises(ScrubError):
        copied(own, context(own), (STACK, bytes(8)), number=int.from_bytes(b"jane", "little"))


@pytest.mark.parametrize(("value", "kept"), [(CODE + 5, True), (0xDEAD_0010, True), (0, True),
                                             (1 << 48, False), (0x656E_616A, False)])  # fmt: skip
def test_where_a_fault_was(value: int, kept: bool) -> None:
    addresses = ranges(ARCHITECTURES[AMD64], [(CODE, 0x1000)], [])
    assert (value if kept else 0) == addresses.pointer(value)


def exception(*numbers: int) -> bytes:
    """Return a dump with an exception: code, flags, address, parameters."""
    code, flags, address, *parameters = numbers
    made = Builder()
    made.stream(
        7, struct.pack("<HHHBBIIIIIHH24s", 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, b"janejanejane")
    )
    rest = [*parameters, *[0x656E_616A] * (15 - len(parameters))]
    record = (3, 0, code, flags, 0x656E_616A, address, len(parameters), 0, *rest, 0, 0)
    made.stream(6, struct.pack("<IIIIQQII15QII", *record))
    return made.build()


def test_letters_in_the_numbers_of_an_exception_go() -> None:
    letters = int.from_bytes(b"jane", "little")
    clean = scrub_minidump(exception(letters, letters, letters, letters, 1), forget)
    assert b"jane" not in clean
    _, rva = streams(clean)[6]
    assert 1 == struct.unpack_from("<Q", clean, rva + 48)[0]


@pytest.mark.parametrize("code", [0xC000_0005, 11, 0xE06D_7363, 0x4350_7378])
def test_the_code_of_an_exception_stays(code: int) -> None:
    clean = scrub_minidump(exception(code, 1, 0), forget)
    _, rva = streams(clean)[6]
    assert (code, 1) == struct.unpack_from("<II", clean, rva + 8)


def test_of_lists_of_memory_the_stacks_stay() -> None:
    stack, heap = Memory(STACK, 16, 4), Memory(0x5000, 16, 4)
    content = struct.pack("<I", 2) + MEMORY.pack(heap.start, 16, 4) + MEMORY.pack(STACK, 16, 4)
    copying = Copying(content)
    assert 20 == copy_memory(copying, [stack], 0, len(content))
    assert struct.pack("<I", 1) + MEMORY.pack(STACK, 16, 4) + bytes(16) == copying.out


def test_regions_stand_one_after_the_other_and_are_sorted() -> None:
    entries = ((0x9000, 8), (0x5000, 0), (0x1000, 4))
    content = struct.pack("<QQ", 3, 64) + b"".join(struct.pack("<QQ", *entry) for entry in entries)
    regions = read_regions(Copying(content + bytes(12)), 0, len(content))
    assert [Memory(0x1000, 4, 72), Memory(0x9000, 8, 64)] == regions


@pytest.mark.parametrize("head", [(3, 64), (2, 64), (1 << 60, 48), (2, 1 << 63)])
def test_regions_that_lie_are_refused(head: tuple[int, int]) -> None:
    content = struct.pack("<QQ", *head) + struct.pack("<QQ", 0x1000, 1 << 40) * 2
    with pytest.raises(ScrubError):
        read_regions(Copying(content), 0, len(content))


def test_a_thread_keeps_its_counts_and_places_and_not_its_block() -> None:
    """The address of the block (TEB) may be letters, and no stack walk needs it."""
    own = ARCHITECTURES[AMD64]
    registers = context(own)
    copying, ((start, size, place), (at, rva)) = copied(own, registers, (STACK, bytes(64)))
    record = struct.unpack_from("<IIIIQQIIII", copying.out, rva + 4)
    assert (7, 1, 2, 0, 0, start, size, place, len(registers), at) == record


@pytest.mark.parametrize(("value", "kept"), [(0xFFF, 0xFFF), (0x1000, 0), (0, 0)])
def test_counts_of_a_thread_are_small(value: int, kept: int) -> None:
    own = ARCHITECTURES[AMD64]
    made = Builder()
    rva = made.put(struct.pack("<I", 1) + struct.pack("<IIIIQQIIII", 7, *[value] * 3, *[0] * 6))
    copying = Copying(bytes(made.data))
    threads = Threads(copying, own)
    threads.read(rva, 52, [])
    threads.write(ranges(own, [], []))
    assert (7, kept, kept, kept) == struct.unpack_from("<IIII", copying.out, rva + 4)
    assert [] == threads.stacks()


@pytest.mark.parametrize("number", NUMBERS)
def test_a_stack_that_is_not_named_is_looked_for(number: int) -> None:
    """Where the stack pointer points, to the last byte of a region and no further."""
    own = ARCHITECTURES[number]
    regions = [Memory(STACK - 64, 16, 0), Memory(STACK, 16, 16)]
    for pointer, expected in (
        (STACK, regions[1:]), (STACK + 15, regions[1:]), (STACK + 16, []), (STACK - 1, []),
        (STACK - 49, regions[:1]), (STACK - 48, []), (STACK - 65, []),
    ):  # fmt: skip
        made = Builder()
        made.put(bytes(64))
        at = made.put(context(own, pointer=pointer))
        record = struct.pack("<IIIIQQIIII", 7, 0, 0, 0, 0, 0, 0, 0, own.size, at)
        rva = made.put(struct.pack("<I", 1) + record)
        threads = Threads(Copying(bytes(made.data)), own)
        threads.read(rva, 52, regions)
        assert expected == threads.stacks()


@pytest.mark.parametrize("number", NUMBERS)
def test_a_stack_ends_where_addresses_do(number: int) -> None:
    own = ARCHITECTURES[number]
    highest = 1 << (32 if own.word == 4 else 48)
    copied(own, context(own), (highest - 64, bytes(64)))
    with pytest.raises(ScrubError):
        copied(own, context(own), (highest - 63, bytes(64)))


def test_an_id_of_three_letters_is_a_number() -> None:
    assert 0x63_6261 == thread_id(0x63_6261)
    assert 0xFF_FFFF == thread_id(0xFF_FFFF)
    with pytest.raises(ScrubError):
        thread_id(int.from_bytes(b"jane", "little"))
