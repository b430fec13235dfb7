"""Heads and bodies are told apart, however they come."""

import pytest

from benchmarks.load import http

ANSWER = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\nRetry-After: 30\r\n\r\n{}"


def test_a_message_may_come_byte_by_byte() -> None:
    messages = http.Messages()
    whole = [one for byte in ANSWER for one in messages.feed(bytes([byte]))]
    assert [b"{}"] == [body for _, body in whole]
    assert 429 == http.status(whole[0][0])


def test_messages_may_come_together() -> None:
    assert [b"{}", b"{}"] == [body for _, body in http.Messages().feed(ANSWER + ANSWER)]


def test_a_field_is_found_by_its_name() -> None:
    ((head, _),) = http.Messages().feed(ANSWER)
    assert b"30" == http.field(head, b"retry-after:")
    assert http.field(head, b"etag:") is None
    assert not http.closes(head)


def test_a_request_is_one_message() -> None:
    head = http.request("/api/1/envelope/", 3, encoded="gzip")
    ((seen, body),) = http.Messages().feed(head + b"abc")
    assert b"abc" == body
    assert b"gzip" == http.encoding(seen)


def test_an_answer_without_a_length_is_refused() -> None:
    with pytest.raises(http.MalformedMessageError):
        http.Messages().feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
