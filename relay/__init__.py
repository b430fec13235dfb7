"""A relay in front of Sentry that checks consent, scrubs by rules and forwards only what is clean.

The names here are the public Python contract; everything else may change.
"""

import secrets
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from relay.errors import EnvelopeError, RelayError, RuleError
from relay.jsonio import JsonError
from relay.rulefiles import how_to_test, read, shipped
from relay.scrub.hashing import HashKeys
from relay.scrub.remarks import Remark
from relay.scrub.results import ScrubResult
from relay.scrub.scrubber import Scrubber
from relay.scrub.verified import scrubber_of

__all__ = [
    "EnvelopeError",
    "JsonError",
    "RelayError",
    "Remark",
    "RuleError",
    "ScrubResult",
    "Scrubber",
    "__version__",
    "load_scrubber",
]

try:
    __version__ = version("scrub-relay")
except PackageNotFoundError:  # pragma: no cover - running from a tree that was never installed
    __version__ = "0.0.0"


def load_scrubber(*paths: str | Path, secret: bytes | None = None, verify: bool = True) -> Scrubber:
    """Load rules and return a scrubber.

    Args:
        paths: rule files and folders; none means the rules that ship with the package.
        secret: from which the keys for pseudonyms are made; None makes a new one, so that
            pseudonyms do not join with those of another run.
        verify: whether each rule must pass its own examples.

    Raises:
        RuleError: with all mistakes at once.
    """
    files = read(paths) if paths else shipped()
    keys = HashKeys(secret if secret is not None else secrets.token_bytes(32))
    return scrubber_of(files, keys, verify=verify, hint=how_to_test(paths))
