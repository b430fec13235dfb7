"""Remarks, and what a client's own may keep."""

import pytest

from relay.scrub.remarks import (
    REMARKS_A_VALUE,
    REMARKS_IN_ALL,
    Note,
    Remark,
    as_remarks,
    clean_meta,
    show_path,
    write_meta,
)

RULE = "network/ip-address"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("exception", "values", 0, "value"), "exception.values.0.value"),
        (("a b", "c"), "'a b'.c"),
        (("it's",), "'it''s'"),
        (("",), "''"),
        ((), ""),
    ],
)
def test_show_path(path: tuple, expected: str) -> None:
    """A path reads as a selector that finds it."""
    assert expected == show_path(path)


def test_as_remarks() -> None:
    """Notes become remarks, one each, with a span where a part of the text went."""
    notes = [
        Note(("a", 0), (("r", "s", 1, 4), ("q", "m", 5, 6)), 9),
        Note(("a", 1), (("r", "x"),)),
        Note(("b",), (("r", "x"),)),
    ]
    expected = (
        Remark("r", "a.0", "s", (1, 4)),
        Remark("q", "a.0", "m", (5, 6)),
        Remark("r", "a.1", "x", None),
        Remark("r", "b", "x", None),
    )
    assert expected == as_remarks(notes)


def test_remarks_hide_their_path() -> None:
    """A remark in a log does not show keys of the payload."""
    assert "secret" not in repr(Remark("r", "secret.key", "s", (0, 1)))
    assert "secret" not in repr(Note(("secret",), ()))


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ("text", {}),
        ([1], {}),
        ({"a": {"": {"val": "1.2.3.4"}}}, {}),
        ({"a": {"": {"rem": [["!config", "s"]]}}}, {"a": {"": {"rem": [["!config", "s"]]}}}),
        ({"a": {"": {"rem": [["@ip:replace", "s", 0, 4]], "len": 7, "val": "1"}}},
         {"a": {"": {"rem": [["@ip:replace", "s", 0, 4]], "len": 7}}}),
        ({"": {"rem": [["rule of words", "s"], ["x", "ss"], ["x", "s", True], ["x"], "x", [1, "s"],
                       ["x", "s", 1, 2, 3], ["x" * 81, "s"]]}}, {}),
        ({"": {"err": ["invalid_data", "my secret words", ["value_too_long", {"v": "x"}], 5, []]}},
         {"": {"err": ["invalid_data", "value_too_long"]}}),
        ({"": {"len": True}}, {}),
        ({"": {"len": "12"}}, {}),
        ({"": {"chunks": [{"text": "x"}]}}, {}),
        ({"": "text"}, {}),
    ],
)  # fmt: skip
def test_clean_meta(meta: object, expected: dict) -> None:
    """Of a client's `_meta` only remarks, lengths and error words stay, never a value."""
    assert expected == clean_meta(meta)


def test_clean_meta_is_bounded() -> None:
    """A deep tree is cut, not walked to its end."""
    meta: dict = {"": {"len": 1}}
    for _ in range(5_000):
        meta = {"a": meta}
    assert {} == clean_meta(meta)


def test_write_meta() -> None:
    """Remarks stand under their path; ranges of older remarks on the same value go."""
    meta = {"a": {"0": {"": {"rem": [["old", "s", 0, 3]], "len": 20}}}}
    write_meta(meta, [Note(("a", 0), ((RULE, "s", 1, 5),), 9), Note(("b",), ((RULE, "x"),))])
    expected = {
        "a": {"0": {"": {"rem": [["old", "s"], [RULE, "s", 1, 5]], "len": 20}}},
        "b": {"": {"rem": [[RULE, "x"]]}},
    }
    assert expected == meta


def test_write_meta_leaves_out_what_a_tree_cannot_say() -> None:
    """The empty key is the node itself, and what is too deep would not be read back."""
    meta: dict = {}
    write_meta(meta, [Note(("", "a"), ((RULE, "x"),)), Note(("a",) * 61, ((RULE, "x"),))])
    assert {} == meta


def test_what_is_written_reads_back() -> None:
    """Our own remarks pass as a client's, at the deepest place too: scrubbing twice is the same."""
    meta: dict = {}
    write_meta(meta, [Note(("a",) * 60, ((RULE, "s", 0, 1),), 3), Note(("b", 1), ((RULE, "x"),))])
    assert meta == clean_meta(meta)


def test_remarks_do_not_outgrow_their_document() -> None:
    """So many are written on one value, and so many in all."""
    many = tuple(("r", "s", i, i + 1) for i in range(1_000))
    meta: dict = {}
    write_meta(meta, [Note((f"k{i}",), many, 5) for i in range(1_000)])
    assert {REMARKS_A_VALUE, REMARKS_IN_ALL % REMARKS_A_VALUE or REMARKS_A_VALUE} >= {
        len(node[""]["rem"]) for node in meta.values()
    }
    assert REMARKS_IN_ALL == sum(len(node[""]["rem"]) for node in meta.values())
