"""The detectors: any text and any candidate in it; spans inside, sorted, apart."""

from random import Random

from relay.detectors import CHECKS
from tests.fuzz.target import Target
from tests.fuzz.targets.drawing import SAMPLES, broken, bytes_of, text_of, word
from tests.strategies import HIDINGS, SECRETS

NAMES = tuple(sorted(CHECKS))
LONGEST = 2_000
"""Characters: walls are a matter of the benchmarks."""


def run_detectors(data: bytes) -> None:
    """A byte that names a check, two that cut a candidate out, then a text."""
    which, front, back = (data[:3] + bytes(3))[:3]
    name = NAMES[which % len(NAMES)]
    text = text_of(data[3:])[:LONGEST]
    start = min(max(0, len(text) - 1), front % 16)
    end = max(start + 1, len(text) - back % 16)
    if not text:
        return  # no rule has a pattern that matches nothing
    spans = tuple(CHECKS[name](text, start, end))
    at = 0
    for first, last in spans:
        # A check may widen its candidate, by the letters beside it; never beyond the text.
        assert at <= first < last <= len(text), name
        at = last
    assert spans == tuple(CHECKS[name](text, start, end)), name


def draw_detectors(random: Random) -> bytes:
    secret = random.choice(SECRETS).text
    roll = random.random()
    if roll < 0.4:
        text = HIDINGS[random.choice(sorted(HIDINGS))](secret)
    elif roll < 0.7:
        text = secret[random.randrange(5) :] + random.choice(("", " ", "…", ".")) + secret
    else:
        alphabet = random.choice((
            "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", "0123456789abcdef", "01",
            "a",
            "qpzry9x8gf2tvdw0s3jn54khce6mua7l", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
            "/\\.:@-_%[]() ",
        ))  # fmt: skip
        prefix = random.choice(
            ("", "bc1", "xpub6", "0x", "r", "addr1", "eyJ", "m/44'/0'", "EQ", "::")
        )
        text = prefix + "".join(
            random.choices(alphabet, k=random.choice((3, 12, 34, 64, 111, 600)))
        )
    text = random.choice(("", word(random), "é")) + text + random.choice(("", word(random)))
    data = bytes_of(text)
    data = broken(data, random) if random.random() < 0.5 else data
    cut = random.choice(((0, 0), (0, 0), (random.randrange(16), random.randrange(16))))
    return bytes((random.randrange(len(NAMES)), *cut)) + data


def _seeds() -> list[bytes]:
    texts = [secret.text for secret in SECRETS]
    texts += [(SAMPLES / "planted.json").read_text()[:LONGEST]]
    return [bytes((n, 0, 0)) + bytes_of(text) for n in range(len(NAMES)) for text in texts]


TARGETS = (
    Target(
        "detectors", run_detectors, draw_detectors, _seeds,
        (
            *(bytes_of(secret.text) for secret in SECRETS), b"bc1", b"xpub", b"0x", b"m/44'/0'/0'",
            b"@",
            b"://", b"/home/", b"C:\\Users\\", b"eyJ", b"EQ", b"::", b"127.0.0.1", b"\xe2\x80\xa6",
            b"1",
            b"abandon ", b"zoo ", b"academic ",
        ),
    ),
)  # fmt: skip
