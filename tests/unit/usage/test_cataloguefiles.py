"""The allow-list that a configuration asks for."""

from pathlib import Path

import pytest

from relay.config import parse
from relay.errors import ConfigError, RuleError
from relay.usage.cataloguefiles import read_catalogue

EVENTS = "events: {menu/guide: {description: d, apps: [suite], examples: [{query: '', keeps: {}}]}}"
CONFIG = """\
usage:
  apps:
    - {name: suite, without_consent: [menu/guide]}
"""


def test_the_list_that_ships_by_default() -> None:
    """Without files of one's own, Suite's events are known."""
    catalogue = read_catalogue(parse("usage: {apps: [{name: suite}]}", "relay.yaml", {}))
    assert "settings/analytics" in catalogue.events


def test_own_files(tmp_path: Path) -> None:
    """Files and folders that are named take the place of what ships."""
    (tmp_path / "mine.yaml").write_text(EVENTS)
    config = f"{CONFIG}  events: ['{tmp_path}']\n"
    assert ["menu/guide"] == list(read_catalogue(parse(config, "relay.yaml", {})).events)


def test_missing_files_are_told(tmp_path: Path) -> None:
    """A path that is not there is a mistake, and so is a folder with nothing in it."""
    (tmp_path / "empty").mkdir()
    for name, wrong in (("absent", "no such file or folder"), ("empty", "no event files")):
        config = f"usage: {{apps: [{{name: suite}}], events: ['{tmp_path / name}']}}"
        with pytest.raises(RuleError, match=wrong):
            read_catalogue(parse(config, "relay.yaml", {}))


@pytest.mark.parametrize("app", ["suite", "connect"])
def test_types_without_consent_are_known(tmp_path: Path, app: str) -> None:
    """A type that the app cannot send is no exception: it is a slip."""
    (tmp_path / "mine.yaml").write_text(EVENTS)
    given = CONFIG.replace("suite", app).replace("[menu/guide]", "[menu/guide, menu/guid]")
    with pytest.raises(ConfigError) as caught:
        read_catalogue(parse(f"{given}  events: ['{tmp_path}']\n", "relay.yaml", {}))
    names = ["menu/guid"] if app == "suite" else ["menu/guid", "menu/guide"]
    assert [
        f"relay.yaml:3: usage.apps.0.without_consent: no type of events '{name}' "
        "(did you mean 'menu/guide'?)"
        for name in names
    ] == [str(mistake) for mistake in caught.value.mistakes]


@pytest.mark.parametrize("query", ["value", "analyticsPermission"])
def test_what_carries_consent_is_no_decision(tmp_path: Path, query: str) -> None:
    """Also where the list knows no such attribute."""
    (tmp_path / "mine.yaml").write_text(EVENTS)
    config = f"{CONFIG}  query: {query}\n  events: ['{tmp_path}']\n"
    with pytest.raises(ConfigError, match=f"usage.query: '{query}' is an attribute of events"):
        read_catalogue(parse(config, "relay.yaml", {}))


@pytest.mark.parametrize("query", ["value", "theme"])
def test_what_carries_consent_says_nothing_else(query: str) -> None:
    """An attribute that is true would be a yes, and a decision to opt out could not be read."""
    config = f"usage: {{apps: [{{name: suite}}],\n  query: {query}}}"
    with pytest.raises(ConfigError) as caught:
        read_catalogue(parse(config, "relay.yaml", {}))
    assert [f"relay.yaml:2: usage.query: '{query}' is an attribute of events"] == [
        str(mistake) for mistake in caught.value.mistakes
    ]
