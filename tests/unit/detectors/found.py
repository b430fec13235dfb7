"""What a check finds, as texts: the one helper of these tests."""

from relay.detectors import CHECKS


def found(check: str, text: str, candidate: str | None = None) -> list[str]:
    """Run a check on `candidate` (default: the whole text) inside `text`."""
    word = text if candidate is None else candidate
    start = text.index(word)
    return [text[a:b] for a, b in CHECKS[check](text, start, start + len(word))]
