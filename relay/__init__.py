"""A relay in front of Sentry that checks consent, scrubs by rules and forwards only what is clean.

The names here are the public Python contract; everything else may change.
"""

import secrets
import shlex
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from relay.errors import EnvelopeError, RelayError, RuleError
from relay.jsonio import JsonError
from relay.rulefiles import read, shipped
from relay.rules.examples import as_mistakes, run_examples
from relay.rules.loading import RuleText, load_rules
from relay.scrub.hashing import HashKeys
from relay.scrub.remarks import Remark
from relay.scrub.scrubber import Scrubber, ScrubResult

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
    rules = load_rules(RuleText(file.name, file.file, file.text) for file in files)
    keys = HashKeys(secret if secret is not None else secrets.token_bytes(32))
    if verify:
        mistakes = as_mistakes(run_examples(rules, lambda some: Scrubber.from_rules(some, keys)))
        if mistakes:
            given = "".join(f" --rules {shlex.quote(str(path))}" for path in paths)
            hint = f"run `relay rules test{given}`"
            raise RuleError(tuple(replace(mistake, hint=hint) for mistake in mistakes))
    return Scrubber.from_rules(rules, keys)
