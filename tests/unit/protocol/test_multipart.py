"""Forms with files."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import BodyError, RequestError, TooLargeError, UnsupportedMediaError
from relay.protocol.limits import DEFAULT
from relay.protocol.multipart import Part, embedded_boundary, is_multipart, read_parts

TYPE = 'multipart/form-data; boundary="b-1"'


def form(*parts: tuple[str, bytes]) -> bytes:
    """Write a form: for each part what its disposition says behind `form-data`, and its bytes."""
    body = b"".join(
        b"--b-1\r\nContent-Disposition: form-data%s\r\n\r\n%s\r\n" % (said.encode(), data)
        for said, data in parts
    )
    return body + b"--b-1--\r\n"


def test_fields_and_files() -> None:
    """A part with a file name is a file; bytes come as they are, names decoded."""
    body = form(
        ('; name="a"', b"1"),
        ('; name="f"; filename="\u00e9.dmp"\r\nContent-Type: application/x-dmp', b"\0\r\n--b\n"),
        ("", b"nameless"),
    )
    assert [
        Part("a", None, "", b"1"),
        Part("f", "\u00e9.dmp", "application/x-dmp", b"\0\r\n--b\n"),
        Part("", None, "", b"nameless"),
    ] == list(read_parts(body, TYPE, DEFAULT))


@pytest.mark.parametrize(
    "name", [r"\\server\jane\app.log", r"see \\server\app.log", r"C:\Users\jane\app.log", "app.log"]
)
def test_of_a_path_only_the_name(name: str) -> None:
    """A file name that is a path of Windows says nothing of servers and folders."""
    (part,) = read_parts(form((f'; name="f"; filename="{name}"', b"1")), TYPE, DEFAULT)
    assert "app.log" == part.filename


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "multipart/mixed; boundary=x",
        "multipart/form-data",
        "multipart/form-data; boundary=\udcff",
        "multipart/form-data\u20ac; boundary=x",
    ],
)
def test_another_type_is_refused(kind: str) -> None:
    """A form says what it is, and where its parts end."""
    assert (kind == "multipart/form-data") == is_multipart(kind)
    with pytest.raises(UnsupportedMediaError):
        read_parts(form(), kind, DEFAULT)


@pytest.mark.parametrize("end", [1, 20, 60, -4, -8])
def test_a_form_that_is_cut_off_is_refused(end: int) -> None:
    """What ends before its last boundary is not taken in part."""
    with pytest.raises(BodyError):
        read_parts(form(('; name="a"', b"1"), ('; name="b"', b"2"))[:end], TYPE, DEFAULT)


@pytest.mark.parametrize(
    ("changed", "fits"),
    [
        ({"items": 3}, True),
        ({"items": 2}, False),
        ({"event": 6}, True),
        ({"event": 5}, False),
        ({"attachment": 5}, True),
        ({"attachment": 4}, False),
    ],
)
def test_limits(changed: dict[str, int], fits: bool) -> None:
    """Parts are counted, fields add up, a file counts alone."""
    body = form(
        ('; name="a"', b"12"), ('; name="b"', b"34"), ('; name="f"; filename="x"', b"12345")
    )
    limits = replace(DEFAULT, **changed)
    if fits:
        assert 3 == len(read_parts(body, TYPE, limits))
    else:
        with pytest.raises(TooLargeError):
            read_parts(body, TYPE, limits)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"--x-9\r\nContent", b"x-9"),
        (b"--\r\n", None),
        (b"--x-9", None),
        (b"MDMP", None),
        (b"--" + b"x" * 80 + b"\r\n", None),
    ],
)
def test_a_form_in_a_form(data: bytes, expected: bytes | None) -> None:
    """Its boundary is its first line."""
    assert expected == embedded_boundary(data)


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"--b-1\r\n", b"--b-1\r\nContent-Disposition: "])
)
def test_any_bytes(data: bytes, head: bytes) -> None:
    """Whatever comes, it is a form or it is refused."""
    try:
        parts = read_parts(head + data, TYPE, DEFAULT)
    except RequestError:
        return
    assert sum(len(part.data) for part in parts) <= len(data)


@pytest.mark.parametrize("filler", [b"\r\n--b-1a", b"\r\n--b-1-", b"\r\n--b-1\r"])
def test_boundaries_without_end(filler: bytes) -> None:
    """What begins as a boundary counts as one: each costs work."""
    with pytest.raises(TooLargeError):
        read_parts(form(('; name="f"; filename="x"', filler * 501)), TYPE, DEFAULT)
    assert 1 == len(read_parts(form(('; name="f"; filename="x"', filler * 500)), TYPE, DEFAULT))


def test_padding_without_end() -> None:
    """A few blanks behind a boundary are allowed (RFC 2046, 5.1.1), and not more."""
    whole = form(('; name="f"; filename="x"', b"1"), ('; name="g"; filename="x"', b"2"))
    padded = whole.replace(b"\r\n--b-1\r", b"\r\n--b-1 \t \r")
    assert read_parts(whole, TYPE, DEFAULT) == read_parts(padded, TYPE, DEFAULT)
    with pytest.raises(BodyError):
        read_parts(whole.replace(b"\r\n--b-1\r", b"\r\n--b-1%b\r" % (b" " * 100)), TYPE, DEFAULT)


@pytest.mark.parametrize(
    ("changed", "kind"),
    [("items", "envelope"), ("event", "form_data"), ("attachment", "attachment")],
)
def test_what_is_too_large_is_named(changed: str, kind: str) -> None:
    """A form has too many parts, its fields are too long, or a file is."""
    body = form(('; name="a"', b"123"), ('; name="f"; filename="x"', b"12345"))
    with pytest.raises(TooLargeError, match=f"for type '{kind}'"):
        read_parts(body, TYPE, replace(DEFAULT, **{changed: 1}))


def test_a_part_shows_nothing() -> None:
    """Names and bytes are in no repr."""
    assert "Part()" == repr(Part("name", "file", "type", b"data"))


def test_boundaries_of_any_length() -> None:
    """One character is enough, and 70 are allowed (RFC 2046, 5.1.1)."""
    for size, fits in ((1, True), (70, True), (71, False)):
        boundary = b"x" * size
        body = b"--%s\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--%s--\r\n"
        kind = f"multipart/form-data; boundary={boundary.decode()}"
        if fits:
            (part,) = read_parts(body % (boundary, boundary), kind, DEFAULT)
            assert b"1" == part.data
        else:
            with pytest.raises(UnsupportedMediaError):
                read_parts(body % (boundary, boundary), kind, DEFAULT)
        expected = boundary if fits else None
        assert [expected] * 2 == [
            embedded_boundary(b"--" + boundary + rest) for rest in (b"\r\n", b"\r\nA: b\r\n\r\n")
        ]
