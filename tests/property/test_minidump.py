"""Minidumps that contradict themselves, with the rules that ship: refused, or clean."""

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

import relay
from relay.errors import ScrubError
from relay.scrub.minidump import scrub_minidump
from tests.minidumps import AMD64, X86, Builder, reals, windows

SECRET = "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"
FORMS = (SECRET.encode(), SECRET.encode("utf-16-le"), SECRET.encode("utf-16-be"))
BASES = [windows(AMD64), windows(X86), windows(AMD64, whole=True), *reals().values()]

kinds = st.sampled_from([0, 3, 4, 5, 6, 7, 9, 14, 15, 24, 0x47670001, 0x47670003, 0x43500001, 77])


@cache
def scrubber() -> relay.Scrubber:
    """The rules that ship."""
    return relay.load_scrubber(secret=b"test" * 8, verify=False)


def clean_or_refused(dump: bytes) -> None:
    """Scrub a dump: the secret is in no form in what comes out, and twice is once."""
    try:
        clean = scrub_minidump(dump, scrubber().scrub_text)
    except ScrubError:
        return
    assert len(dump) == len(clean)
    assert [] == [form for form in FORMS if form in clean]
    assert clean == scrub_minidump(clean, scrubber().scrub_text)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(kinds, st.binary(max_size=120), st.sampled_from(FORMS)), max_size=8),
    st.booleans(),
)
def test_any_streams(streams: list[tuple[int, bytes, bytes]], first: bool) -> None:
    """Streams of any bytes, with the secret in each of them and behind all."""
    builder = Builder()
    for kind, content, form in streams:
        builder.stream(kind, form + content if first else content + form)
    clean_or_refused(builder.build() + FORMS[0])


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(BASES), st.data())
def test_a_secret_written_anywhere(base: bytes, data: st.DataObject) -> None:
    """A real dump in which the secret stands at any place, over whatever stood there."""
    form = data.draw(st.sampled_from(FORMS))
    at = data.draw(st.integers(32, len(base) - len(form)))
    clean_or_refused(base[:at] + form + base[at + len(form) :])


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(BASES), st.data())
def test_broken_numbers(base: bytes, data: st.DataObject) -> None:
    """A real dump with some of its numbers changed, and cut anywhere."""
    dump = bytearray(base)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, min(len(dump), 4096) - 4))
        value = data.draw(st.sampled_from([0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 32, 4096]))
        dump[at : at + 4] = value.to_bytes(4, "little")
    clean_or_refused(
        bytes(dump[: data.draw(st.integers(0, len(dump)))])
        if data.draw(st.booleans())
        else bytes(dump)
    )


def test_a_secret_in_the_bytes_of_a_wide_name() -> None:
    """The name of a module is UTF-16; plain letters in its place read as signs of Chinese."""
    base = reals()["wallet-64"]
    at = 188  # inside of the kernel's version
    dump = base[:at] + FORMS[0] + base[at + len(FORMS[0]) :]
    clean = scrub_minidump(dump, scrubber().scrub_text)
    assert FORMS[0] in dump
    assert FORMS[0] not in clean
