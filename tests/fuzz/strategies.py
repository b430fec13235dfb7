"""The grammars as strategies of hypothesis: from a seed, which is quick, or draw by draw."""

from collections.abc import Callable
from random import Random

from hypothesis import strategies as st

from tests.fuzz.grammar import envelope
from tests.fuzz.grammar_requests import request
from tests.fuzz.grammar_wire import connection

Generate = Callable[[Random], bytes]


def seeded(generate: Generate) -> st.SearchStrategy[bytes]:
    """Draw a seed, and with it an input: hypothesis finds simpler seeds, not simpler inputs."""
    return st.integers(0, 2**64 - 1).map(lambda seed: generate(Random(seed)))


def shrinking(generate: Generate) -> st.SearchStrategy[bytes]:
    """Draw each part of an input: slower, and what is found is made as simple as it can be."""
    return st.randoms(use_true_random=False).map(generate)


envelopes = seeded(envelope)
requests = seeded(request)
connections = seeded(connection)
simple_envelopes = shrinking(envelope)
