"""The page docs/rule-reference.md, made of what the loader and the engine know (`make docs`)."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from relay.rules import described
from relay.rules.loading import LEAST_EXAMPLES
from relay.rules.schema import rule_schema
from relay.scrub.redact import KINDS
from relay.yamlio import MAX_DEPTH

_OPENING = """\
# Rule reference

Every word that a rule file may have. This page is generated (`make docs`). How rules are written:
[writing rules](rules.md); whole ones: [recipes](recipes.md); the same in your editor: the
[schema](rules-repository.md#in-the-editor)."""

_CLOSING = f"""\
One rule a file. Its name ends in `.yaml` or `.yml`; UTF-8, 1 MiB and {MAX_DEPTH} levels at most.
Unknown and duplicate keys, anchors, aliases, tags and a second document are mistakes. Plain `true`
and `false` are booleans, digits are numbers, and everything else is the text as written: `no`,
`on` and `017` are text."""


def reference() -> str:
    """Return the page, in Markdown."""
    return "\n\n".join(_parts()) + "\n"


def _parts() -> Iterator[str]:
    schema = rule_schema()
    inner = schema["properties"]
    yield _OPENING
    yield "## Keys"
    yield _keys(described.RULE, schema)
    yield "## match"
    yield "`pattern`, `key` or both; or `any` alone, which needs a `where`."
    yield _keys(described.MATCH, inner["match"])
    yield "## redact"
    yield _keys(described.REDACT, inner["redact"])
    yield "## examples"
    yield f"{LEAST_EXAMPLES} of each at least."
    yield _keys(described.EXAMPLES, inner["examples"])
    yield "One under `scrubs` has `in` and `out`, or `event` and `becomes`:"
    yield _table("key", "holds", rows=_coded({**described.SCRUBS_TEXT, **described.SCRUBS_EVENT}))
    yield "One under `leaves` is a text, or a map with `event` alone."
    yield "## Status"
    yield _table("status", "means", rows=_coded(described.STATUSES))
    yield "## Methods"
    yield "The remark is the letter that stands in `_meta`, beside the rule's id."
    methods = ((f"`{m}`", said, f"`{KINDS[m]}`") for m, said in described.METHODS.items())
    yield _table("method", "writes", "remark", rows=methods)
    yield "## Checks"
    yield (
        "A check may find something inside of what words are glued to, and narrows the redaction "
        "to it."
    )
    checks = dict(sorted(described.CHECKS.items()))
    yield _table("check", "accepts, in what the pattern matched", rows=_coded(checks))
    yield "## Types in selectors"
    yield (
        "A selector may begin with one, as `$error.value` does, or be one. `$error`, `$http`, "
        "`$text`, `$bool`,\n`$list`, `$stack`, `$client_sdk_info` and `$ourlog` are other names of "
        "`$exception`, `$request`, `$string`, `$boolean`,\n`$array`, `$stacktrace`, `$sdk` and "
        "`$log`. Their syntax: [selectors](rules.md#selectors)."
    )
    yield _table("type", "is", rows=((f"`${t}`", said) for t, said in described.TYPES.items()))
    yield "## Files"
    yield _CLOSING


def _keys(words: described.Words, schema: Mapping[str, Any]) -> str:
    needed = schema.get("required", [])
    rows = ((f"`{key}`", "yes" if key in needed else "", said) for key, said in words.items())
    return _table("key", "needed", "holds", rows=rows)


def _coded(words: Mapping[Any, str]) -> Iterator[tuple[str, str]]:
    return ((f"`{word}`", said) for word, said in words.items())


def _table(*head: str, rows: Iterable[tuple[str, ...]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(reference())
