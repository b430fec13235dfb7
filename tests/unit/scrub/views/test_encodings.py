"""Encodings: base64, base32 and hex that hold text are opened."""

# ruff: noqa: E501 - a table is read best in rows

import base64
import gzip
import zlib
from collections.abc import Callable

import pytest

from relay.errors import ScrubError
from relay.scrub.budget import Budget
from tests.unit.scrub.views.reading import origin, read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("aGVsbG8gMjAzLjAuMTEzLjc3IQ==", ["hello 203.0.113.77!"]),
        ("aGVsbG8gMjAzLjAuMTEzLjc3IQ", ["hello 203.0.113.77!"]),
        ("xaGVsbG8gMjAzLjAuMTEzLjc3IQ==", ["hello 203.0.113.77!"]),
        ("MS4yLjMuNA==", ["1.2.3.4"]),
        ("xb7FvmFiIDIwMy4wLjExMy43Nw==", ["žžab 203.0.113.77"]),
        ("//4yADAAMwAuADAALgAxADEAMwAuADcANwA=", ["203.0.113.77"]),
        ("/wADaGVsbG8gMjAzLjAuMTEzLjc3gIA=", ["hello 203.0.113.77"]),
        ("H4sIAAAAAAACA8tIzcnJVzAyMNYz0DM0NNYzNwcAYD4FSBIAAAA=", ["hello 203.0.113.77"]),
        ("bS80OOKAmS82MOKAmS80OOKAmQ==", ["m/48\u2019/60\u2019/48\u2019"]),
        ("eG0vNDjigJkvNjDigJkvNDg=", ["xm/48\u2019/60\u2019/48"]),
        ("eHhtLzQ44oCyLzYw4oCyLzQ4", ["xxm/48\u2032/60\u2032/48"]),
        ("thisisnotbasesixtyfouratall", []),
        ("getAccountDescriptorFromTypubs", []),
        (("aGVsbG8gMjAz" * 5 + "\n") * 2 + "aGVsbG8=\xa0Mg", ["hello 203" * 10 + "hello"]),
    ],
)  # fmt: skip
def test_base64(text: str, expected: list[str]) -> None:
    """Base64 of text reads as the text, packed or in UTF-16 too; a word that looks alike does not."""
    assert expected == read("base64", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NBSWY3DPEAZDAMZOGAXDCMJTFY3TO===", ["hello 203.0.113.77"]),
        ("nbswy3dpeazdamzogaxdcmjtfy3to", ["hello 203.0.113.77"]),
        ("abcdefghijklmnopqrstuvwxyzAB", []),
    ],
)  # fmt: skip
def test_base32(text: str, expected: list[str]) -> None:
    """Base32 of text reads as the text, in one case only."""
    assert expected == read("base32", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("68656c6c6f203230332e302e3131332e3737", ["hello 203.0.113.77"]),
        ("a68656c6c6f203230332e302e3131332e3737", ["hello 203.0.113.77"]),
        ("c3a968656c6c6f203230332e302e37", ["éhello 203.0.7"]),
        ("3200300033002e0030002e003700310000", ["203.0.71\n"]),
        ("320030003300320030003300320030003300320030", ["2032032032\n"]),
        ("0123456789abcdef0123456789abcdef", []),
        ("312e322e332e34", ["1.2.3.4"]),
    ],
)  # fmt: skip
def test_hex(text: str, expected: list[str]) -> None:
    """Hex of text reads as the text; an id in hex is left."""
    assert expected == read("hex", text)


@pytest.mark.parametrize(
    ("name", "token"),
    [
        ("base64", "aGVsbG8gMjAzLjAuMTEzLjc3IQ=="),
        ("base32", "NBSWY3DPEAZDAMZOGAXDCMJTFY3TO==="),
    ],
)
def test_a_hit_takes_the_token(name: str, token: str) -> None:
    """Whatever is found in opened base64 or base32 is mapped to the whole token."""
    assert token == origin(name, f"see {token} there", "203.0.113.77")


def test_a_hit_in_hex_takes_its_digits() -> None:
    """What is found in opened hex is mapped to its own digits; in UTF-16, with their zeros."""
    narrow = b"hello 203.0.113.77".hex()
    wide = "hello 203.0.113.77".encode("utf-16-le").hex()
    assert b"203.0.113.77".hex() == origin("hex", narrow, "203.0.113.77")
    assert "203.0.113.77".encode("utf-16-le").hex() == origin("hex", wide, "203.0.113.77")
    assert narrow == origin("hex", narrow, "hello 203.0.113.77")
    assert wide == origin("hex", wide, "hello 203.0.113.77\n")
    two = wide + "0102" + "203.0.113.78".encode("utf-16-le").hex()
    assert "203.0.113.78".encode("utf-16-le").hex() == origin("hex", two, "203.0.113.78")


@pytest.mark.parametrize("pack", [zlib.compress, gzip.compress])
def test_what_grows_too_much_is_cut(pack: Callable[[bytes], bytes]) -> None:
    """Packed text is unpacked to 32 times its size at most; nobody can make a text explode."""
    raw = pack(b"hello 203.0.113.77 " + b"A" * 1_000_000)
    (opened,) = read("base64", base64.b64encode(raw).decode())
    assert opened.startswith("hello 203.0.113.77 A")
    assert len(opened) <= 32 * len(raw)


def test_there_is_room_for_what_is_unpacked_before_it_is() -> None:
    """All that a document unpacks shares one room: text packed in packed text multiplies else."""
    token = base64.b64encode(gzip.compress(b"hello 203.0.113.77 " * 20)).decode()
    budget = Budget(1_000_000, room=1_000)
    assert 1 == len(read("base64", token, budget))
    assert 1_000 - 19 * 20 == budget.room
    read("base64", token, budget)
    for _ in range(2):
        with pytest.raises(ScrubError):
            read("base64", token, budget)
    # No more is unpacked than it takes to know that.
    assert -2 == budget.room


def test_packed_nonsense_is_no_text() -> None:
    """What only begins like packed data reads as the text that is in its bytes, or as nothing."""
    broken = b"\x1f\x8b\x08" + bytes(range(128, 170))
    assert [] == read("base64", base64.b64encode(broken).decode())


@pytest.mark.parametrize(("width", "count"), [(60, 1), (64, 1), (76, 1), (56, 3), (84, 3), (62, 3)])
def test_lines_of_base64(width: int, count: int) -> None:
    """Lines of 57 to 80 characters, a multiple of four, are one token; others are one each."""
    token = base64.b64encode(b"hello 203.0.113.77 there, " * 6).decode().rstrip("=")
    lines = [token[at : at + width] for at in range(0, 2 * width + 20, width)]
    assert count == len(read("base64", "\n".join(lines)))


@pytest.mark.parametrize(
    ("behind", "more"),
    [
        ("\nwords", []),
        ("\n" + "A" * 64, []),
        ("     aGVsbG8g", []),
        ("\n\n", []),
        (" \t\r\naGVsbG8g", ["hello "]),
        ("\naGVsbG8=", ["hello"]),
        ("\naGVsbG8gMQ==\naGVsbG8g", ["hello 1"]),
    ],
)
def test_what_stands_behind_lines_of_base64(behind: str, more: list[str]) -> None:
    """The last line is no longer than the others, and ends at four or with its padding."""
    plain = "hello 203.0.113.77 and one more of forty-five"
    token = base64.b64encode(plain.encode()).decode()
    assert 60 == len(token)
    assert plain + "".join(more) == read("base64", token + behind)[0]


PLAIN = "hello 203.0.113.77 and 203.0.113.78, both of them"


@pytest.mark.parametrize("size", range(40, 49))
def test_base64_that_is_cut_anywhere(size: int) -> None:
    """As many characters as its bytes give are read."""
    token = base64.b64encode(PLAIN.encode()).decode()[:size]
    assert [PLAIN[: size * 6 // 8]] == read("base64", token)


@pytest.mark.parametrize("size", range(40, 57))
def test_base32_that_is_cut_anywhere(size: int) -> None:
    """As many characters as its bytes give are read."""
    token = base64.b32encode(PLAIN.encode()).decode()[:size]
    assert [PLAIN[: size * 5 // 8]] == read("base32", token)
    assert [PLAIN[: size * 5 // 8]] == read("base32", token.lower())


@pytest.mark.parametrize("size", range(40, 44))
def test_hex_that_is_cut_anywhere(size: int) -> None:
    """Half a byte at the end is no character."""
    assert [PLAIN[: size // 2]] == read("hex", PLAIN.encode().hex()[:size])


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_hex_of_both_orders_of_bytes(encoding: str) -> None:
    """The zeros stand first or last; a hit takes them along, and no more."""
    (opened,) = read("hex", PLAIN.encode(encoding).hex())
    assert PLAIN in opened


def test_what_is_glued_together_is_opened_from_each_beginning() -> None:
    """Two texts in base64 with a letter between them have their groups of four elsewhere."""
    first, second = "hello 203.0.113.77", "and also 203.0.113.78"
    glued = base64.b64encode(first.encode()) + b"x" + base64.b64encode(second.encode())
    readings = read("base64", glued.decode())
    assert any(reading.startswith(first) for reading in readings)
    assert any(second in reading for reading in readings)
    apart = base64.b64encode(first.encode()) + b" " + base64.b64encode(second.encode())
    assert [first, second] == read("base64", apart.decode())
    assert [first, second] == read("hex", f"{first.encode().hex()} {second.encode().hex()}")
    wide = [text.encode().hex() for text in (first, second)]
    odd = read("hex", f"{wide[0]}1{wide[1]}")
    assert any(first in reading for reading in odd)
    assert any(second in reading for reading in odd)


def test_a_token_is_mapped_from_its_first_letter_to_its_last() -> None:
    """What is glued before goes with it, and what stands apart does not."""
    token = base64.b64encode(b"hello 203.0.113.77").decode()
    for before, behind in (("", ""), ("x", ""), ("see (", ")"), ("a=", "&b=1"), ("x1-", "=")):
        text = f"{before}{token}{behind}"
        whole = {"": token, "x": f"x{token}", "x1-": f"x1-{token}="}.get(before, token)
        assert whole == origin("base64", text, "203.0.113.77")


@pytest.mark.parametrize("text", ["x^ 203.0.113.77 is no zlib", "xh 203.0.113.77 is neither"])
def test_a_text_that_begins_like_packed_data(text: str) -> None:
    """What cannot be unpacked is read as it is."""
    assert [text] == read("base64", base64.b64encode(text.encode()).decode())


@pytest.mark.parametrize("pack", [zlib.compress, gzip.compress])
def test_packed_text_that_is_cut_off(pack: Callable[[bytes], bytes]) -> None:
    """What was packed before the cut is read."""
    token = base64.b64encode(pack(PLAIN.encode() * 3)[:-12]).decode().rstrip("=")
    (opened,) = read("base64", token)
    assert opened.startswith(PLAIN[:40])


@pytest.mark.parametrize(("size", "found"), [(7, False), (8, True), (40, True)])
def test_printable_runs_in_bytes(size: int, *, found: bool) -> None:
    """Eight characters in a row are text among bytes that are none; they are read in lines."""
    run = "m/48/60/" * 6
    raw = b"from there it came\xff\xfe" + run[:size].encode() + b"\xff\x80and one more"
    lines = ["from there it came", *([run[:size]] if found else []), "and one more"]
    assert ["\n".join(lines)] == read("base64", base64.b64encode(raw).decode())
    assert ["\n".join(lines) + "\n"] == read("hex", raw.hex())


def test_a_line_that_is_added_stands_for_the_last_digits_of_its_run() -> None:
    """A hit that ends with the run takes nothing of what follows."""
    raw = b"\xff\xfe 203.0.113.77\xff\xfe"
    assert "2e3737" == origin("hex", raw.hex(), ".77\n")
    assert b"203.0.113.77".hex() == origin("hex", raw.hex(), "203.0.113.77")


@pytest.mark.parametrize("before", ["žž é ", "日本 ", "a", "ž日🙂"])
def test_a_hit_behind_other_letters_takes_its_own_digits(before: str) -> None:
    """A letter of several bytes has as many digits twice."""
    text = f"{before}203.0.113.77 and more".encode().hex()
    assert b"203.0.113.77".hex() == origin("hex", text, "203.0.113.77")
