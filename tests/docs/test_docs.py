"""What the pages say exists, and what exists is on a page."""

import argparse
import re
import shlex
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.__main__ import build_parser as build_bench_parser
from relay import rulefiles
from relay.cli.main import build_parser
from relay.config import parse
from relay.detectors import CHECKS
from relay.health import Health
from relay.metrics import Metrics
from relay.outcomes import DESCRIPTIONS, Reason
from relay.protocol.item_kinds import KINDS
from relay.protocol.limits import Limits
from relay.rules.examples import run_examples
from relay.rules.loading import RuleText, load_rules
from relay.rules.model import Method, Status
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber
from relay.server.admin import build_admin_app
from relay.server.routes import ROUTES
from relay.spool.memory import MemorySpool
from tests.docs.pages import ROOT, Block, blocks, code, first_column, pages, told
from tests.fakes import FakeClock
from tests.fuzz.guided import build_parser as build_fuzz_parser
from tests.mutation.options import build_parser as build_mutation_parser
from tests.promises.__main__ import build_parser as build_promises_parser

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z]+):.*## ", MAKEFILE, re.MULTILINE))
OTHER_TOOLS = {
    "--build",
    "--upgrade",
    "--profile",
    "--volumes",
    "--data-binary",
    "--loadfile",
    "--dist",
    "--format",
}
"""Options of docker, curl, git and pytest that the pages name."""


# --- make ----------------------------------------------------------------------------------------


def test_make_targets() -> None:
    """Each target of the Makefile is on a page, and each on a page is in the Makefile."""
    named = {match[1] for _, piece in code() if (match := re.match(r"make ([a-z]+)\b", piece))}
    assert TARGETS == named


# --- the command line ----------------------------------------------------------------------------


def commands(parser: argparse.ArgumentParser, name: str = "relay") -> dict[str, set[str]]:
    """Every command with its options."""
    found: dict[str, set[str]] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, inner in action.choices.items():
                found |= commands(inner, f"{name} {word}")
    if not found:
        options = [o for a in parser._actions for o in a.option_strings if o.startswith("--")]
        found[name] = set(options) - {"--help"}
    return found


def test_commands_and_options() -> None:
    """The table of commands names each command with its options, and no other."""
    table = pages()["docs/operate.md"].partition("| command | does |")[2].partition("\n\n")[0]
    named = {
        re.findall(r"`([^`]+)`", line)[0]: set(re.findall(r"`(--[a-z][a-z-]*)", line))
        for line in table.splitlines()
        if "`" in line
    }
    assert commands(build_parser()) == named


def called() -> list[tuple[str, str]]:
    """Every call of the command on a page."""
    found = []
    for page, piece in code():
        call = re.search(r"(?:^|\.venv/bin/)(relay (?!is |has )[a-z-][^|&;]*)$", piece.strip())
        if call is not None:
            found.append((page, call[1]))
    return found


@pytest.mark.parametrize(("page", "call"), called())
def test_a_call_is_understood(page: str, call: str) -> None:
    """Each call that a page shows has commands and options that exist."""
    assert (page, 0) == (page, parsed(shlex.split(call)[1:]))


def parsed(arguments: list[str]) -> int | str | None:
    """The status that the parser ends with; 0 when it takes the arguments."""
    try:
        build_parser().parse_args(arguments)
    except SystemExit as end:
        return end.code
    return 0


def test_options_exist() -> None:
    """Each option that a page names is one of the command's, or of a tool beside it."""
    tools = commands(build_parser()) | commands(build_bench_parser(), "make bench")
    tools |= commands(build_promises_parser(), "make promises")
    tools |= commands(build_fuzz_parser(), "make fuzz")
    tools |= commands(build_mutation_parser(), "make mutants")
    known = set().union(*tools.values(), OTHER_TOOLS, {"--help", "--version"})
    named = {option for _, piece in code() for option in re.findall(r"(?<![\w-])--[a-z-]+", piece)}
    assert set() == named - known


# --- words ---------------------------------------------------------------------------------------


def test_reasons() -> None:
    """The table of reasons holds every reason, described as in the code."""
    text = pages()["docs/operate.md"]
    assert list(Reason) == first_column("docs/operate.md", "reason")
    assert [] == [r for r, said in DESCRIPTIONS.items() if f"| `{r}` | {said} |" not in text]


def test_checks() -> None:
    """The table of checks holds every check, in order of name."""
    assert sorted(CHECKS) == first_column("docs/rule-reference.md", "check")


def test_methods_and_states() -> None:
    """Every redaction and every status of a rule is on the page about rules."""
    assert set(Method) == set(first_column("docs/rules.md", "method"))
    text = pages()["docs/rules.md"]
    assert [] == [status for status in Status if f"`{status}`" not in text]


def test_item_kinds() -> None:
    """The page about the configuration names every kind of item, and no other."""
    section = pages()["docs/configuration.md"].partition("## Items\n")[2].partition("\n## ")[0]
    assert {*KINDS, "drop", "scrub"} == set(re.findall(r"`(\w+)`", section))


def test_limits() -> None:
    """The page about the configuration names every limit, and no other."""
    section = pages()["docs/configuration.md"].partition("## Limits\n")[2].partition("The")[0]
    assert sorted(Limits.__dataclass_fields__) == sorted(re.findall(r"`(\w+)`", section))


def test_metrics() -> None:
    """Each metric that a page names is in the register."""
    register = set(first_column("docs/metrics.md", "name"))
    named = {name for text in told().values() for name in re.findall(r"\brelay_[a-z_]+\b", text)}
    assert set() == named - register


# --- routes --------------------------------------------------------------------------------------


def test_routes() -> None:
    """The table of routes holds every route with its methods, and no other."""
    table = pages()["docs/operate.md"].partition("| route | methods | answers |")[2]
    rows = [line.split(" | ") for line in table.partition("\n\n")[0].splitlines() if "`" in line]
    named = {row[0].strip("| `"): set(row[1].replace(" ", "").split(",")) for row in rows}
    del named["/consented/…"]
    paths = {"/" + "/".join(route.path): route for route in ROUTES}
    ingest = {
        path.rstrip("/"): methods for path, methods in named.items() if path.rstrip("/") in paths
    }
    assert {path: {*route.methods, "OPTIONS"} for path, route in paths.items()} == ingest
    rules: Any = (SimpleNamespace(files=()), None)  # with none, their routes are left out
    app = build_admin_app(
        metrics=Metrics(), health=Health(), spool=MemorySpool(FakeClock()), rules=rules
    )
    admin = {resource.canonical.rstrip("/") for resource in app.router.resources()}
    assert admin == {path.rstrip("/") for path in named if path.rstrip("/") not in paths}


# --- links ---------------------------------------------------------------------------------------


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


def links() -> list[tuple[str, str]]:
    """Every relative link and picture, with its page."""
    return [
        (page, target)
        for page, text in told().items()
        for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", text))
        if not target.startswith(("http:", "https:"))
    ]


@pytest.mark.parametrize(("page", "link"), links())
def test_a_link_leads_somewhere(page: str, link: str) -> None:
    """Each relative link leads to a file or folder, and its anchor to a heading there."""
    path, _, anchor = link.partition("#")
    target = (ROOT / page).parent / path if path else ROOT / page
    assert target.exists()
    assert not anchor or anchor in anchors(target.read_text("utf-8"))


def test_every_page_can_be_found() -> None:
    """The index leads to every page, but for single decisions, which have their own."""
    index = {
        str(((ROOT / page).parent / link.partition("#")[0]).resolve().relative_to(ROOT))
        for page, link in links()
        if page in ("docs/README.md", "docs/adr/README.md")
    }
    assert set() == set(pages()) - index - {"docs/README.md"}


def test_pictures_need_nothing_from_elsewhere() -> None:
    """No picture loads a font, a style or a script."""
    for picture in (ROOT / "docs" / "pictures").glob("*.svg"):
        text = picture.read_text("utf-8").replace("http://www.w3.org/", "")
        assert [] == re.findall(r"https?://|<script|@import|@font-face", text)


# --- rules and configuration on pages ------------------------------------------------------------


SHIPPED = load_rules(rulefiles.shipped())


def rule_blocks() -> list[Block]:
    """The YAML blocks that are whole rules."""
    return [block for block in blocks("yaml") if block.text.startswith("id:")]


@pytest.mark.parametrize("block", [b for b in rule_blocks() if "…" not in b.text], ids=str)
def test_a_rule_on_a_page_passes(block: Block) -> None:
    """Each rule on a page loads, and passes its examples among the rules that ship."""
    (rule,) = load_rules([RuleText("page", str(block), block.text)])
    rules = (*SHIPPED, rule)
    keys = HashKeys(b"test" * 8)
    results = list(run_examples(rules, lambda some: Scrubber.from_rules(some, keys), {rule.id}))
    assert 4 <= len(results)
    assert [] == [(r.rule.id, r.problem, r.got) for r in results if not r.passed]


def setting_blocks() -> list[Block]:
    """The YAML blocks that are neither rules, nor of tools beside it, nor an allow-list."""
    return [
        block
        for block in blocks("yaml")
        if block not in rule_blocks()
        and block.page != "docs/rules-repository.md"
        and not block.text.startswith("events:")
    ]


@pytest.mark.parametrize("block", setting_blocks(), ids=str)
def test_a_configuration_on_a_page_loads(block: Block) -> None:
    """Each configuration on a page is one without a mistake."""
    assert parse(block.text, str(block), {}).projects


# --- make, as far as it can be tried without doing it ---------------------------------------------


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_a_target_is_well_formed(target: str) -> None:
    """There is a way to each target."""
    done: Any = subprocess.run(
        ["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (0, "") == (done.returncode, done.stderr)


def test_no_page_names_a_machine() -> None:
    """No page holds a path of somebody's machine."""
    text = "\n".join(pages().values())
    assert [] == re.findall(rf"{re.escape(str(Path.home()))}/|{re.escape(str(ROOT))}\b", text)
