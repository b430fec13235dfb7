"""Replay recordings: real captures, each hiding place, text cut over nodes, and broken bytes."""

import json
import zlib
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import relay
from relay.errors import ScrubError
from relay.jsonio import JsonError
from relay.protocol.envelope import parse
from relay.scrub.recording import scrub_recording

SAMPLES = Path(__file__).parents[3] / "samples"
PLANTED = json.loads((SAMPLES / "planted.json").read_text())
HEAD = b'{"segment_id":0}'
WORDS = ["abandon"] * 11 + ["about"]
LIMIT = 10_000_000


@cache
def shipped() -> relay.Scrubber:
    """The rules that ship."""
    return relay.load_scrubber(secret=b"test" * 8, verify=False)


def by_rules(value: Any, size: int) -> Any:
    """Scrub a document with the rules that ship."""
    return shipped().scrub_value(value, size, "replay_recording", write_remarks=False)[0]


def scrubbed(document: Any) -> Any:
    """Scrub a document as a recording."""
    clean = scrub_recording(HEAD + b"\n" + json.dumps(document).encode(), by_rules, LIMIT)
    return json.loads(clean.partition(b"\n")[2])


def text(content: str, number: int = 0) -> dict[str, Any]:
    """A text node."""
    return {"type": 3, "textContent": content, "id": number or 1_000 + hash(content) % 9_000}


def element(tag: str, *children: Any, **attributes: Any) -> dict[str, Any]:
    """An element."""
    kids = [text(child) if isinstance(child, str) else child for child in children]
    return {"type": 2, "tagName": tag, "attributes": attributes, "childNodes": kids}


def page(*children: Any) -> list[Any]:
    """A recording of one page."""
    root = numbered(element("body", *children))
    node = {"type": 0, "childNodes": [root], "id": 1}
    return [{"type": 2, "data": {"node": node}, "timestamp": 1795454590402}]


def numbered(root: dict[str, Any]) -> dict[str, Any]:
    """Give each node its own id."""
    stack, number = [root], 1
    while stack:
        node = stack.pop()
        number += 1
        node["id"] = number
        stack += node.get("childNodes", ())
    return root


def change(source: int, **data: Any) -> dict[str, Any]:
    """An event that says what changed."""
    return {"type": 3, "data": {"source": source, **data}, "timestamp": 1795454590824}


def recordings() -> list[Any]:
    """Every recording that a real SDK has sent."""
    found = []
    for path in sorted(SAMPLES.glob("*/*replay*.bin")):
        if path.stat().st_size:
            items = parse(path.read_bytes()).items
            found += [i.payload for i in items if i.headers.get("type") == "replay_recording"]
    return found


def opened(payload: bytes) -> bytes:
    """The JSON of a recording."""
    body = payload.partition(b"\n")[2]
    return zlib.decompress(body) if body[:1] == b"x" else body


def shape(value: Any) -> Any:
    """A document without its strings."""
    if isinstance(value, dict):
        return {key: shape(part) for key, part in value.items()}
    if isinstance(value, list):
        return [shape(part) for part in value]
    return "" if isinstance(value, str) else value


@pytest.mark.parametrize("payload", recordings())
def test_real_recordings_lose_what_was_planted_and_nothing_else(payload: bytes) -> None:
    """Ids, types and times stay, and it is compressed as it came."""
    clean = scrub_recording(payload, by_rules, LIMIT)
    assert not [name for name, value in PLANTED.items() if value.encode() in opened(clean)]
    assert payload.partition(b"\n")[2][:1] == clean.partition(b"\n")[2][:1]
    before, after = shape(json.loads(opened(payload))), shape(json.loads(opened(clean)))
    for event in (*before, *after):
        payload_of = event["data"].get("payload", {})
        body = payload_of.get("data", {}).get("response", {}).get("body")
        if body is not None:
            # The rules take a balance, which may be a number.
            body.clear()
    assert before == after
    assert clean == scrub_recording(clean, by_rules, LIMIT)


def test_something_was_planted_in_real_recordings() -> None:
    """What the test above looks for is there."""
    assert any(PLANTED["bech32"].encode() in opened(payload) for payload in recordings())


SECRETS = [PLANTED[name] for name in ("bech32", "xpub", "eth", "ip4", "btc", "taproot")]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("tag", ["span", "b", "div"])
@pytest.mark.parametrize("size", [1, 4])
def test_text_cut_over_siblings(secret: str, tag: str, size: int) -> None:
    """Groups of four or single characters, each in an element of its own."""
    pieces = [secret[at : at + size] for at in range(0, len(secret), size)]
    if tag == "div" and "." in secret and size == 4:
        pytest.skip("groups of four of an IP address are nothing that a page shows")
    document = page(element("p", *(element(tag, piece) for piece in pieces)))
    clean = scrubbed(document)
    left = json.dumps(clean)
    said = [f'"textContent": "{piece}"' for piece in pieces]
    # What is left at the ends may be what a rule keeps of a key.
    assert not [say for say in said[2:-2] if say in left]
    assert shape(document) == shape(clean)


@pytest.mark.parametrize("number", [False, True])
@pytest.mark.parametrize("tag", ["li", "td", "span"])
def test_a_phrase_with_a_word_in_each_cell(number: bool, tag: str) -> None:
    """A mnemonic in a list or a table, with or without numbers."""
    cells = []
    for at, word in enumerate(WORDS, 1):
        cells += [element("td", f"{at}.")] if number else []
        cells.append(element(tag, word))
    assert "aband" not in json.dumps(scrubbed(page(element("table", *cells))))


def test_text_cut_in_two_inside_of_a_sentence() -> None:
    """A part of it is set in bold."""
    secret = PLANTED["bech32"]
    document = page(element("p", "Send to ", secret[:4], element("b", secret[4:]), " now"))
    assert secret[4:] not in json.dumps(scrubbed(document))


def test_nodes_that_are_added_beside_each_other() -> None:
    """The recorder sends the last of them first, and children apart from their parents."""
    secret = PLANTED["bech32"]
    pieces = [secret[at : at + 7] for at in range(0, len(secret), 7)]
    adds = [
        {"parentId": 5, "nextId": 51 + at if at < len(pieces) else None, "node": text(p, 50 + at)}
        for at, p in enumerate(pieces, 1)
    ]
    clean = scrubbed([change(0, adds=adds[::-1], texts=[], removes=[], attributes=[])])
    assert [{"***"}, len(pieces)] == [
        {add["node"]["textContent"] for add in clean[0]["data"]["adds"]},
        len(clean[0]["data"]["adds"]),
    ]


def test_many_nodes_that_come_last_first() -> None:
    """As rrweb sends a long list: the work for it stays in its bounds."""
    adds = [
        {
            "parentId": 5,
            "nextId": 99 + at if at else None,
            "node": text(f"Row {at} of prose. ", 100 + at),
        }
        for at in range(8_000)
    ]
    document = [change(0, adds=adds, texts=[], removes=[], attributes=[])]
    assert document == scrubbed(document)


def test_texts_that_are_set_part_by_part() -> None:
    """Each event says one part; the page holds all of them."""
    secret = PLANTED["ip4"]
    document = page(element("p", *(element("span", "x") for _ in range(4))))
    line = document[0]["data"]["node"]["childNodes"][0]["childNodes"][0]
    leaves = [child["childNodes"][0] for child in line["childNodes"]]
    parts = [part + "." for part in secret.split(".")]
    parts[-1] = parts[-1][:-1]
    document += [
        change(0, texts=[{"id": leaf["id"], "value": part}], adds=[], removes=[], attributes=[])
        for leaf, part in zip(leaves, parts, strict=True)
    ]
    clean = scrubbed(document)
    assert ["***"] * 4 == [event["data"]["texts"][0]["value"] for event in clean[1:]]


def test_a_text_that_grows() -> None:
    """The beginnings of what is found at last go too."""
    secret = PLANTED["bech32"]
    texts = [change(0, texts=[{"id": 7, "value": secret[:n]}]) for n in (10, 30, 42)]
    assert secret[:10] not in json.dumps(scrubbed(texts))


def test_typed_text_is_never_kept() -> None:
    """Whatever was typed, it is as long as before."""
    document = page(
        element("input", value="hunter2"),
        element("textarea", "hunter2"),
        element("div", element("b", "hunter2"), contenteditable="true"),
        element("input", type="submit", value="Send now"),
    )
    document.append(change(5, text="hunter2", isChecked=False, id=99))
    document.append(change(0, attributes=[{"id": 99, "attributes": {"value": "hunter2"}}]))
    left = json.dumps(scrubbed(document))
    assert 0 == left.count("hunter2")
    assert 5 == left.count('"*******"')
    assert "Send now" in left


QR = "M0 0h7v1H0zM8 0h1v1H8z" * 60


@pytest.mark.parametrize(
    "node",
    [
        element("canvas", rr_dataURL="data:image/png;base64,QUJDREVG"),
        element("img", src="data:image/png;base64,QUJDREVG"),
        element("img", srcset="data:image/png;base64,QUJDREVG 1x, b.png 2x"),
        element("style", _cssText=".a{background:url('data:image/png;base64,QUJDREVG')}"),
        element("div", style="background:url(data:image/svg+xml;utf8,<path d='QUJDREVG'>)"),
        element("iframe", srcdoc="<p>QUJDREVG</p>"),
        element("svg", element("path", d=QR + "QUJDREVG")),
        element("svg", *(element("rect", x="QUJDREVG") for _ in range(99))),
        element("table", *(element("tr", *(element("td", style="QUJDREVG") for _ in range(25)))
                           for _ in range(25))),
    ],
)  # fmt: skip
def test_pictures_go(node: dict[str, Any]) -> None:
    """A QR code shows an address as surely as its text does."""
    assert "QUJDREVG" not in json.dumps(scrubbed(page(node)))


def test_canvas_fonts_and_blocks_go() -> None:
    """Commands of a canvas, bytes of a font, characters that are dots."""
    document = [
        change(9, id=4, type=0, commands=[{"property": "fillText", "args": ["QUJDREVG"]}]),
        change(9, id=4, type=0, property="fillText", args=["QUJDREVG"]),
        change(10, family="x", buffer=True, fontSource="[81,85]"),
        change(0, texts=[{"id": 4, "value": "█▀▀▀█ ▄"}]),
    ]
    left = json.dumps(scrubbed(document), ensure_ascii=False)
    assert not [word for word in ("QUJDREVG", "[81", "█", "▄") if word in left]
    assert "[]" == json.loads(left)[2]["data"]["fontSource"]


def test_a_clean_page_comes_out_equal() -> None:
    """Prose with numbers, a table, an icon, a style sheet."""
    rows = [element("tr", element("td", str(1990 + n)), element("td", f"{n}.5")) for n in range(9)]
    document = page(
        element("style", _cssText=".a { color: #fff; margin: 0 1px 2px 3px } " * 50),
        element("h1", "Chapter 4"),
        element("p", "In 2021, ", element("b", "12 of 40"), " people walked 3.5 km, 1.2 more."),
        element("table", *rows),
        element("svg", element("path", d="M3 4h7v1H3zM8 0h1v1H8z")),
        element("a", "Read more", href="https://example.org/a/b?page=2", title="More"),
    )
    assert document == scrubbed(document)


def test_a_page_nested_300_deep() -> None:
    """Documents may have 128 levels; a page takes two for each element."""
    root = element("p", PLANTED["bech32"])
    for _ in range(300):
        root = element("div", root)
    document = page(root)
    clean = scrubbed(document)
    assert PLANTED["bech32"] not in repr(shape_of_texts(clean))
    assert "[address]" in shape_of_texts(clean)


def shape_of_texts(value: Any) -> list[str]:
    """Every string of a document, without recursion."""
    found, stack = [], [value]
    while stack:
        part = stack.pop()
        if isinstance(part, str):
            found.append(part)
        elif isinstance(part, (dict, list)):
            stack += part.values() if isinstance(part, dict) else part
    return found


def test_strings_where_nodes_should_be() -> None:
    """What is no node is scrubbed too."""
    secret = PLANTED["bech32"]
    for document in ({"a": [secret]}, [secret], [{"data": {"node": {"childNodes": [secret]}}}]):
        assert secret not in json.dumps(scrubbed(document))


def test_the_header_says_the_segment_alone() -> None:
    """Anything else in it goes."""
    head = json.dumps({"segment_id": 3, "who": PLANTED["bech32"]}).encode()
    assert b'{"segment_id":3}\n[]' == scrub_recording(head + b"\n[]", by_rules, LIMIT)


ZLIB = zlib.compress(b"[]")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"{}\n[]",
        b'{"segment_id":"0"}\n[]',
        HEAD + b"\n",
        HEAD + b"\n[",
        HEAD + b"\n" + ZLIB[:-1],
        HEAD + b"\n" + ZLIB + b"x",
        HEAD + b"\n" + ZLIB + ZLIB,
        HEAD + b"\n" + zlib.compress(bytes(LIMIT + 1)),
        HEAD + b"\n" + b" " * LIMIT + b"[]",
        HEAD + b"\n" + b"[" * 5_000 + b"]" * 5_000,
    ],
)
def test_what_is_no_recording_is_refused(payload: bytes) -> None:
    """Cut off, followed by more, a bomb, nested without end."""
    with pytest.raises((ScrubError, JsonError)):
        scrub_recording(payload, by_rules, LIMIT)


@pytest.mark.parametrize("number", [1, 2, 7])
def test_nodes_with_the_same_id(number: int) -> None:
    """A player shows them all, so they are read together."""
    secret = PLANTED["btc"]
    body = {**element("body", text(secret[:17], number), text(secret[17:], number)), "id": 2}
    document = [{"type": 2, "data": {"node": {"type": 0, "childNodes": [body], "id": 1}}}]
    assert secret[17:] not in json.dumps(scrubbed(document))


def test_what_stood_between_is_taken_away() -> None:
    """Two halves that a removal brings together are read as one text."""
    secret = PLANTED["btc"]
    halves = secret[:17], secret[17:]
    document = page(element("p", halves[0], element("div", "x"), halves[1]))
    assert all(half in json.dumps(scrubbed(document)) for half in halves)
    document.append(change(0, removes=[{"id": 5, "parentId": 3}], adds=[], texts=[]))
    assert not [half for half in halves if half in json.dumps(scrubbed(document))]


def test_children_that_come_before_their_parents() -> None:
    """Each goes where it belongs, in whatever order they were sent."""
    secret = PLANTED["btc"]
    adds = [
        {"parentId": 61, "node": text(secret[:17], 63)},
        {"parentId": 62, "node": text(secret[17:], 64)},
        {"parentId": 5, "nextId": 62, "node": {**element("b"), "id": 61}},
        {"parentId": 5, "node": {**element("b"), "id": 62}},
    ]
    for order in (adds, adds[::-1]):
        clean = scrubbed([change(0, adds=order, texts=[], removes=[], attributes=[])])
        said = {add["node"].get("textContent") for add in clean[0]["data"]["adds"]}
        assert {"***", None} == said


@pytest.mark.parametrize(
    "parts",
    [
        (element("div", "203.0.113."), element("div", "77 items")),
        ("203.0.113.", element("br"), "77 items"),
        ("203.0.113.", element("b", " 77 items")),
        ("203.0.113. ", element("b", "77 items")),
    ],
)
def test_what_a_page_parts_is_not_read_as_one(parts: tuple[Any, ...]) -> None:
    """A new line or a space between two texts is one to the rules too."""
    document = page(element("p", *parts))
    assert document == scrubbed(document)
    joined = page(element("p", "203.0.113.", element("b", "77 items")))
    assert "77 items" not in json.dumps(scrubbed(joined))


INLINE = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr output q"
    " ruby s samp slot small span strike strong sub sup text textpath time tspan tt u var wbr"
)


@pytest.mark.parametrize("tag", [*INLINE.split(), *INLINE.upper().split()])
def test_an_element_in_a_line_does_not_part_it(tag: str) -> None:
    """An address of which a part is in bold, or in any other element of HTML or SVG for that."""
    document = page(element("p", "203.0.113.", element(tag, "77 items")))
    assert "77 items" not in json.dumps(scrubbed(document))


def test_cells_that_say_something_keep_their_looks() -> None:
    """A table of numbers, however large, is no picture; one of blanks is."""

    def table(says: str) -> list[Any]:
        row = [element("td", says, style="width:4px") for _ in range(25)]
        return page(
            element("table", *(json.loads(json.dumps(element("tr", *row))) for _ in range(25)))
        )

    assert table("7") == scrubbed(table("7"))
    assert "4px" not in json.dumps(scrubbed(table(" ")))


@pytest.mark.parametrize(
    ("value", "expected"),
    [("ab", "**"), ("", ""), (5, "***"), ([1], "***"), (None, None), (True, True), (False, False)],
)
def test_what_a_field_holds(value: Any, expected: Any) -> None:
    """Text stays as long as it was; what says only yes, no or nothing stays."""
    (event,) = scrubbed(page(element("input", value=value), element("input")))
    body = event["data"]["node"]["childNodes"][0]
    assert [{"value": expected}, {}] == [field["attributes"] for field in body["childNodes"]]


def test_all_that_changed_is_read_however_far_apart() -> None:
    """Where one event changes a text here and others far behind it, both are read."""
    secret = PLANTED["btc"]
    document = page(*(element("p", "x") for _ in range(300)))
    lines = document[0]["data"]["node"]["childNodes"][0]["childNodes"]
    said = {0: "y", 298: secret[:17], 299: secret[17:]}
    texts = [{"id": lines[at]["childNodes"][0]["id"], "value": value} for at, value in said.items()]
    for line in lines:
        line["tagName"] = "b"
    document.append(change(0, texts=texts, adds=[], removes=[], attributes=[]))
    clean = scrubbed(document)
    assert ["y", "***", "***"] == [text["value"] for text in clean[1]["data"]["texts"]]


def said(document: Any) -> list[str]:
    """What the texts of a page say, in their order; then what they were changed to."""
    found, stack = [], [document]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            if part.get("type") == 3 and "textContent" in part:
                found.append(part["textContent"])
            found += [one["value"] for one in part.get("texts") or ()]
            stack += list(part.values())[::-1]
        elif isinstance(part, list):
            stack += part[::-1]
    return found


FOUND_BY_THEIR_BEGINNING = ("bech32", "taproot", "ltc", "ada", "adaStake", "xpub", "ypub", "zpub")


@pytest.mark.parametrize("kind", FOUND_BY_THEIR_BEGINNING)
@pytest.mark.parametrize("cuts", [(20,), (60,), (12, 20), (20, 24, 28), (20, 21, 22, 23)])
def test_the_rest_of_what_is_found_by_its_beginning(kind: str, cuts: tuple[int, ...]) -> None:
    """A rule knows the first node by itself; the others mean nothing without it."""
    secret = PLANTED[kind]
    cuts = tuple(cut for cut in cuts if cut < len(secret) - 3)
    ends = [0, *cuts, len(secret)]
    pieces = [secret[start:stop] for start, stop in pairwise(ends)]
    document = page(element("p", "Send to ", *(element("b", piece) for piece in pieces), " now"))
    clean = scrubbed(document)
    hidden = said(clean)
    assert "Send to " == hidden[0]
    assert " now" == hidden[-1]
    if cuts:
        assert {"***"} == set(hidden[2:-1])
        assert hidden[1] in {"***", "[address]", "[xpub]"}
    assert clean == scrubbed(clean)


@pytest.mark.parametrize(("kind", "cut", "rest"), [("state", 30, 0), ("ip6", 20, 1), ("ip6", 8, 0)])
def test_the_half_that_means_nothing_alone(kind: str, cut: int, rest: int) -> None:
    """The end may be the one that a rule knows; either goes."""
    secret = PLANTED[kind]
    halves = secret[:cut], secret[cut:]
    document = page(element("p", element("span", halves[0]), element("span", halves[1])))
    assert halves[rest] not in json.dumps(scrubbed(document))


def test_the_rest_comes_later() -> None:
    """An address that is shown cut off, and whole after a change; and one set in a text."""
    secret = PLANTED["bech32"]
    document = page(element("p", element("b", secret[:20]), element("i", "...")))
    line = document[0]["data"]["node"]["childNodes"][0]["childNodes"][0]
    leaf = line["childNodes"][1]["childNodes"][0]
    document.append(change(0, texts=[{"id": leaf["id"], "value": secret[20:]}]))
    clean = scrubbed(document)
    assert ["[address]", "...", "***"] == said(clean)
    assert clean == scrubbed(clean)
    document[1] = change(0, adds=[{"parentId": line["id"], "node": text(secret[20:], 77)}])
    line["childNodes"] = line["childNodes"][:1]
    assert ["[address]", "***"] == said(scrubbed(document))


def test_the_second_half_of_a_phrase() -> None:
    """Twelve words are a phrase; those behind them belong to it."""
    first, second = " ".join(WORDS), "legal winner thank year wave sausage worth useful"
    document = page(element("div", first), element("div", second))
    assert "sausage" not in json.dumps(scrubbed(document))


@pytest.mark.parametrize("label", ["Copy", "Show QR", "Address", "EDIT", "Kopírovat", "✓"])
@pytest.mark.parametrize("kind", sorted({*PLANTED} - {"label", "instanceId", "user", "bch"}))
def test_a_button_beside_an_address_keeps_its_text(kind: str, label: str) -> None:
    """A rule takes letters that are glued to a key for more of it; a page says so otherwise."""
    found = page(element("p", element("span", PLANTED[kind])))
    (alone,) = said(scrubbed(found))
    for labels in ((label,), (label, label)):
        beside = [element("span", part) for part in (PLANTED[kind], *labels)]
        assert [alone, *labels] == said(scrubbed(page(element("p", *beside))))


def test_what_stands_between_stays() -> None:
    """A list of payments: the amounts are glued to what they belong to, the names are not."""
    rows = [
        element("li", element("span", f"Payment number {n}, done"), element("br"),
                element("span", PLANTED["eth"]), element("span", f"0.{n}"))
        for n in range(1, 9)
    ]  # fmt: skip
    left = said(scrubbed(page(element("ul", *rows))))
    assert [f"Payment number {n}, done" for n in range(1, 9)] == left[::3]
    assert {"[address]"} == set(left[1::3])


@pytest.mark.long
def test_a_clock_beside_an_address() -> None:
    """Each tick reads the address again: the work stays in what the size allows."""
    secret = PLANTED["bech32"]
    words = "Lorem ipsum dolor sit amet, " * 9
    line = element("p", words, element("b", secret[:20]), element("b", secret[20:]), element("i"))
    document = page(line, element("p", "0"), element("p", words))
    clock = document[0]["data"]["node"]["childNodes"][0]["childNodes"][1]["childNodes"][0]
    document += [
        change(0, texts=[{"id": clock["id"], "value": str(tick)}], adds=[], removes=[])
        for tick in range(3_000)
    ]
    clean = scrubbed(document)
    assert [str(tick) for tick in range(3_000)] == said(clean)[-3_000:]
    assert secret[20:] not in json.dumps(clean)
