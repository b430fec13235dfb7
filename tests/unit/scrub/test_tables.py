"""Tables of the scrubber, each row tried: a row that is wrong or missing shows here."""

from functools import cache

import pytest

import relay
from relay.scrub.skeleton import skeleton
from relay.scrub.structure import value_after

PLATFORMS = (
    "as3 c cfml cocoa csharp dart elixir go groovy haskell java javascript kotlin native node objc"
    " other perl php python ruby rust swift"
)
WORDS = (
    "async await case class delete function if lambda new return switch this throw typeof void"
    " yield self None True False null true false undefined not"
)
TYPES = (
    "string str String bytes bytearray number boolean bool int integer any object Uint8Array float"
    " dict list set tuple memoryview Buffer SecretStr Promise<string> Callable[[str],str]"
    " ClassVar[str] Final[str] Iterable[str] Mapping[str,str] Morsel[str] Optional[str]"
    " Sequence[str] Union[str,None] List[str] list[str] Set[str] set[str] Dict[str,str]"
    " dict[str,str] defaultdict[str,str] Tuple[str] tuple[str] Type[str] type[str] string[]"
)


@cache
def shipped() -> relay.Scrubber:
    """The rules that ship."""
    return relay.load_scrubber(secret=b"test" * 8, verify=False)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (
            "platform",
            PLATFORMS,
        ),
        ("level", "fatal error warning info debug"),
        ("type", "default error"),
    ],
)
def test_each_word_of_sentrys_schema_stays_in_a_skeleton(field: str, words: str) -> None:
    """The words of Sentry's event schema, and none of another spelling."""
    for word in words.split():
        assert {field: word} == {k: v for k, v in skeleton({field: word}).items() if k == field}
        assert field not in skeleton({field: word.upper()})


@pytest.mark.parametrize(
    "word",
    [
        "async",
        "await",
        "case",
        "class",
        "delete",
        "function",
        "if",
        "lambda",
        "new",
        "return",
        "switch",
        "this",
        "throw",
        "typeof",
        "void",
        "yield",
        "self",
        "None",
        "True",
        "False",
        "null",
        "true",
        "false",
        "undefined",
        "not",
    ],
)
def test_each_word_of_code_begins_an_expression(word: str) -> None:
    """In a line of code, and glued to more letters it is a value."""
    text = f"return u.size=s,u.label={word}`x`,u.__hash=a,u"
    assert text == shipped().scrub_text(text)
    glued = text.replace(f"{word}`", f"{word}_z9`")
    assert glued != shipped().scrub_text(glued)


@pytest.mark.parametrize(
    "name",
    [
        "string",
        "str",
        "String",
        "bytes",
        "bytearray",
        "number",
        "boolean",
        "bool",
        "int",
        "integer",
        "any",
        "object",
        "Uint8Array",
        "float",
        "dict",
        "list",
        "set",
        "tuple",
        "memoryview",
        "Buffer",
        "SecretStr",
        "Promise<string>",
        "Callable[[str],str]",
        "ClassVar[str]",
        "Final[str]",
        "Iterable[str]",
        "Mapping[str,str]",
        "Morsel[str]",
        "Optional[str]",
        "Sequence[str]",
        "Union[str,None]",
        "List[str]",
        "list[str]",
        "Set[str]",
        "set[str]",
        "Dict[str,str]",
        "dict[str,str]",
        "defaultdict[str,str]",
        "Tuple[str]",
        "tuple[str]",
        "Type[str]",
        "type[str]",
        "string[]",
    ],
)
def test_each_type_is_no_value(name: str) -> None:
    """A parameter and its type, with what may stand behind it."""
    for text in (f"password: {name}", f"password: {name};", f"password: {name} = None"):
        assert text == shipped().scrub_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "None", "True", "False", "null", "true", "false", "undefined", "self", "this",
        "{snip}", "{}", "${}", "${name}", "{0}", "{a[0]}", "%(name)s",
        "%(name)d", "%(name)r", "%s", "%d", "%r", "%v", "%q", "$TOKEN", "$PASSWORD",
        "$SECRET", "$KEY", "$PASS", "$USER", "<your password>", "<token>", "<password>", "<secret>",
        "<key>", "<address>", "<name>", "your_token", "your_password", "your_secret", "your_key",
        "your_label", "your_address", "your_name", "your_here", "your_own_token",
    ],
)  # fmt: skip
def test_each_placeholder_is_no_value(text: str) -> None:
    """It stands for a value that nobody has written down."""
    assert f"password={text}" == shipped().scrub_text(f"password={text}")
    assert "password=swordfish1" != shipped().scrub_text("password=swordfish1")


@pytest.mark.parametrize("sign", ["||", "??", "if", "or", "and"])
def test_a_call_may_go_on(sign: str) -> None:
    """What code asks for a value, and what it takes when there is none."""
    text = f"- label: get_label(x) {sign} y9"
    assert text == shipped().scrub_text(text)


@pytest.mark.parametrize(("opened", "closed"), ["{}", "[]", "()"])
def test_a_value_in_brackets_ends_with_its_own(opened: str, closed: str) -> None:
    """Whatever else stands in it and behind it."""
    text = f"x: {opened}a b, c{closed} and more"
    found = value_after(text, 0, 2)
    assert found is not None
    assert f"{opened}a b, c{closed}" == text[slice(*found[1])]


def test_an_apostrophe_of_a_word_opens_no_string() -> None:
    """The quote behind the key ends the string that the key stands in."""
    text = """f("jane's", 'no label: ', x)"""
    assert text == shipped().scrub_text(text)
