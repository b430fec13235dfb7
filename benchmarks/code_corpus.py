"""Real source code as SDKs would send it: which files, and the events that carry their lines."""

import hashlib
import json
import re
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
NODE_MODULES: Final = ROOT / "tests" / "system" / "node" / "node_modules"
STANDARD_LIBRARY: Final = Path(sysconfig.get_path("stdlib"))
SITE_PACKAGES: Final = Path(sysconfig.get_path("purelib"))

_SCRIPTS: Final = (".js", ".mjs", ".cjs")
_BUNDLE_LINE: Final = 200
"""Characters a line, on average, from which a script counts as minified."""
_AROUND: Final = 5
"""Lines before and after the one that failed, as SDKs send them."""
_SNIP: Final = 140
"""Characters that SDKs leave of a long line."""
_CHUNK: Final = 4_000
_EVENT: Final = 100_000
_FUNCTION: Final = re.compile(r"\b(?:def|class|function\*?)\s+([A-Za-z_$][\w$]*)")


def corpora() -> dict[str, list[Path]]:
    """Return the files of each corpus, in a fixed order; the same text in two files counts once."""
    python = [p for p in sorted(STANDARD_LIBRARY.rglob("*.py")) if "site-packages" not in p.parts]
    python += sorted(SITE_PACKAGES.rglob("*.py"))
    scripts = [p for p in sorted(NODE_MODULES.rglob("*")) if p.suffix in _SCRIPTS]
    scripts += [p for p in sorted(SITE_PACKAGES.rglob("*")) if p.suffix in _SCRIPTS]
    found: dict[str, list[Path]] = {"python": [], "javascript": [], "bundles": []}
    seen: set[bytes] = set()
    for path in (*python, *scripts):
        if not path.is_file():
            continue
        data = path.read_bytes()
        digest = hashlib.sha256(data).digest()
        if digest in seen or not data:
            continue
        seen.add(digest)
        kind = "python"
        if path.suffix != ".py":
            minified = len(data) > _BUNDLE_LINE * (data.count(b"\n") + 1)
            kind = "bundles" if minified else "javascript"
        found[kind].append(path)
    return found


def shown(path: Path) -> str:
    """Return a path as reports show it: below the folder of packages or the library it is in."""
    for base in (SITE_PACKAGES, NODE_MODULES, STANDARD_LIBRARY, ROOT):
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return path.name


def events_of(path: Path) -> Iterator[bytes]:
    """Yield events that carry a file whole: once as lines of frames, once as chunks of text."""
    text = path.read_text(encoding="utf-8", errors="replace")
    name = shown(path)
    lines = [_snipped(line) for line in text.splitlines()]
    flat = [piece for pieces in lines for piece in pieces]
    frames = [_frame(name, flat, at) for at in range(0, len(flat), 2 * _AROUND + 1)]
    for start in range(0, len(frames), 100):
        yield _dump({"exception": {"values": [_exception(frames[start : start + 100])]}})
    for start in range(0, len(text), _EVENT):
        part = text[start : start + _EVENT]
        chunks = [part[at : at + _CHUNK] for at in range(0, len(part), _CHUNK)]
        yield _dump({"breadcrumbs": [{"message": chunk} for chunk in chunks]})


def _dump(event: dict[str, Any]) -> bytes:
    return json.dumps(event).encode()


def _snipped(line: str) -> list[str]:
    """Cut a long line into pieces as SDKs cut one out of it; a short one stays as it is."""
    if len(line) <= 2 * _SNIP:
        return [line]
    pieces = [line[at : at + _SNIP] for at in range(0, len(line), _SNIP)]
    last = len(pieces) - 1
    return [
        ("{snip} " if n else "") + piece + (" {snip}" if n < last else "")
        for n, piece in enumerate(pieces)
    ]


def _frame(name: str, lines: list[str], at: int) -> dict[str, Any]:
    """Return a frame whose lines are these eleven; each line of a file is in one frame."""
    around = lines[at : at + 2 * _AROUND + 1]
    middle = min(_AROUND, len(around) - 1)
    function = next((f for line in around for f in _FUNCTION.findall(line)), "<module>")
    return {
        "filename": name,
        "abs_path": f"app:///{name}",
        "module": name.rpartition(".")[0].replace("/", "."),
        "function": function,
        "lineno": at + middle + 1,
        "colno": 1 + at % 80,
        "pre_context": around[:middle],
        "context_line": around[middle],
        "post_context": around[middle + 1 :],
    }


def _exception(frames: list[dict[str, Any]]) -> dict[str, Any]:
    """Return an exception with these frames, and the same as a stack trace in its message."""
    python = frames[0]["filename"].endswith(".py")
    trace = [
        f'  File "{f["filename"]}", line {f["lineno"]}, in {f["function"]}\n    {f["context_line"]}'
        if python
        else f"    at {f['function']} ({f['abs_path']}:{f['lineno']}:{f['colno']})"
        for f in frames
    ]
    head = "Traceback (most recent call last):" if python else "Error: failed"
    return {
        "type": "Error",
        "value": "\n".join([head, *trace]),
        "stacktrace": {"frames": frames},
    }
