"""The pages that people read, and what stands in them: code, links, tables."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Block:
    """A fenced block of code."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@cache
def pages() -> dict[str, str]:
    """Every page by its path: all Markdown of the repository but what tests and tools bring."""
    found = [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "deploy").rglob("*.md"),
        *(ROOT / "rules").rglob("*.md"),
        ROOT / "tests" / "README.md",
    ]
    return {str(page.relative_to(ROOT)): page.read_text("utf-8") for page in sorted(found)}


def told() -> dict[str, str]:
    """Every page without its blocks of plain text, in which anything may stand."""
    fence = re.compile(r"^```text\n.*?^```$", re.MULTILINE | re.DOTALL)
    return {page: fence.sub("", text) for page, text in pages().items()}


def blocks(*languages: str) -> list[Block]:
    """The fenced blocks in these languages, on all pages."""
    found = []
    for page, text in pages().items():
        for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            if match[1] in languages:
                line = text.count("\n", 0, match.start()) + 1
                found.append(Block(page, line, match[1], match[2]))
    return found


def code() -> list[tuple[str, str]]:
    """Every piece of inline code and every line of a shell block, with its page."""
    found = []
    for page, text in pages().items():
        prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
        found += [(page, piece) for piece in re.findall(r"`([^`\n]+)`", prose)]
    for block in blocks("sh", ""):
        found += [(block.page, line) for line in block.text.replace("\\\n", " ").splitlines()]
    return found


def first_column(page: str, heading: str) -> list[str]:
    """The code in the first column of the table that has this first heading."""
    lines = pages()[page].splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    found = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        found += re.findall(r"`([^`]+)`", line.split(" | ")[0])
    return found
