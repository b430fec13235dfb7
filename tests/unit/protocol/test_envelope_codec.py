"""The envelope codec: grammar, framing errors, bytes that stay as they came."""

import pytest

from relay.errors import EnvelopeError, TooLargeError
from relay.protocol.envelope import Envelope, Item, parse, serialise
from relay.protocol.item_kinds import NEL
from relay.protocol.limits import Limits


def kinds_and_payloads(data: bytes) -> list[tuple[str, bytes]]:
    return [(item.kind, item.payload) for item in parse(data).items]


@pytest.mark.parametrize(
    ("data", "items"),
    [
        pytest.param(b"{}", [], id="header-only"),
        pytest.param(b"{}\n", [], id="header-and-lf"),
        pytest.param(b"{}\n\n\n", [], id="only-empty-lines-follow"),
        pytest.param(b'{}\n{"type":"event"}\n{}', [("event", b"{}")], id="implicit-to-the-end"),
        pytest.param(b'{}\n{"type":"event"}\n{}\n', [("event", b"{}")], id="implicit-to-lf"),
        pytest.param(b'{}\n{"type":"event"}\n{}\n\n', [("event", b"{}")], id="empty-last-line"),
        pytest.param(b'{}\n{"type":"log"}', [("log", b"")], id="header-is-the-end"),
        pytest.param(
            b'{}\n{"type":"log"}\n\n{"type":"span"}\n1',
            [("log", b""), ("span", b"1")],
            id="implicit-and-empty",
        ),
        pytest.param(
            b'{}\n{"type":"attachment","length":5}\na\nb\x00c',
            [("attachment", b"a\nb\x00c")],
            id="length-holds-lf-and-nul",
        ),
        pytest.param(
            b'{}\n{"type":"attachment","length":1}\na\n{"type":"event"}\n{}',
            [("attachment", b"a"), ("event", b"{}")],
            id="lf-after-length",
        ),
        pytest.param(b'{}\n{"type":"log","length":0}', [("log", b"")], id="length-0-at-the-end"),
        pytest.param(b'{}\n{"type":"log","length":0}\n', [("log", b"")], id="length-0-then-lf"),
        pytest.param(b'{}\n{"type":"log","length":0}\n\n', [("log", b"")], id="length-0-two-lf"),
        pytest.param(b'{}\n{"type":"log","length":null}\n1\n', [("log", b"1")], id="length-null"),
        pytest.param(b'{}\r\n{"type":"log"}\r\n1\r\n', [("log", b"1\r")], id="cr-is-payload"),
        pytest.param(b'{}\n{"a":1}\nx', [("", b"x")], id="no-type"),
        pytest.param(b'{}\n{"type":7}\nx', [("", b"x")], id="type-is-no-text"),
    ],
)
def test_grammar(data: bytes, items: list[tuple[str, bytes]]) -> None:
    """Every form that the grammar allows is read, and read again from what is written."""
    assert items == kinds_and_payloads(data)
    assert items == kinds_and_payloads(serialise(parse(data)))


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"", "the body is empty"),
        (b"\n", "the envelope header is not JSON"),
        (b"\n{}", "the envelope header is not JSON"),
        (b"nope\n", "the envelope header is not JSON"),
        (b"\xff\xfe\n", "the envelope header is not JSON"),
        (b"[]\n", "the envelope header is not a JSON object"),
        (b"{}\nnope\n", "an item header is not JSON"),
        (b"{}\n[1]\n", "an item header is not a JSON object"),
        (b'{}\n{"length":9}\nshort', "an item is shorter than its length"),
        (b'{}\n{"length":1}', "an item is shorter than its length"),
        (b'{}\n{"length":2}\nlonger\n', "an item is longer than its length"),
        (b'{}\n{"length":-1}\nx', "an item's length is not a whole number"),
        (b'{}\n{"length":true}\nx', "an item's length is not a whole number"),
        (b'{}\n{"length":1.0}\nx', "an item's length is not a whole number"),
        (b'{}\n{"length":"1"}\nx', "an item's length is not a whole number"),
        (b'{}\n{"length":99999999999999999999999}\nx', "an item is shorter than its length"),
        (b'{}\n{"a":1}\nx\n\n{"a":1}\nx', "an empty line stands between items"),
        (
            b'{}\n{"type":"event"}\n{}\n{"type":"feedback"}\n{}',
            "an envelope may hold one event, transaction, feedback or report",
        ),
    ],
)
def test_broken_framing_is_an_error_with_a_clear_text(data: bytes, detail: str) -> None:
    """What is no envelope is refused, and the error says what is wrong but not with which bytes."""
    with pytest.raises(EnvelopeError) as caught:
        parse(data)
    assert detail == caught.value.detail
    assert caught.value.__cause__ is None


def test_untouched_headers_keep_their_bytes() -> None:
    """Spaces, key order and escapes in headers come out as they went in."""
    data = b'{ "b":1, "a":"\\u00e9" }\n{"length" : 1 ,"type":"log"}\n1\n{ "type":"span" }\n{}\n'
    assert data == serialise(parse(data))


def test_untouched_header_before_many_lines_keeps_its_bytes() -> None:
    """A length that is right is enough, whatever its payload holds."""
    data = b'{}\n{ "length": 3, "type": "log" }\n1\n2\n'
    assert data == serialise(parse(data))


def test_new_item_whose_length_is_right_gets_a_header() -> None:
    """A header that was never read is written, also where nothing in it is to be mended."""
    item = Item.make({"type": "log", "length": 1}, b"1")
    assert b'{}\n{"type":"log","length":1}\n1\n' == serialise(Envelope.make({}, (item,)))


def test_new_item_gets_its_length() -> None:
    """A length in the headers given is not believed; the payload's is written."""
    item = Item.make({"type": "log", "length": 99}, b"a\nb")
    expected = b'{"sdk":1}\n{"type":"log","length":3}\na\nb\n'
    assert expected == serialise(Envelope.make({"sdk": 1}, (item,)))


@pytest.mark.parametrize("raw", [b'{"type":"log","length":1}', b'{"type":"log"}'])
def test_raw_header_that_no_longer_frames_its_payload_is_written_anew(raw: bytes) -> None:
    """Old header bytes beside a new payload cannot break the framing."""
    (item,) = parse(b"{}\n" + raw + b"\nx").items
    changed = Item(item.headers, b"y\nz", item.raw_headers)
    expected = b'{}\n{"type":"log","length":3}\ny\nz\n'
    assert expected == serialise(Envelope.make({}, (changed,)))


def test_payload_is_out_of_reprs() -> None:
    """Neither payload nor header shows in a repr, and so in no log or traceback."""
    text = repr(parse(b'{"a":"secret"}\n{"type":"log","b":"secret"}\nsecret'))
    assert "secret" not in text


@pytest.mark.parametrize(
    ("data", "limits", "kind"),
    [
        (b'{}\n{"type":"event"}\n12345', Limits(event=4), "event"),
        (b'{}\n{"type":"check_in"}\n12345', Limits(check_in=4), "check_in"),
        (b'{}\n{"type":"log"}\n12345', Limits(log=4, container=9), "log"),
        (b'{}\n{"type":"log","item_count":2}\n12345', Limits(log=9, container=4), "log"),
        (
            b'{}\n{"type":"integration","content_type":"%s"}\n12345' % NEL.encode(),
            Limits(container=4),
            "unknown",
        ),
        (b'{}\n{"type":"xpub"}\n12345', Limits(envelope=9), "envelope"),
        (b'{"a":"12345678"}\n', Limits(header=9), "envelope"),
        (b'{"a":"12345678"}', Limits(header=9), "envelope"),
        (b'{}\n{"type":"event"}\n1', Limits(header=15), "envelope"),
        (b"{}\n" + b'{"type":"x"}\n1\n' * 4, Limits(items=3), "envelope"),
        (b"{}\n" + b'{"type":"attachment"}\n1\n' * 3, Limits(attachments=2), "attachment"),
        (b"{}\n" + b'{"type":"attachment"}\n1\n' * 3, Limits(attachments_total=2), "attachment"),
        (b"{}\n" + b'{"type":"client_report"}\n1\n' * 3, Limits(client_reports=2), "client_report"),
        (b"{}\n" + b'{"type":"session"}\n1\n' * 3, Limits(session_items=2), "sessions"),
    ],
)
def test_over_a_limit(data: bytes, limits: Limits, kind: str) -> None:
    """Each limit ends in a 413 that names the kind, as Sentry's does."""
    with pytest.raises(TooLargeError) as caught:
        parse(data, limits)
    assert f"envelope exceeded size limits for type '{kind}'" == caught.value.detail


def test_exactly_at_the_limits() -> None:
    """A limit is the largest size that is taken."""
    data = b'{"a":1}\n{"type":"event"}\n12345'
    limits = Limits(envelope=len(data), header=16, items=1, event=5)
    assert 1 == len(parse(data, limits).items)
    assert 1 == len(parse(b'{}\n{"type":"event"}', limits).items)


def test_real_limits() -> None:
    """An event of 1 MiB passes and one byte more does not; 500 items pass and 501 do not."""
    assert parse(b'{}\n{"type":"event"}\n' + b" " * 2**20)
    with pytest.raises(TooLargeError):
        parse(b'{}\n{"type":"event"}\n' + b" " * (2**20 + 1))
    assert 500 == len(parse(b"{}\n" + b'{"type":"log"}\n1\n' * 500).items)
    with pytest.raises(TooLargeError):
        parse(b"{}\n" + b'{"type":"log"}\n1\n' * 501)


def test_many_large_headers() -> None:
    """All headers are held while an envelope is worked on, so all together are bounded too."""
    header = b'{"type":"a","x":"%s"}\n\n' % (b"x" * 978)
    limits = Limits(header=len(header) - 2)
    assert 4 == len(parse(b"{}\n" + header * 4, limits).items)
    with pytest.raises(TooLargeError, match="for type 'envelope'"):
        parse(b"{}\n" + header * 5, limits)
