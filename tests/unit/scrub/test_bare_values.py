"""Values without quotes, in sentences and in what other languages print."""

import re
from functools import cache

import pytest

import relay
from relay.scrub.structure import value_after


@cache
def shipped() -> relay.Scrubber:
    """The rules that ship."""
    return relay.load_scrubber(secret=b"test" * 8, verify=False)


VALUES = [
    ("my password: hunter2", "hunter"),
    ("Error: password: hunter2", "hunter"),
    ("[ERROR] password: hunter2", "hunter"),
    ("- password: hunter2", "hunter"),
    ('ValueError("password: hunter2")', "hunter"),
    ("console.log('password: hunter2')", "hunter"),
    ("db:\n  password: hunter2", "hunter"),
    ("password:\nhunter2", "hunter"),
    ("map[password:hunter label:My]", "hunter"),
    ('throw new Error("label: Savings")', "avings"),
    ("Wallet{label=My savings, n=1}", "avings"),
    ("map[password:hunter label:My savings]", "avings"),
    ("label=Mom's wallet", "Mom"),
    ("label=Mom's wallet", "'s"),
    ("it said password: swordfish", "swordfish"),
    ("the password: hunter2 is wrong", "hunter2"),
    ("my pin: 4217, please", "4217"),
    ("I typed password: swordfish.", "swordfish"),
    ("Wallet(n=1, label=My savings)", "My"),
    ("- label: My savings", "savings"),
    ("label: savings", "savings"),
    ("{'pin': 4217}", "4217"),
    ("{'password':hunter2,'x':1}", "hunter2"),
]

SENTENCES = [
    "Wrong password: try again",
    "in settings, password: required",
    "error in label: the text is too long",
    "login failed for password: reset it",
    "give your password: 3 attempts left",
    "no password: null",
    "Create an API key: https://example.org/keys",
    "password:\nwhat it is",
    "map[a:b] and label: it is gone",
    "On balance: I'd rather fix it",
    "Wallet{label=null, n=1}",
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_a_value_goes(text: str, value: str) -> None:
    """A value with a digit, or at the end, goes in a sentence; so do fields with spaces."""
    assert value not in shipped().scrub_text(text)


@pytest.mark.parametrize("word", ["true", "False", "null", "none", "undefined", "nil"])
@pytest.mark.parametrize("form", ["password={}", "'password': {}", "password: {}", "my pin: {}"])
def test_a_word_for_nothing_is_no_value(form: str, word: str) -> None:
    """None of the languages that are logged writes a text so."""
    text = form.format(word)
    assert text == shipped().scrub_text(text)
    (key,) = re.finditer(r"(?:password|pin)'?[:=]", text)
    assert value_after(text, *key.span()) is None


@pytest.mark.parametrize("text", SENTENCES)
def test_a_sentence_stays(text: str) -> None:
    """Sentences with the names of secrets in them stay."""
    assert text == shipped().scrub_text(text)


def test_a_field_goes_whole() -> None:
    """Of a field with spaces nothing is left, and what follows it is."""
    assert "Wallet{label=[label], n=1}" == shipped().scrub_text("Wallet{label=My savings, n=1}")
    text = "map[label:My savings n:1]"
    assert "map[label:[label] n:1]" == shipped().scrub_text(text)


def test_a_field_with_a_bracket_in_quotes_goes_whole() -> None:
    """A bracket in a string with single quotes does not end the value."""
    text = "{'password': ['a]b', 'hunter2']}"
    assert "{'password': [secret]}" == shipped().scrub_text(text)
