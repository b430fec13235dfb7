"""The schemas and the rule reference are up to date, and hold for all that the pages show."""

from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from relay import jsonio
from relay.config.schema import config_schema
from relay.rules.schema import rule_schema
from relay.usage.schema import events_schema
from relay.workbench.reference import reference
from relay.yamlio import load, plain
from tests.docs.pages import ROOT, Block, blocks, pages

SCHEMAS = {
    "rule": rule_schema(),
    "relay": config_schema(),
    "usage-events": events_schema(),
}
SETTINGS = set(SCHEMAS["relay"]["properties"])


def mistakes(kind: str, text: str) -> list[str]:
    root, unread = load(text, "page")
    found = Draft202012Validator(SCHEMAS[kind]).iter_errors(plain(root))
    return [*map(str, unread), *(f"{error.json_path}: {error.message}" for error in found)]


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_up_to_date(name: str) -> None:
    """The file is what the command prints; `make docs` writes it."""
    text = (ROOT / "docs" / "schema" / f"{name}.schema.json").read_text("utf-8")
    assert jsonio.pretty(SCHEMAS[name]) + "\n" == text


def test_the_reference_is_up_to_date() -> None:
    """The page is what the code says; `make docs` writes it."""
    assert reference() == pages()["docs/rule-reference.md"]


def rules() -> list[Block]:
    return [block for block in blocks("yaml") if block.text.startswith("id:")]


def settings() -> list[Block]:
    """The blocks that are relay.yaml, or a part of it."""
    return [
        block
        for block in blocks("yaml")
        if isinstance(read := yaml.safe_load(block.text), dict) and set(read) <= SETTINGS
    ]


@pytest.mark.parametrize("block", [b for b in rules() if b.page != "rules/README.md"], ids=str)
def test_a_rule_on_a_page(block: Block) -> None:
    """Each rule that a page shows is valid."""
    assert [] == mistakes("rule", block.text)


@pytest.mark.parametrize("block", settings(), ids=str)
def test_settings_on_a_page(block: Block) -> None:
    """Each piece of configuration that a page shows is valid."""
    assert [] == mistakes("relay", block.text)


def events() -> list[Block]:
    """The blocks that are a file of the allow-list."""
    return [block for block in blocks("yaml") if block.text.startswith(("events:", "words:"))]


@pytest.mark.parametrize("block", events(), ids=str)
def test_an_allow_list_on_a_page(block: Block) -> None:
    """Each file of the allow-list that a page shows is valid."""
    assert [] == mistakes("usage-events", block.text)


def shipped() -> list[Path]:
    return [ROOT / "deploy" / "compose" / "cluster.yaml", *(ROOT / "deploy").rglob("relay.yaml")]


@pytest.mark.parametrize("file", shipped(), ids=lambda file: str(file.relative_to(ROOT)))
def test_a_configuration_that_ships(file: Path) -> None:
    """Each relay.yaml below deploy/ is valid."""
    assert [] == mistakes("relay", file.read_text("utf-8"))


def test_there_is_something_to_try() -> None:
    """The tests above have found rules and settings on many pages."""
    assert {"README.md", "docs/rules.md", "docs/import.md"} <= {b.page for b in rules()}
    assert {"docs/configuration.md", "docs/consent.md"} <= {b.page for b in settings()}


def test_an_editor_finds_the_schemas() -> None:
    """The editor's settings name schemas that are there, for files that are there."""
    settings = jsonio.loads((ROOT / ".vscode" / "settings.json").read_bytes())["yaml.schemas"]
    assert {f"docs/schema/{name}.schema.json" for name in SCHEMAS} == set(settings)
    assert [] == [schema for schema in settings if not (ROOT / schema).is_file()]
    globs = [glob for patterns in settings.values() for glob in patterns if "*" in glob]
    assert [] == [glob for glob in globs if not list(ROOT.glob(glob))]
