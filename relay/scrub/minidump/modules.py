"""The modules of a dump: where each was loaded, its build, and its name without folders."""

from typing import Final

from relay.errors import ScrubError
from relay.scrub.minidump.copying import MAX_RECORDS, Copying
from relay.scrub.minidump.keep import number
from relay.scrub.minidump.layout import (
    HIGHEST,
    MODULE,
    MODULE_OUT,
    UNLOADED,
    UNLOADED_HEADER,
    VERSION_INFO,
    VERSIONS,
    Architecture,
)
from relay.scrub.minidump.names import Names

_PAGE: Final = 4096
_KERNEL: Final = 0xFFFF_8000_0000_0000
"""From here on the addresses of the system itself, where Linux lists one module."""


def copy_modules(
    copying: Copying, names: Names, start: int, size: int, architecture: Architecture
) -> list[tuple[int, int]]:
    """Copy a MINIDUMP_MODULE_LIST and return the base address and size of each module.

    Raises:
        ScrubError: it is cut off, or a module lies outside of the addresses that there are.
    """
    count, first = copying.count(start, size, MODULE.size)
    copying.claim(start, first - start + count * MODULE.size, "modules")
    copying.write(start, count.to_bytes(4, "little"))
    ranges = []
    for rva in range(first, first + count * MODULE.size, MODULE.size):
        base, image, _, time, name, version, debug_size, debug, _, _ = MODULE.unpack_from(
            copying.data, rva
        )
        _check(base, image, architecture)
        ranges.append((base, image))
        record = names.debug_record(debug_size, debug)
        copying.write(
            rva,
            MODULE_OUT.pack(base, image, 0, time, names.wide(name), _version(version), *record),
        )
    return ranges


def copy_unloaded_modules(
    copying: Copying, names: Names, start: int, size: int, architecture: Architecture
) -> int:
    """Copy a MINIDUMP_UNLOADED_MODULE_LIST and return the bytes of the stream.

    Raises:
        ScrubError: it is cut off, or longer than its stream.
    """
    if size < UNLOADED_HEADER.size:
        raise ScrubError("a list of a minidump that is cut off")
    header, entry, count = UNLOADED_HEADER.unpack_from(copying.data, start)
    whole: int = header + entry * count
    if (
        header < UNLOADED_HEADER.size
        or entry < UNLOADED.size
        or count > MAX_RECORDS
        or whole > size
    ):
        raise ScrubError("a list of a minidump that is longer than its stream")
    copying.claim(start, whole, "unloaded modules")
    copying.write(start, UNLOADED_HEADER.pack(header, entry, count))
    for rva in range(start + header, start + whole, entry):
        base, image, _, time, name = UNLOADED.unpack_from(copying.data, rva)
        _check(base, image, architecture)
        copying.write(rva, UNLOADED.pack(base, image, 0, time, names.wide(name)))
    return whole


def _check(base: int, image: int, architecture: Architecture) -> None:
    """Raise `ScrubError` if no module can be there: it begins with a page, below all that ends."""
    end = base + image
    inside = end <= HIGHEST[architecture.word] or (base >= _KERNEL and end <= 1 << 64)
    if base % _PAGE or not inside:
        raise ScrubError("a module of a minidump outside of all addresses")


def _version(content: bytes) -> bytes:
    """Return of a VS_FIXEDFILEINFO the versions of the file and of the product."""
    if not content.startswith(VERSION_INFO):
        return b""
    return VERSION_INFO + VERSIONS.pack(*map(number, VERSIONS.unpack_from(content, 4)))
