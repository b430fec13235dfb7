"""What is fuzzed: one function that takes bytes and holds its oracles, and what to feed it with.

Law of this file: three drivers share a target. `pytest` draws a few inputs from it through
hypothesis, `tests.fuzz.seeded` very many from a seeded generator, `tests.fuzz.guided` lets atheris
mutate the seeds under coverage.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that takes bytes from strangers.

    Attributes:
        name: a word, as on the command line.
        run: takes any bytes; raises AssertionError where an oracle is broken, and lets through
            whatever else must not happen. It keeps no state that changes what it finds.
        generate: draws an input that has the structure: valid, nearly valid or broken. All
            randomness is the generator's, so that a seed (or hypothesis) gives the same again.
        seeds: inputs to begin with: samples, and what was found once.
        tokens: words of the format, for the dictionary.
    """

    name: str
    run: Callable[[bytes], None]
    generate: Callable[[Random], bytes]
    seeds: Callable[[], Iterable[bytes]]
    tokens: tuple[bytes, ...] = ()
