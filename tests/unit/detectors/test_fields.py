"""Tokens and accounts, told apart from words of code."""

import pytest

from relay.detectors.fields import account, token


@pytest.mark.parametrize(
    "text",
    [
        "abcDEF0123456789abcDEF0123",
        "k3-9fK2.pQ7_x81Zr40-LmN6b",
        "550e8400-e29b-41d4-a716-446655440000",
        "ABCD-1234-EFGH-5678",
    ],
)
def test_what_mixes_letters_and_digits_is_a_token(text: str) -> None:
    """A run or parts of letters and digits is found whole."""
    assert ((0, len(text)),) == tuple(token(text, 0, len(text)))


@pytest.mark.parametrize(
    "text",
    [
        "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        "ERR_HTTP2_INVALID_PSEUDOHEADER",
        "accounts.detail.header.title.main",
        "waiting-for-device-to-come-back-2",
        "renderTransactionsForAccountsList",
        "123456789012345678901234",
    ],
)
def test_words_and_numbers_are_no_tokens(text: str) -> None:
    """Codes of errors, ids of messages, states, camel case and plain numbers stay."""
    assert () == tuple(token(text, 0, len(text)))


@pytest.mark.parametrize("text", ["jane", "Jane Doe", "rooty", "jane)"])
def test_a_name_is_an_account(text: str) -> None:
    """A name is found whole."""
    assert ((0, len(text)),) == tuple(account(text, 0, len(text)))


@pytest.mark.parametrize("text", ["user", "Root", "user)", "unknown", "is missing", "none"])
def test_shared_accounts_and_sentences_stay(text: str) -> None:
    """Names that every machine has, and what a sentence goes on with, are no accounts."""
    assert () == tuple(account(text, 0, len(text)))
