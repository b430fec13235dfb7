"""A text in shared memory: whole for each reader, whatever its writer is just doing."""

import os

import pytest

from relay.server.rules_sheet import Sheet


def test_a_new_sheet_is_empty() -> None:
    """There is no text, and its number is 0."""
    assert (0, None) == (Sheet(8).number, Sheet(8).read())


def test_the_last_text_is_read() -> None:
    """Each text takes the place of the one before, and gets the next number."""
    sheet = Sheet(8)
    read = []
    for text in (b"one", b"", b"eight888", b"x"):
        sheet.write(text)
        read.append(sheet.read())
    assert [(1, b"one"), (2, b""), (3, b"eight888"), (4, b"x")] == read


def test_what_is_too_large_changes_nothing() -> None:
    """The text before it stays."""
    sheet = Sheet(8)
    sheet.write(b"one")
    with pytest.raises(ValueError, match="larger"):
        sheet.write(b"nine 9999")
    assert (1, b"one") == sheet.read()


def test_a_text_that_is_not_whole_is_not_read() -> None:
    """Bytes that do not fit the digest are no text."""
    sheet = Sheet(8)
    sheet.write(b"one")
    assert (1, b"one") == sheet.read()
    at = bytes(sheet._memory).index(b"one")
    sheet._view[at] = ord("O")
    with pytest.raises(ValueError, match="whole"):
        sheet.read()


def test_readers_in_other_processes_see_whole_texts() -> None:
    """While one process writes as fast as it can, another reads only what was written."""
    sheet = Sheet(100_000)
    sheet.write(b"0" * 50_000)
    reader = os.fork()
    if reader == 0:
        status = 1
        try:
            last = 0
            while last < 300:
                found = sheet.read()
                assert found is not None
                number, text = found
                assert number >= last
                assert len(set(text)) == 1
                last = number
            status = 0
        finally:
            os._exit(status)
    ended = (0, 0)
    while ended == (0, 0):
        number = sheet.number
        sheet.write(str(number % 10).encode() * (30_000 + number % 70_000))
        ended = os.waitpid(reader, os.WNOHANG)
    assert (reader, 0) == ended
