"""What an identifier is: a text, and what of it must not survive."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
HEX = "0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Identifier:
    """One fresh identifier, valid by its own format.

    Attributes:
        family: what is tested: one checksum or shape.
        text: as it is written.
        secrets: what must not survive; none means the text.
        window: so many characters of a secret in a row are a leak; 0 means that only a whole one
            is (names, addresses of the network, runs of three words).
        kind: how it is built, which decides the spellings that make sense (`spellings.py`).
        anycase: whether upper case is a legal spelling of it.
        least: characters from its start by which it is still known when the rest is cut off;
            0 if it is not.
        key: the key that must stand at the value, where a format tells too little by itself.
        lead: words that must stand before it, for the same reason.
    """

    family: str
    text: str
    secrets: tuple[str, ...] = ()
    window: int = 8
    kind: str = "token"
    anycase: bool = False
    least: int = 0
    key: str = ""
    lead: str = ""

    def leaks(self) -> tuple[str, ...]:
        """Return the pieces of which none may be left."""
        found: list[str] = []
        for secret in self.secrets or (self.text,):
            if self.window and len(secret) > self.window:
                last = len(secret) - self.window + 1
                found += [secret[i : i + self.window] for i in range(last)]
            else:
                found.append(secret)
        return tuple(found)


Maker = Callable[[Random], Identifier]


def drawn(chance: Random, alphabet: str, count: int) -> str:
    """Return so many random characters."""
    return "".join(chance.choices(alphabet, k=count))


def segment(chance: Random, *, low: int = 5, high: int = 9) -> str:
    """Return a made-up word that can be spoken: what stands around identifiers."""
    return _spoken(chance, "bdfgklmnprstvz", "aeiou", chance.randint(low, high))


def name(chance: Random) -> str:
    """Return a made-up name: of other letters, so that it stands in nothing else by chance."""
    return _spoken(chance, "chjkqwx", "aeiouy", chance.randint(6, 9))


def _spoken(chance: Random, consonants: str, vowels: str, length: int) -> str:
    return "".join(chance.choice((consonants, vowels)[i % 2]) for i in range(length))
