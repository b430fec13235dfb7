"""Messages of the JetStream spool that somebody else wrote: as we write them, or nothing."""

from random import Random

import msgpack

from relay.outcomes import Reason
from relay.protocol.rate_limits import Scope
from relay.spool.jetstream_letters import letter_of, pack, pack_limit, unpack, unpack_limit
from tests.fakes import envelope
from tests.fuzz.target import Target
from tests.fuzz.targets.drawing import broken, number, raw, word


def run_letters(data: bytes) -> None:
    """Any bytes are a letter, a limit, or nothing; what was read is written, and read the same."""
    letter = unpack(data)
    if letter is not None:
        assert isinstance(letter.reason, Reason)
        assert all(isinstance(one, str) for one in letter.envelope.categories)
        assert letter.body_name or letter.size == len(letter.envelope.body)
        written = pack(letter)
        again = unpack(written)
        assert again is not None
        assert written == pack(again)
        assert letter.envelope.body == again.envelope.body
    limit = unpack_limit(data)
    if limit is not None:
        assert isinstance(limit.limit.scope, Scope)
        again_limit = unpack_limit(pack_limit(limit))
        assert again_limit is not None
        assert pack_limit(limit) == pack_limit(again_limit)
    assert letter is None or limit is None


def draw_letters(random: Random) -> bytes:
    body = raw(random, 60)
    fields = [
        random.choice((1, 1, 1, 2, True)), "ab" * 16, random.choice(("1", word(random))), "0" * 32,
        word(random), random.choice((["error"], [], [1], "x")), random.choice((1.5, float("nan"),
        2)),
        random.choice((len(body), len(body), -1, number(random))), random.choice(("", "",
        "a name")),
        random.choice((0, 3, -1, 2**63)), random.choice((*(one.value for one in Reason), "x")),
        body,
    ]  # fmt: skip
    limit = [
        1, "https://x", "0" * 32, random.choice((1.5, float("inf"), 1)), word(random),
        random.choice(("key", "project", "organization", "x")), word(random), word(random),
    ]  # fmt: skip
    chosen = random.choice((fields, fields, limit, fields[:-1], {"a": 1}))
    data = msgpack.packb(chosen, unicode_errors="surrogatepass")
    return broken(data, random) if random.random() < 0.4 else data


def _seeds() -> list[bytes]:
    return [pack(letter_of(envelope(), 1.5)), pack(letter_of(envelope(), 1.5, "elsewhere"))]


TARGETS = (
    Target(
        "letters", run_letters, draw_letters, _seeds,
        (b"\x9c\1", b"\x98\1", b"\xc4\0", b"\xcb", b"\xa0", b"\x90", b"\xd9\x20", b"\xc0",
        b"accepted"),
    ),
)  # fmt: skip
