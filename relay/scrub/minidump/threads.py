"""The threads of a dump: registers and stacks, with the addresses in them and nothing else."""

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

from relay.errors import ScrubError
from relay.scrub.minidump.copying import Copying
from relay.scrub.minidump.keep import Addresses, is_text, number
from relay.scrub.minidump.layout import (
    CONTROL_AND_INTEGER,
    EXCEPTION,
    HIGHEST,
    MACH_SIMULATED,
    MEMORY,
    MEMORY_64,
    MEMORY_64_HEADER,
    THREAD,
    THREAD_NAME,
    Architecture,
)
from relay.scrub.minidump.names import Names

_MAX_REGIONS: Final = 1 << 18
"""Regions in one list of memory. A full dump of a browser has some thousands."""

_MAX_PRIORITY: Final = 0x1000
"""Below stand suspend counts and priorities of every system."""


@dataclass(frozen=True, slots=True)
class Memory:
    """A piece of memory: its address, its bytes, and where they stand in the dump."""

    start: int
    size: int
    rva: int

    @property
    def end(self) -> int:
        """The address behind it."""
        return self.start + self.size


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread, as far as it is kept."""

    number: int
    counts: tuple[int, ...]
    stack: Memory | None
    context_size: int
    context: int


@dataclass(slots=True)
class Threads:
    """The threads of a dump that is being copied."""

    copying: Copying
    architecture: Architecture
    _rva: int = field(init=False, default=0)
    _all: list[Thread] = field(init=False, repr=False, default_factory=list)

    def stacks(self) -> list[Memory]:
        """Return the stacks of all threads that have one."""
        return [thread.stack for thread in self._all if thread.stack]

    def read(self, start: int, size: int, regions: list[Memory]) -> None:
        """Read a MINIDUMP_THREAD_LIST. `regions` are where a stack may be that is not named.

        Raises:
            ScrubError: it is cut off, or points outside of the dump.
        """
        count, first = self.copying.count(start, size, THREAD.size)
        self.copying.claim(start, first - start + count * THREAD.size, "threads")
        self.copying.write(start, count.to_bytes(4, "little"))
        self._rva = first
        starts = [region.start for region in regions]
        for rva in range(first, first + count * THREAD.size, THREAD.size):
            thread, *rest = THREAD.unpack_from(self.copying.data, rva)
            stack_start, stack_size, stack_rva, context_size, context = rest[4:]
            self._claim_context(context_size, context)
            stack: Memory | None = Memory(stack_start, stack_size, stack_rva)
            if stack_size == 0:
                pointer = self._stack_pointer(context_size, context)
                at = bisect_right(starts, pointer) - 1
                stack = regions[at] if at >= 0 and pointer < regions[at].end else None
            if stack and stack.end > HIGHEST[self.architecture.word]:
                raise ScrubError("a stack of a minidump outside of all addresses")
            if stack:
                # Its address is part of its meaning: the same bytes at a thousand addresses
                # would make an address of any text.
                self.copying.claim(stack.rva, stack.size, f"stack at {stack.start:x}")
            counts = tuple(count if count < _MAX_PRIORITY else 0 for count in rest[:3])
            self._all.append(Thread(thread_id(thread), counts, stack, context_size, context))

    def write(self, addresses: Addresses) -> None:
        """Write threads, contexts and stacks."""
        data, out = memoryview(self.copying.data), memoryview(self.copying.out)
        for at, thread in enumerate(self._all):
            stack = thread.stack or Memory(0, 0, 0)
            place = (stack.start, stack.size, stack.rva, thread.context_size, thread.context)
            record = THREAD.pack(thread.number, *thread.counts, 0, *place)
            self.copying.write(self._rva + at * THREAD.size, record)
            self._write_context(addresses, thread.context_size, thread.context)
        for stack in {stack.rva: stack for stack in self.stacks()}.values():
            part = slice(stack.rva, stack.rva + stack.size)
            addresses.stack(stack.start, data[part], out[part])

    def write_exception(self, addresses: Addresses, start: int, size: int) -> None:
        """Copy a MINIDUMP_EXCEPTION_STREAM.

        Raises:
            ScrubError: it is cut off, has absurdly many parameters, or points outside of the dump.
        """
        if size < EXCEPTION.size:
            raise ScrubError("an exception of a minidump that is cut off")
        thread, _, code, flags, nested, address, count, _, *rest = EXCEPTION.unpack_from(
            self.copying.data, start
        )
        parameters, (context_size, context) = rest[:15], rest[15:]
        if count > len(parameters):
            raise ScrubError("an exception of a minidump with too many parameters")
        self.copying.claim(start, EXCEPTION.size, "exception")
        self._claim_context(context_size, context)
        self._write_context(addresses, context_size, context)
        kept = [addresses.parameter(value) for value in parameters[:count]]
        record = EXCEPTION.pack(
            thread_id(thread), 0, code if code == MACH_SIMULATED else number(code), number(flags),
            addresses.register(nested), addresses.pointer(address), count,
            0, *kept, *[0] * (len(parameters) - count), context_size, context,
        )  # fmt: skip
        self.copying.write(start, record)

    def _claim_context(self, size: int, rva: int) -> None:
        if size and size < self.architecture.size:
            raise ScrubError("registers of a minidump that are cut off")
        self.copying.claim(rva, size, "context")

    def _number(self, rva: int, size: int) -> int:
        return int.from_bytes(self.copying.data[rva : rva + size], "little")

    def _stack_pointer(self, size: int, context: int) -> int:
        if not size:
            return 0
        return self._number(context + self.architecture.stack, self.architecture.word)

    def _write_context(self, addresses: Addresses, size: int, rva: int) -> None:
        if not size:
            return
        own, word = self.architecture, self.architecture.word
        flags = self._number(rva + own.flags_at, 4) & own.flags
        if not flags:
            raise ScrubError("registers of a minidump that are of another processor")
        flags |= CONTROL_AND_INTEGER
        self.copying.write(rva + own.flags_at, flags.to_bytes(4, "little"))
        for offset in own.general:
            value = addresses.register(self._number(rva + offset, word))
            self.copying.write(rva + offset, value.to_bytes(word, "little"))
        for offset in (own.instruction, own.stack):
            value = addresses.pointer(self._number(rva + offset, word))
            self.copying.write(rva + offset, value.to_bytes(word, "little"))


def thread_id(value: int) -> int:
    """Return the id of a thread.

    Raises:
        ScrubError: it is four letters. Without its id a thread cannot be told from others.
    """
    if value > 0xFF_FFFF and is_text(value):
        raise ScrubError("a thread of a minidump that a text is the id of")
    return value


def copy_thread_names(copying: Copying, names: Names, start: int, size: int) -> int:
    """Copy a MINIDUMP_THREAD_NAME_LIST and return the bytes of the stream.

    Raises:
        ScrubError: it is cut off, or points outside of the dump.
    """
    count, first = copying.count(start, size, THREAD_NAME.size)
    whole = first - start + count * THREAD_NAME.size
    copying.claim(start, whole, "thread names")
    copying.write(start, count.to_bytes(4, "little"))
    for rva in range(first, start + whole, THREAD_NAME.size):
        thread, name = THREAD_NAME.unpack_from(copying.data, rva)
        copying.write(rva, THREAD_NAME.pack(thread_id(thread), names.wide(name)))
    return whole


def read_regions(copying: Copying, start: int, size: int) -> list[Memory]:
    """Return what a MINIDUMP_MEMORY64_LIST holds, by address.

    Raises:
        ScrubError: it is cut off, or points outside of the dump.
    """
    if size < MEMORY_64_HEADER.size:
        raise ScrubError("a list of a minidump that is cut off")
    count, base = MEMORY_64_HEADER.unpack_from(copying.data, start)
    first = start + MEMORY_64_HEADER.size
    end = first + count * MEMORY_64.size
    if count > _MAX_REGIONS or end > start + size:
        raise ScrubError("a list of a minidump that is longer than its stream")
    entries = list(MEMORY_64.iter_unpack(memoryview(copying.data)[first:end]))
    places = accumulate((length for _, length in entries), initial=base)
    regions = [
        Memory(address, length, place)
        for (address, length), place in zip(entries, places, strict=False)
        if length
    ]
    if regions:
        copying.within(base, regions[-1].rva + regions[-1].size - base)
    return sorted(regions, key=lambda region: region.start)


def copy_memory(copying: Copying, stacks: list[Memory], start: int, size: int) -> int:
    """Copy a MINIDUMP_MEMORY_LIST of the stacks alone, and return the bytes of the stream.

    Raises:
        ScrubError: it is cut off, or absurdly long.
    """
    count, first = copying.count(start, size, MEMORY.size)
    copying.claim(start, first - start + count * MEMORY.size, "memory")
    known = {(stack.start, stack.size, stack.rva) for stack in stacks}
    entries = MEMORY.iter_unpack(memoryview(copying.data)[first : first + count * MEMORY.size])
    kept = [entry for entry in entries if entry in known]
    copying.write(start, len(kept).to_bytes(4, "little"))
    for at, entry in enumerate(kept):
        copying.write(first + at * MEMORY.size, MEMORY.pack(*entry))
    return first - start + len(kept) * MEMORY.size
