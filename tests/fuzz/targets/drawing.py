"""What the generators share: bytes and texts that have been broken a little, and a reader of bytes.

Law of this file: all chance comes from the generator that is handed in.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import TypeVar

SAMPLES = Path(__file__).parents[2] / "samples"
CANARY = "q7canary3vx9zk5w"
"""A word that stands for a payload: no error may say it."""

_T = TypeVar("_T")
_STRANGE = (
    "", " ", "\0", "\n", "\r\n", "\t", "'", '"', "\\", "%", "%00", "%zz", "é", "\u200b", "漢", "🙂",
    "\ud800", "\ufeff", "１", "İ", "ß", "0", "-1", "1e309", "9" * 40, "a" * 300, "[", "{", "null",
)  # fmt: skip
_NUMBERS = (0, 1, 2, 3, 4, 7, 8, 12, 31, 32, 127, 128, 255, 256, 4096, 65_535, 65_536, 1 << 20)


def word(random: Random) -> str:
    """Return a short text: plain, or one that formats stumble over."""
    if random.random() < 0.4:
        return random.choice(_STRANGE)
    if random.random() < 0.15:
        return CANARY
    return "".join(random.choices("abcdefxyz019._-/ :;,=&", k=random.randrange(1, 12)))


def number(random: Random) -> int:
    """Return a number near one that formats have a bound at."""
    return max(0, random.choice(_NUMBERS) + random.choice((-1, 0, 0, 1)))


def raw(random: Random, most: int = 40) -> bytes:
    """Return bytes without any structure."""
    return random.randbytes(random.randrange(most + 1))


def some(random: Random, draw: Callable[[Random], _T], most: int = 4) -> list[_T]:
    """Return none to `most` of what a function draws."""
    return [draw(random) for _ in range(random.randrange(most + 1))]


def broken(data: bytes, random: Random, tokens: Sequence[bytes] = ()) -> bytes:
    """Return bytes, in one of three cases as they are, else with some of them changed."""
    out = bytearray(data)
    for _ in range(random.choice((0, 1, 1, 2, 3, 6))):
        at = random.randrange(len(out) + 1)
        end = min(len(out), at + random.choice((1, 1, 2, 4, 16, 200)))
        match random.randrange(7):
            case 0:
                out[at:end] = b""
            case 1:
                out[at:end] = random.randbytes(end - at)
            case 2:
                out[at:at] = out[at:end]
            case 3:
                out[at:at] = raw(random, 8)
            case 4 if tokens:
                out[at:at] = random.choice(tokens)
            case 5:
                width = random.choice((1, 2, 4, 8))
                out[at : at + width] = (number(random) % (1 << 8 * width)).to_bytes(width, "little")
            case _:
                del out[at:]
    return bytes(out)


def text_of(data: bytes) -> str:
    """Return bytes as text; what is no UTF-8 becomes lone surrogates, which JSON can bring too."""
    return data.decode("utf-8", "surrogateescape")


def bytes_of(text: str) -> bytes:
    """Return text as bytes, from which `text_of` reads it again."""
    return text.encode("utf-8", "surrogatepass")


def says_nothing(error: Exception, *kinds: type[Exception], secret: str = CANARY) -> None:
    """Hold an error against the law of errors: one of some kinds, without a payload in it."""
    assert not kinds or isinstance(error, kinds), type(error)
    said = [str(error), *getattr(error, "causes", ())]
    assert [] == [text for text in said if secret in text]


class Reader:
    """Reads values off bytes that drivers mutate; behind their end everything is 0."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def take(self, size: int) -> bytes:
        part = self._data[self._at : self._at + size]
        self._at += size
        return part

    def below(self, bound: int) -> int:
        """Return a number from 0 to below a bound of at most 256."""
        return (self.take(1) or b"\0")[0] % bound

    def block(self) -> bytes:
        """Return bytes that say their own length, of at most 255."""
        return self.take(self.below(256))

    def integer(self) -> int:
        """Return a signed number of 64 bits, often a small one."""
        width = (1, 1, 2, 4, 8, 8)[self.below(6)]
        return int.from_bytes(self.take(width).ljust(width, b"\0"), "big", signed=True)

    def rest(self) -> bytes:
        """Return what is left."""
        return self.take(len(self._data))


def packed(*blocks: bytes) -> bytes:
    """Return blocks as `Reader.block` reads them."""
    return b"".join(bytes((len(block),)) + block for block in (one[:255] for one in blocks))
