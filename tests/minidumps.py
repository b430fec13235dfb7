"""Minidumps for tests: real ones, and a small builder of the shape that Windows writes."""

import gzip
import re
import struct
from dataclasses import dataclass, field
from pathlib import Path

SAMPLES = Path(__file__).parent / "samples"
WALLETS = ("wallet-64", "wallet-32", "wallet-frames")
XPUB = (
    "xpub6BiVtCpG9fQPxnPmHXG8PhtzQdWC2Su4qWu6XW9tpWFYhxydCLJGrW"
    "BJZ5H6qTAHdPQ7pQhtpjiYZVZARo14qHiay2fvrX996oEP42u8wZy"
)
SECRETS = (XPUB[:12], "203.0.113.42", "jane", "hunter2-secret-token")
AMD64, X86, ARM64 = 9, 0, 12
BASE = {AMD64: 0x7FF6_1000_0000, X86: 0x6161_0000, ARM64: 0x71_2000_0000}
STACK = {AMD64: 0x00_7FFE_1000_0000 // 16, X86: 0x0019_F000, ARM64: 0x7F_F000_0000}
WORD = {AMD64: "Q", X86: "I", ARM64: "Q"}


def forget(text: str) -> str:
    """Scrub as rules would: what is planted becomes a word."""
    return re.sub("jane|xpub\\w+|203\\.0\\.113\\.42|hunter2-secret-token", "[gone]", text)


def wallet(name: str) -> bytes:
    return gzip.decompress((SAMPLES / "minidumps" / f"{name}.dmp.gz").read_bytes())


def crashpad(name: str) -> bytes:
    """Return the dump inside of a captured multipart body."""
    body = (SAMPLES / "crashpad" / name).read_bytes()
    if body[:2] == b"\x1f\x8b":
        body = gzip.decompress(body)
    start = body.index(b"MDMP")
    return body[start : body.index(b"\r\n-----", start)]


def reals() -> dict[str, bytes]:
    captured = ("minidump-multipart-gzip-01.bin", "minidump-multipart-plain-01.bin")
    return {name: wallet(name) for name in WALLETS} | {name: crashpad(name) for name in captured}


def forms(secret: str) -> tuple[bytes, ...]:
    return secret.encode(), secret.encode("utf-16-le"), secret.encode("utf-16-be")


def leaked(dump: bytes) -> list[str]:
    return [secret for secret in SECRETS if any(form in dump for form in forms(secret))]


def planted() -> bytes:
    return b"\0\0".join(form for secret in SECRETS for form in forms(secret))


def streams(dump: bytes) -> dict[int, tuple[int, int]]:
    """Return size and place of each stream that is in use."""
    count, rva = struct.unpack_from("<II", dump, 8)
    entries = (struct.unpack_from("<III", dump, rva + 12 * at) for at in range(count))
    return {kind: (size, place) for kind, size, place in entries if kind}


@dataclass
class Builder:
    """A dump that is put together part by part."""

    data: bytearray = field(default_factory=lambda: bytearray(32))
    entries: list[tuple[int, int, int]] = field(default_factory=list)

    def put(self, content: bytes) -> int:
        self.data += bytes(-len(self.data) % 8)
        rva = len(self.data)
        self.data += content
        return rva

    def text(self, text: str) -> int:
        content = text.encode("utf-16-le")
        return self.put(struct.pack("<I", len(content)) + content + b"\0\0")

    def stream(self, kind: int, content: bytes) -> int:
        rva = self.put(content)
        self.entries.append((kind, len(content), rva))
        return rva

    def build(self) -> bytes:
        rva = self.put(b"".join(struct.pack("<III", *entry) for entry in self.entries))
        header = (b"MDMP", 0xA793, len(self.entries), rva, 0xDEAD, 1_700_000_000, 2)
        struct.pack_into("<4sIIIIIQ", self.data, 0, *header)
        return bytes(self.data)


def context(architecture: int, instruction: int, stack: int) -> bytes:
    """Return registers that hold pieces of a key everywhere else."""
    match architecture:
        case 9:
            size, flags_at, flags, at, pointer = 1232, 0x30, 0x10001F, 0xF8, 0x98
        case 0:
            size, flags_at, flags, at, pointer = 716, 0, 0x1007F, 0xB8, 0xC4
        case _:
            size, flags_at, flags, at, pointer = 912, 0, 0x400007, 0x108, 0x100
    registers = bytearray((XPUB.encode() * 20)[:size])
    word = "<" + WORD[architecture]
    struct.pack_into("<I", registers, flags_at, flags)
    struct.pack_into(word, registers, at, instruction)
    struct.pack_into(word, registers, pointer, stack)
    return bytes(registers)


def windows(
    architecture: int = AMD64, *, words: tuple[int, ...] = (), whole: bool = False
) -> bytes:
    """Return a dump with every stream that Windows writes, and secrets in all of them.

    Args:
        architecture: the processor.
        words: what stands on the stack, before the secrets.
        whole: whether the stack stands in a Memory64List alone.
    """
    made, base, start = Builder(), BASE[architecture], STACK[architecture]
    width = WORD[architecture]
    stack = struct.pack(f"<{len(words)}{width}", *words) + planted()
    stack_rva = made.put(stack)
    registers = made.put(context(architecture, base + 0x1234, start))
    size = len(context(architecture, 0, 0))
    debug = b"RSDS" + bytes(range(16)) + b"\1\0\0\0" + b"C:\\Users\\jane\\suite.pdb\0"
    version = struct.pack("<13I", 0xFEEF04BD, *range(12))
    module = struct.pack(
        "<QIIII52sIIII16s", base, 0x10_0000, 1, 2, made.text("C:\\Users\\jane\\Suite.exe"),
        version, len(debug), made.put(debug), 40, made.put(planted()[:40]), b"jane" * 4,
    )  # fmt: skip
    made.stream(4, struct.pack("<I", 1) + module)
    csd = made.text("Service Pack 1")
    system = (architecture, 6, 1, 8, 1, 10, 0, 19045, 2, csd, 0, 0, b"GenuineIntel")
    made.stream(7, struct.pack("<HHHBBIIIIIHH24s", *system))
    where = (0, 0) if whole else (len(stack), stack_rva)
    thread = (77, 0, 32, 8, 0x6A_6E_61_65, start, *where, size, registers)
    made.stream(3, struct.pack("<I", 1) + struct.pack("<IIIIQQIIII", *thread))
    if whole:
        made.stream(9, struct.pack("<QQQQ", 1, stack_rva, start, len(stack)))
    else:
        heap = made.put(planted())
        lists = struct.pack("<I", 2) + struct.pack("<QII", start, len(stack), stack_rva)
        made.stream(5, lists + struct.pack("<QII", 0x5000_0000, len(planted()), heap))
    secret = int.from_bytes(b"xpub6BiV", "little")
    record = (0xC0000005, 0, 0, base + 0x1234, 3, 0, 1, 0, secret, *[secret] * 12)
    made.stream(6, struct.pack("<IIIIQQII15QII", 77, 0, *record, size, registers))
    unloaded = struct.pack("<QIIII", base + 0x100_0000, 4096, 1, 2, made.text("C:\\jane\\old.dll"))
    made.stream(14, struct.pack("<III", 12, 24, 1) + unloaded)
    made.stream(24, struct.pack("<I", 1) + struct.pack("<IQ", 77, made.text("sync of jane")))
    misc = struct.pack("<IIIIII", 1364, 0xFF, 4242, 1_700_000_000, 5, 6)
    made.stream(15, misc + planted().ljust(1340, b"\0"))
    for kind in (10, 11, 12, 13, 16, 17, 21, 22, 0x43500001, 0x4767_0003, 0x4767_0007, 0x1_2345):
        made.stream(kind, planted())
    made.put(planted())
    return made.build()
