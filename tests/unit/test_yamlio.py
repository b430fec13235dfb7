"""The YAML reader: types without surprise, line numbers, and what it refuses."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay import yamlio


def read(text: str) -> object:
    """Return plain data, and fail if there is any mistake."""
    node, mistakes = yamlio.load(text, "f.yaml")
    assert [] == mistakes
    return yamlio.plain(node)


def mistakes_of(text: str) -> list[str]:
    """Return the mistakes as they are shown."""
    return [str(mistake) for mistake in yamlio.load(text, "f.yaml")[1]]


@pytest.mark.parametrize(
    "raw",
    [
        "no",
        "on",
        "Yes",
        "True",
        "12:30:45",
        "017",
        "0o17",
        "0x1F",
        "1e3",
        "1_000",
        ".5",
        "2024-01-01",
    ],
)
def test_surprising_scalars_stay_text(raw: str) -> None:
    """A scalar that YAML 1.1 would turn into something else stays the text as written."""
    assert {"a": raw} == read(f"a: {raw}")


@pytest.mark.parametrize(
    ("raw", "value"),
    [("true", True), ("false", False), ("null", None), ("~", None), ("", None), ("0", 0),
     ("-12", -12), ("1.50", 1.5), ("'true'", "true"), ('"12"', "12")],
)  # fmt: skip
def test_the_typed_scalars(raw: str, value: object) -> None:
    """Only true, false, null, decimal integers and fractions have a type; quotes make text."""
    result = read(f"a: {raw}")
    assert {"a": value} == result
    assert type(value) is type(result["a"])  # type: ignore[index]


def test_keys_are_text() -> None:
    """A key is always the text as written."""
    assert {"1": 1, "no": 2, "~": 3} == read("1: 1\nno: 2\n~: 3\n")


def test_lines() -> None:
    """Every node and every key knows its line."""
    node, _ = yamlio.load("# c\na: 1\nb:\n  - x\n  - {y: z}\n", "f.yaml")
    assert {"a": 2, "b": 3} == dict(node.key_lines)
    assert [4, 5] == [child.line for child in node.value["b"].value]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "f.yaml:1: the file is empty"),
        ("# only a comment\n", "f.yaml:1: the file is empty"),
        ("---\n", "f.yaml:1: the file is empty"),
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3: duplicate key 'a' (first on line 1)"),
        ("a: &x 1\n", "f.yaml:1: anchors (&name) are not supported (write the value out)"),
        (
            "a: !!str x\n",
            "f.yaml:1: tags (!name) are not supported (quote text that begins with '!')",
        ),
        ("a: 1\n---\nb: 1\n", "f.yaml:2: a second document (one document a file; remove '---')"),
        ("? [a]\n: 1\n", "f.yaml:1: a key must be text (quote it if it begins with '{' or '[')"),
        ("[" * 100, "f.yaml:1: nested too deeply"),
        ("a: 1\n\ud800: 1", "f.yaml:2: not YAML: a lone surrogate"),
        ("a: \x01", "f.yaml:1: not YAML: a character that YAML does not allow (write it as \\x…)"),
    ],
)
def test_refused(text: str, expected: str) -> None:
    """What could surprise is one mistake with its line."""
    assert [expected] == mistakes_of(text)


def test_a_tab_is_named() -> None:
    """A tab in the indentation is a mistake on its line that says what to do."""
    (mistake,) = mistakes_of("a:\n\tb: 1\n")
    assert mistake.startswith("f.yaml:2: not YAML: ")
    assert mistake.endswith("(indent with spaces, not tabs)")


def test_aliases_do_not_grow() -> None:
    """A file of aliases to aliases is refused without being expanded."""
    text = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
    )
    node, mistakes = yamlio.load(text, "f.yaml")
    assert 61 == len(mistakes)
    assert [None, None] == yamlio.plain(node)["u"]


def test_all_mistakes_at_once_and_the_rest_is_read() -> None:
    """A duplicate key does not hide what comes after it; the first value stands."""
    node, mistakes = yamlio.load("a: 1\na: {x: 1}\nb: 3\nb: 4\n", "f.yaml")
    assert [2, 4] == [mistake.line for mistake in mistakes]
    assert {"a": 1, "b": 3} == yamlio.plain(node)


def test_unknown_keys_name_the_nearest() -> None:
    """An unknown key is reported with its line and the nearest known one, or all of them."""
    node, _ = yamlio.load("prot: 1\nzzz: 2\nhost: x\n", "f.yaml")
    assert [
        "f.yaml:1: unknown key 'prot' in listen (did you mean 'port'?)",
        "f.yaml:2: unknown key 'zzz' in listen (known: host, port)",
    ] == [str(m) for m in yamlio.unknown_keys(node, ("port", "host"), "f.yaml", "listen")]


def test_repr_hides_values() -> None:
    """A node's repr holds no value: a configuration holds secrets."""
    node, _ = yamlio.load("a: hunter2\n", "f.yaml")
    assert "hunter2" not in repr(node)
    assert "text" == yamlio.type_name(node.value["a"])


@given(st.text())
@settings(deadline=None, max_examples=150)
def test_any_text_is_read_or_refused(text: str) -> None:
    """Any text gives a node and mistakes, never an exception."""
    node, _ = yamlio.load(text, "f.yaml")
    yamlio.plain(node)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.text(st.characters(codec="utf-8", max_codepoint=0xFFFF)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc"), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text("abcd", min_size=1), _JSON, min_size=1))
@settings(deadline=None, max_examples=100)
def test_json_documents_read_back(document: dict[str, object]) -> None:
    """A JSON document (YAML's flow style) reads back as it is."""
    assert document == read(json.dumps(document))


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("prot", "'prot'"),
        ("$string", "'$string'"),
        ("limit2", "'limit2'"),
        ("", "(not shown)"),
        ("hunter22222", "(not shown)"),
        ("a" * 33, "(not shown)"),
        ("nats://user:word@host", "(not shown)"),
        ("0a1b2c3d", "(not shown)"),
    ],
)
def test_what_does_not_look_like_a_key_is_not_shown(key: str, shown: str) -> None:
    """Who leaves out a key may have written the secret in its place."""
    assert shown == yamlio.shown_key(key)
    text = f"'{key}': 1\n'{key}': 2\n"
    _, (mistake,) = yamlio.load(text, "f")
    assert f"duplicate key {shown}" == mistake.message
    (unknown,) = yamlio.unknown_keys(yamlio.load(f"'{key}': 1", "f")[0], ["other"], "f")
    assert f"unknown key {shown}" == unknown.message


def test_long_numbers_and_those_of_secrets_are_not_shown() -> None:
    """A number of many digits may be a secret; one in a secret's place is."""
    node = yamlio.load("a: 12345678901\nb: 12", "f")[0].value
    assert ("a number", "the number 12", "a number") == (
        yamlio.type_name(node["a"]),
        yamlio.type_name(node["b"]),
        yamlio.type_name(node["b"], secret=True),
    )
