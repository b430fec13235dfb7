"""Recovery phrases: BIP-39 and SLIP-39, valid ones, in the ways that people write them down."""

from random import Random

from mnemonic import Mnemonic
from shamir_mnemonic import constants as _slip39
from shamir_mnemonic.share import Share

from benchmarks.identifiers.identifier import Identifier

_BIP39 = Mnemonic("english")
_SEPARATORS = (" ", " ", " ", "  ", ", ", ",", "\n", "-", "_", ";", " | ", "\t", ".", "/", "+")


def written(family: str, words: list[str], chance: Random) -> Identifier:
    """Return a phrase with one of many separators, or numbered; three words in a row are a leak."""
    if chance.random() < 0.15:
        style = chance.choice(("{n}. {w}\n", "{n}) {w} ", "{n}: {w}, ", "#{n} {w} "))
        pieces = [style.format(n=n, w=word) for n, word in enumerate(words, 1)]
    else:
        between = chance.choice(_SEPARATORS)
        pieces = [word + between for word in words]
    if chance.random() < 0.15:
        shout = chance.choice((str.upper, str.title))
        pieces = [shout(piece) for piece in pieces]
    pieces[-1] = pieces[-1].rstrip(" ,\n;|-_\t./+")
    secrets = tuple("".join(pieces[i : i + 3]).rstrip() for i in range(len(pieces) - 2))
    least = len("".join(pieces[:12])) if len(pieces) > 12 else 0
    return Identifier(family, "".join(pieces), secrets, 0, kind="words", least=least)


def bip39(chance: Random) -> Identifier:
    """Give a phrase of 12 to 24 words (BIP-39)."""
    words = _BIP39.to_mnemonic(chance.randbytes(chance.choice((16, 20, 24, 28, 32))))
    return written("bip39", words.split(), chance)


def unchecked(chance: Random) -> Identifier:
    """Give words of BIP-39's list whose checksum does not hold: a word was misread."""
    words = _BIP39.to_mnemonic(chance.randbytes(chance.choice((16, 24, 32)))).split()
    while _BIP39.check(" ".join(words)):
        words[chance.randrange(len(words))] = chance.choice(_BIP39.wordlist)
    return written("bip39, wrong checksum", words, chance)


def slip39(chance: Random) -> Identifier:
    """Give one share of 20 or 33 words (SLIP-39)."""
    share = Share(
        identifier=chance.randrange(1 << _slip39.ID_LENGTH_BITS),
        extendable=chance.random() < 0.5,
        iteration_exponent=1,
        group_index=0,
        group_threshold=1,
        group_count=1,
        index=chance.randrange(5),
        member_threshold=chance.randint(2, 5),
        value=chance.randbytes(chance.choice((16, 32))),
    )
    return written("slip39", share.words(), chance)
