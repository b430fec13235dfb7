"""docs/configuration.md names every setting, and its example loads."""

import dataclasses
import re
from pathlib import Path

import pytest

from relay import config
from relay.config import parse
from relay.consent import ConsentPolicy
from relay.errors import ConfigError
from relay.protocol.limits import Limits

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text("utf-8")


def example() -> str:
    """Return the page's YAML."""
    found = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def names(*types: type) -> list[str]:
    """Return the field names of settings types, as the file spells them."""
    fields = [field.name for kind in types for field in dataclasses.fields(kind)]
    return sorted(
        {"id" if name == "project" else name for name in fields} - {"source", "places", "enabled"}
    )


def test_the_example_loads() -> None:
    """The example is a configuration without a mistake, and is not just the defaults."""
    settings = parse(example(), "configuration.md", {})
    assert ["5193825", "*"] == [project.project for project in settings.projects]
    assert ("coinjoinReport",) == settings.consent.flags


@pytest.mark.parametrize(
    "name",
    names(
        config.Settings, config.Listen, config.Tls, config.Admin, config.AdminToken,
        config.ProjectSettings, config.SpoolSettings, config.HashSettings,
        config.ClientReportSettings, config.ForwardSettings, config.ErrorSettings,
        config.ReloadSettings, config.UsageSettings, config.UsageApp, config.UsageStore,
        config.UsageBatch, config.UsageKeep,
        ConsentPolicy, Limits,
    ),
)  # fmt: skip
def test_every_setting_is_on_the_page(name: str) -> None:
    """Each key that can be set is named on the page."""
    assert re.search(rf"\b{name}\b", PAGE)


@pytest.mark.parametrize("line", re.findall(r"^(RELAY_\w+)=", PAGE, re.MULTILINE))
def test_every_variable_on_the_page_is_a_setting(line: str) -> None:
    """Each variable that the page shows is known (its value may be wrong here)."""
    with pytest.raises(ConfigError) as caught:
        parse(None, "(no file)", {line: "[", "RELAY_NO_SUCH": "1"})
    assert all(line not in str(m) or "unknown" not in m.message for m in caught.value.mistakes)
