"""Shapes of names that come from source code, and that no identifier of a person or wallet has.

Law of this file: a name is made of short words, as people write code; a key, an address or a seed
phrase is not. In doubt the answer is no. Nothing here looks for anything: it only admits.
"""

from itertools import groupby
from typing import Final

from relay.protocol.ids import is_hex

_LOWER: Final = frozenset("abcdefghijklmnopqrstuvwxyz")
_LETTERS: Final = _LOWER | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DIGITS: Final = frozenset("0123456789")
_ALNUM: Final = _LETTERS | _DIGITS

_MAX_NAME: Final = 128
_MAX_WORDS: Final = 11
"""A seed phrase has twelve words or more."""

_MAX_TOKEN: Final = 24
"""Longer runs of letters and digits have to read like words; addresses start at 25."""

_MAX_LONG_TOKEN: Final = 48
_MIN_WORD_LENGTH: Final = 4
"""Average letters of a camel-case word; in random letters it is about two."""

_MAX_DIGIT_GROUPS: Final = 2
_MAX_HEX_TOKEN: Final = 8
_MAX_DIGITS: Final = 6

_MARKS: Final = ("<anonymous>", "<lambda>", "<listcomp>", "<genexpr>", "<module>", "<locals>")
_FUNCTION_WORDS: Final = ("async ", "new ", "get ", "set ", "bound ")
_NAMELESS: Final = "?"

_EXTENSIONS: Final = frozenset(
    {
        "bundle", "c", "cc", "cjs", "cpp", "cs", "cts", "cxx", "dart", "go", "h", "hpp", "java",
        "js", "jsbundle", "jsx", "kt", "m", "mjs", "mm", "mts", "php", "py", "pyx", "rb", "rs",
        "swift", "ts", "tsx", "vue", "wasm",
    }
)  # fmt: skip
_STAGES: Final = frozenset(
    {
        "alpha", "beta", "canary", "codesign", "debug", "dev", "develop", "next", "nightly", "pre",
        "preview", "production", "rc", "release", "staging", "test",
    }
)  # fmt: skip
_MAX_RELEASE: Final = 64
_MAX_RELEASE_WORDS: Final = 5
_MAX_RELEASE_WORD: Final = 16
_MAX_VERSION_PARTS: Final = 3
"""Four numbers could be an IP address."""

_MAX_VERSION_NUMBER: Final = 4
_MAX_COMMIT: Final = 10


def is_plain_name(text: str) -> bool:
    """Whether a text is a dotted name as in code: a type, a function, a method.

    `TypeError`, `java.lang.Foo`, `foo::bar`, `Object.<anonymous>`, `async load`; no URL, path,
    address, key or sentence.
    """
    if len(text) > _MAX_NAME:
        return False
    for word in _FUNCTION_WORDS:
        text = text.removeprefix(word)
    for mark in _MARKS:
        text = text.replace(mark, "?")
    parts = text.replace("::", ".").split(".")
    words = 0
    for part in parts:
        if part == _NAMELESS:
            words += 1
            continue
        if not part or part[0] in _DIGITS or not _is_plain_token_list(part, "_$"):
            return False
        words += sum(_count_words(token) for token in _tokens(part, "_$"))
    return words <= _MAX_WORDS


def is_plain_file(text: str) -> bool:
    """Whether a base name is that of a source file: short words and an extension of code."""
    stem, dot, extension = text.rpartition(".")
    if not dot or len(text) > _MAX_NAME or extension not in _EXTENSIONS or not stem.strip("._-"):
        return False
    if not _is_plain_token_list(stem, "._-$"):
        return False
    tokens = _tokens(stem, "._-$")
    # Four numbers between dots are an IP address, whatever stands behind them.
    numbers = sum(_DIGITS.issuperset(token) for token in tokens)
    return (
        numbers < len(tokens)
        and numbers <= _MAX_VERSION_PARTS
        and sum(map(_count_words, tokens)) <= _MAX_WORDS
    )


def is_plain_release(text: str) -> bool:
    """Whether a release is `name@version` of short words and up to three numbers.

    `trezor-suite@24.11.1`, `@trezor/suite-web@24.11.1-beta.2+1f2e3d4`, `24.11.1`.
    """
    if len(text) > _MAX_RELEASE:
        return False
    name, at, version = text.rpartition("@")
    if at and not _is_package(name):
        return False
    version, _, build = version.partition("+")
    if "+" in text and not _is_build(build):
        return False
    numbers, dash, stage = version.partition("-")
    parts = numbers.split(".")
    if not 2 <= len(parts) <= _MAX_VERSION_PARTS:
        return False
    if not all(_is_number(part, _MAX_VERSION_NUMBER) for part in parts):
        return False
    return not dash or _is_stage(stage)


def _is_package(name: str) -> bool:
    scope, slash, rest = name.removeprefix("@").partition("/")
    if bool(slash) != name.startswith("@"):
        return False
    words = _tokens(scope, ".-_") + (_tokens(rest, ".-_") if slash else [])
    return len(words) <= _MAX_RELEASE_WORDS and all(
        0 < len(word) <= _MAX_RELEASE_WORD and _LETTERS.issuperset(word) for word in words
    )


def _is_stage(stage: str) -> bool:
    word, dot, number = stage.partition(".")
    return word in _STAGES and (not dot or _is_number(number, _MAX_VERSION_NUMBER))


def _is_build(build: str) -> bool:
    return 0 < len(build) <= _MAX_COMMIT and frozenset("0123456789abcdef").issuperset(build)


def _is_number(text: str, length: int) -> bool:
    return 0 < len(text) <= length and _DIGITS.issuperset(text)


def _tokens(text: str, separators: str) -> list[str]:
    for separator in separators[1:]:
        text = text.replace(separator, separators[0])
    return text.split(separators[0])


def _is_plain_token_list(text: str, separators: str) -> bool:
    return all(not token or _is_plain_token(token) for token in _tokens(text, separators))


def _is_plain_token(token: str) -> bool:
    """Whether a run of letters and digits reads like words of code, not like a key."""
    if not _ALNUM.issuperset(token):
        return False
    if _LETTERS.issuperset(token):
        return len(token) <= _MAX_TOKEN or (
            len(token) <= _MAX_LONG_TOKEN
            and len(token) >= _MIN_WORD_LENGTH * _count_words(token)
            and _count_words(token) > 1
        )
    if len(token) > _MAX_TOKEN or (len(token) > _MAX_HEX_TOKEN and is_hex(token)):
        return False
    groups = [len(list(run)) for digit, run in groupby(token, _DIGITS.__contains__) if digit]
    return len(groups) <= _MAX_DIGIT_GROUPS and max(groups) <= _MAX_DIGITS


def _count_words(token: str) -> int:
    """Words of a camel-case token: `loadAccount` has two, `HTTPError` two, `load` one."""
    words = 0
    previous = ""
    for i, char in enumerate(token):
        upper = char not in _LOWER and char not in _DIGITS
        next_lower = i + 1 < len(token) and token[i + 1] in _LOWER
        if not previous or (upper and (previous in _LOWER or previous in _DIGITS or next_lower)):
            words += 1
        previous = char
    return words
