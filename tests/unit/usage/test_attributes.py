"""Attributes are read strictly: what is not of its type is not kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.usage.attributes import (
    Attribute,
    Type,
    Value,
    bucket_names,
    read_language,
    read_version,
)

WORDS = frozenset({"btc", "eth", "ltc"})


def make(kind: Type, **more: object) -> Attribute:
    """Return an attribute of a type."""
    return Attribute("some", kind, "d", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("attribute", "text", "kept"),
    [
        (make(Type.BOOLEAN), "true", True),
        (make(Type.BOOLEAN), "false", False),
        (make(Type.BOOLEAN), "True", None),
        (make(Type.BOOLEAN), "1", None),
        (make(Type.BOOLEAN), "", None),
        (make(Type.INTEGER, max=20), "0", 0),
        (make(Type.INTEGER, max=20), "20", 20),
        (make(Type.INTEGER, max=20), "21", None),
        (make(Type.INTEGER, max=20), "-1", None),
        (make(Type.INTEGER, max=20), "007", None),
        (make(Type.INTEGER, max=20), "1.0", None),
        (make(Type.INTEGER, max=20), "1\n", None),
        (make(Type.INTEGER, max=20), "١", None),
        (make(Type.INTEGER, max=20), "9" * 5000, None),
        (make(Type.INTEGER, buckets=(1, 10)), "0", "0"),
        (make(Type.INTEGER, buckets=(1, 10)), "9", "1-9"),
        (make(Type.INTEGER, buckets=(1, 10)), "10", "10+"),
        (make(Type.INTEGER, buckets=(1, 10)), "1e3", None),
        (make(Type.INTEGER, buckets=(1, 10)), "9" * 5000, None),
        (make(Type.NUMBER, buckets=(1, 10)), "0.5", "<1"),
        (make(Type.NUMBER, buckets=(1, 10)), "-4", "<1"),
        (make(Type.NUMBER, buckets=(1, 10)), "1", "1-10"),
        (make(Type.NUMBER, buckets=(1, 10)), "1e-7", "<1"),
        (make(Type.NUMBER, buckets=(1, 10)), "1e+21", ">=10"),
        (make(Type.NUMBER, buckets=(1, 10)), "1e999", None),
        (make(Type.NUMBER, buckets=(1, 10)), "NaN", None),
        (make(Type.NUMBER, buckets=(1, 10)), "Infinity", None),
        (make(Type.NUMBER, buckets=(1, 10)), " 1", None),
        (make(Type.WORD, values=WORDS), "btc", "btc"),
        (make(Type.WORD, values=WORDS), "BTC", None),
        (make(Type.WORD, values=WORDS), "btc,eth", None),
        (make(Type.WORD, values=WORDS), "", None),
        (make(Type.WORDS, values=WORDS), "ltc,btc,ltc", ["btc", "ltc"]),
        (make(Type.WORDS, values=WORDS), "", []),
        (make(Type.WORDS, values=WORDS), "btc,bc1q", None),
        (make(Type.WORDS, values=WORDS), "btc,", None),
        (make(Type.VERSION), "1.8.3", "1.8.3"),
        (make(Type.LANGUAGE), "en", "en"),
        (make(Type.TEXT, max_length=5), "short", "short"),
        (make(Type.TEXT, max_length=5), "longer", None),
        (make(Type.TEXT), "", None),
        (make(Type.TEXT), "a\nb", None),
    ],
)
def test_reading(attribute: Attribute, text: str, kept: Value | None) -> None:
    """A text of the type is kept, in one form; of any other nothing is."""
    got = attribute.read(text)
    assert (type(kept), kept) == (type(got), got)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("13", "13"),
        ("10.15", "10.15"),
        ("2.0.30-beta.1", "2.0.30-beta.1"),
        ("22.5.1-alpha", "22.5.1-alpha"),
        ("10.0.19045", "10.0.19045"),
        ("108.0.5359.125", "108"),
        ("1.2.3.4-beta", None),
        ("1.2.3.4.5", None),
        ("1.8.3-peter", None),
        ("v1.8.3", None),
        ("1..3", None),
        ("1.8.3 ", None),
        ("1.8.3\n", None),
        ("123456", None),
        ("", None),
        ("1." * 500 + "1", None),
        ("١.٢.٣", None),
    ],
)
def test_versions(text: str, kept: str | None) -> None:
    """Three numbers at most: four may be an address."""
    assert kept == read_version(text)
    assert kept == read_version(text)  # remembered or not


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("en", "en"),
        ("EN-us", "en-US"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("al-jack-cz", None),
        ("es-419", "es-419"),
        ("fil", "fil"),
        ("de-peter", None),
        ("en-US-x-someone", None),
        ("en-a-bbb", None),
        ("english", None),
        ("e", None),
        ("en_US", None),
        ("", None),
        ("en-US\n", None),
    ],
)
def test_languages(text: str, kept: str | None) -> None:
    """Language, script and region in their usual case; what may be free text is refused."""
    assert kept == read_language(text)
    assert kept == read_language(text)  # remembered or not


def test_names_of_buckets() -> None:
    """One more bucket than bounds; a bucket of one number is called like it."""
    assert ("0", "1", "2", "3-9", "10+") == bucket_names(Type.INTEGER, (1, 2, 3, 10))
    assert ("0-4", "5+") == bucket_names(Type.INTEGER, (5,))
    assert ("<0.5", "0.5-2", ">=2") == bucket_names(Type.NUMBER, (0.5, 2))


def test_what_was_refused_is_not_remembered() -> None:
    """A cache holds accepted texts only: others may be anything."""
    from relay.usage import attributes  # noqa: PLC0415

    for cached in (attributes._version, attributes._language):
        before = cached.cache_info().currsize
        for text in ("Alice and Bob", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"):
            with pytest.raises(ValueError):
                cached(text)
        assert before == cached.cache_info().currsize


@pytest.mark.parametrize("kind", [kind for kind in Type if kind is not Type.TEXT])
@given(text=st.text() | st.from_regex(r"[-+0-9.eE,a-zA-Z]{0,12}"))
def test_what_is_kept_is_of_a_closed_form(kind: Type, text: str) -> None:
    """Whatever comes: what is kept could have been written down beforehand, or is nothing."""
    attribute = (
        make(kind, values=WORDS, buckets=(1, 10))
        if kind is not Type.INTEGER
        else (make(kind, max=20))
    )
    kept = attribute.read(text)
    match kind:
        case Type.BOOLEAN:
            assert kept in (True, False, None)
        case Type.INTEGER:
            assert kept is None or (isinstance(kept, int) and 0 <= kept <= 20)
        case Type.NUMBER:
            assert kept in ("<1", "1-10", ">=10", None)
        case Type.WORD:
            assert kept is None or kept in WORDS
        case Type.WORDS:
            assert kept is None or (isinstance(kept, list) and set(kept) <= WORDS)
        case Type.VERSION | Type.LANGUAGE:
            assert kept is None or (
                isinstance(kept, str)
                and len(kept) <= 40
                and kept.isascii()
                and kept == kept.strip()
            )
