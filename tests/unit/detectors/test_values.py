"""Values behind a name."""

import pytest

from tests.unit.detectors.found import found


@pytest.mark.parametrize(
    "word",
    ["hunter2", "swordfish", "correct horse", "1234", "not my dog", "<hunter2>", "your_hunter2",
     "<password>hunter2"],
)  # fmt: skip
def test_values_are_found(word: str) -> None:
    """Whatever is not plainly a sentence is a value."""
    assert [word] == found("value", word)


@pytest.mark.parametrize(
    "text",
    [
        "try",
        "must be at least 8 characters",
        "expected",
        "3",
        "12 words expected",
        "invalid.",
        "and",
        "REDACTED",
        "YOUR_API_TOKEN",
        "<your-token>",
        'REDACTED`.\\n",stability:',
        "\u2014",
        "-",
        "<token>${n}",
        "<api-key>",
    ],
)
def test_sentences_survive(text: str) -> None:
    """The words that messages go on with after a colon stay."""
    assert [] == found("value", text)
