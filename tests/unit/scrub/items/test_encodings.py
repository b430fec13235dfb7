"""Encodings of attachments."""

import random

import pytest

from relay.scrub.items.encodings import decode

TEXTS = {
    "ascii": ("2026-11-23 17:17 [info] started\r\n", "utf-8"),
    "bell and colours": ("\x1b[31mred\x1b[0m\b\f\v\t", "utf-8"),
    "utf-8": ("Jörg – журнал 日志 🙂\n", "utf-8"),
    "latin, wide": ("started 12:30\n", "utf-16-le"),
    "cyrillic, wide": ("журнал: начало 12\n", "utf-16-be"),
    "greek, wide": ("αρχή του αρχείου\n", "utf-16-le"),
    "chinese, wide": ("日志 一二三 12:30\n", "utf-16-be"),
    "astral, wide": ("start 🙂 🙂\n", "utf-16-le"),
    "western": ("Geöffnet für “Jörg” – 5 €\n", "cp1252"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_read_and_written_as_it_came(name: str) -> None:
    """Without a mark, and with one where the encoding has any."""
    text, encoding = TEXTS[name]
    payload = text.encode(encoding)
    decoded = decode(payload)
    assert decoded is not None
    assert (text, encoding, payload) == (decoded.text, decoded.encoding, decoded.encode(text))
    bom = {"utf-8": b"\xef\xbb\xbf", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
    if encoding in bom:
        marked = decode(bom[encoding] + payload)
        assert marked is not None
        assert (text, bom[encoding] + payload) == (marked.text, marked.encode(text))


@pytest.mark.parametrize(
    "payload",
    [
        "журнал".encode("utf-32"),
        "log".encode("utf-32-le"),
        "log".encode("utf-32-be"),
        "журнал".encode("utf-7") + b"\0",
        b"text with a zero\0 in it",
        b"text with a zero \0 in it",
        b"\xff\xfea\0b",
        b"\xff\xfe\0\xd8",
        b"\xff\xfe" + "\ufffe".encode("utf-16-le"),
        b"\xfe\xff" + "\ue000".encode("utf-16-be"),
        b"\xef\xbb\xbf\xff",
        b"caf\x81",
        b"\x82\xa4name\xa4jane",
        b"a \xa4 b",
        "テスト".encode("shift-jis"),
        b"\x1f\x8b\x08\0",
        b"\xd0",
        b"\xe6\x97",
        "日".encode()[:2] + b"x",
        bytes(range(32, 256)),
    ],
)
def test_what_is_no_text(payload: bytes) -> None:
    """Zeros in it, signs that no log has, or characters that nobody assigned."""
    assert None is decode(payload)


def test_a_character_that_was_cut_is_left_out() -> None:
    """At the end of UTF-8 only: attachments are cut at a number of bytes."""
    for size in (1, 2, 3):
        decoded = decode(b"log " + "🙂".encode()[:size])
        assert decoded is not None
        assert ("log ", "utf-8", b"log ") == (
            decoded.text,
            decoded.encoding,
            decoded.encode("log "),
        )


def test_random_bytes_are_no_text() -> None:
    """Sixty-four bytes of a key, a picture or an archive do not pass."""
    bytes_of = random.Random(4).randbytes
    assert [] == [i for i in range(3_000) if decode(bytes_of(64)) is not None]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_what_was_written_is_read_again(encoding: str) -> None:
    """A text with characters that no text has, from escapes in JSON, is still read as a text."""
    read = decode('{"a": "b"}\n'.encode(encoding))
    assert read is not None
    again = decode(read.encode('{"a":"\uffff\ue000\ud800"}\n'))
    assert again is not None
    assert '{"a":"\ufffd\ufffd\ufffd"}\n' == again.text


@pytest.mark.parametrize("code", range(33))
def test_which_control_characters_text_has(code: int) -> None:
    """Those that editors and terminals write, and no others."""
    is_text = chr(code) in "\t\n\r\f\v\b\x1b "
    assert is_text is (decode(b"a log" + bytes([code])) is not None)
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        payload = mark + f"a log{chr(code)}".encode(encoding)
        assert is_text is (decode(payload) is not None)
    assert is_text is (decode("Jörg was here".encode("cp1252") + bytes([code])) is not None)


@pytest.mark.parametrize("sign", "€–—‘’“”…§©«°»é")
def test_signs_that_logs_have(sign: str) -> None:
    """They stand beside letters in what Windows writes."""
    decoded = decode(f"one {sign} two".encode("cp1252"))
    assert decoded is not None
    assert (b"", "cp1252", f"one {sign} two") == (decoded.bom, decoded.encoding, decoded.text)


@pytest.mark.parametrize("sign", "¤×÷±¿¡¬¦†‡•‰")
def test_signs_that_no_log_has(sign: str) -> None:
    """Bytes that are no text are full of them."""
    assert None is decode(f"one {sign} two".encode("cp1252"))


def test_western_text_has_a_space_or_ends_a_line() -> None:
    """Bytes without either are no text; what is written without gets one, and is read again."""
    assert None is decode("Jörg".encode("cp1252"))
    for text in ("Jörg Müller", "Jörg\n"):
        decoded = decode(text.encode("cp1252"))
        assert decoded is not None
        assert text.encode("cp1252") == decoded.encode(text)
        assert b'{"name":"J\xf6rg"}\n' == decoded.encode('{"name":"Jörg"}')
        assert b"J ?" == decoded.encode("J 日")
    plain = decode(b"Joe")
    assert plain is not None
    assert b"Joe" == plain.encode("Joe")


@pytest.mark.parametrize(
    ("zeros", "units", "is_text"),
    [(2, 24, True), (2, 35, True), (2, 36, False), (3, 36, True), (1, 12, False), (2, 2, True)],
)
def test_how_many_zeros_text_of_two_bytes_has(zeros: int, units: int, *, is_text: bool) -> None:
    """One in twelve characters, and two at least."""
    text = "日" * (units - zeros) + "1" * zeros
    for encoding in ("utf-16-le", "utf-16-be"):
        decoded = decode(text.encode(encoding))
        assert (text if is_text else None) == (decoded and decoded.text)


def test_text_of_one_byte_with_zeros_in_it_is_none() -> None:
    """Half of the characters have a zero, and the others would be text of one byte each."""
    assert None is decode(b"A\0B\0CDEF")
    decoded = decode(b"A\0B\0CD")
    assert decoded is not None
    assert ("AB\u4443", True) == (decoded.text, decoded.is_wide)
    assert None is decode(b"A\0B\0C")


@pytest.mark.parametrize("payload", [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"])
def test_a_text_that_is_empty(payload: bytes) -> None:
    """It has its mark, and nothing else."""
    decoded = decode(payload)
    assert decoded is not None
    assert ("", payload) == (decoded.text, decoded.bom)
    assert decoded.is_wide is (len(payload) == 2)
