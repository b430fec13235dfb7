"""What is loaded once, and what is said of it."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from relay.config import parse
from relay.metrics import Metrics
from relay.rulefiles import shipped_folder
from relay.server.loaded import Loaded, load, show, tell

FEW = f"rules: ['{shipped_folder() / 'network'}']\n"
"""For tests that ask nothing of the rules: all of them take a second to load."""


def test_the_secret_of_before_goes_on() -> None:
    """Where none is configured a reload keeps the secret that was made; one that is, counts."""
    first = load(parse(FEW, "r.yaml", {}))
    assert first.secret != load(parse(FEW, "r.yaml", {})).secret
    assert first.secret == load(parse(FEW, "r.yaml", {}), first.secret).secret
    configured = load(parse(FEW + "hash: {secret: 0123456789abcdef}", "r.yaml", {}), first.secret)
    assert b"0123456789abcdef" == configured.secret
    assert "0123456789abcdef" not in repr(configured)


def test_rules_that_are_left_out_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever names folders of rules has these alone; the log says how many that ship are not."""
    folder = tmp_path / "network"
    folder.mkdir()
    rule = shipped_folder() / "network" / "ip-address.yaml"
    (folder / rule.name).write_bytes(rule.read_bytes())
    with caplog.at_level(logging.INFO, "relay"):
        tell(load(parse(None, "r.yaml", {})))
        assert ["loaded"] == caplog.messages
        tell(load(parse(f"rules: ['{tmp_path}']", "r.yaml", {})))
    assert ["loaded", "loaded", "shipped_rules_left_out"] == caplog.messages
    assert caplog.records[-1].__dict__["count"] > 100


def test_the_bound_of_the_usage_spool_is_shown_where_there_is_one() -> None:
    """A relay that takes no usage events has none to fill."""
    shown = []
    for usage in ("{}", "{apps: [{name: suite}], spool: {max_bytes: 50MB}}"):
        metrics = Metrics()
        show(load(parse(f"{FEW}usage: {usage}", "r.yaml", {})), metrics)
        shown += [v for name, _, v in metrics.samples() if name == "relay_usage_spool_max_bytes"]
    assert [0, 50_000_000] == shown


@pytest.fixture(scope="module")
def taking() -> Loaded:
    """What is loaded where usage events are taken."""
    return load(parse(FEW + "usage: {apps: [{name: suite}]}", "r.yaml", {}))


def test_the_secret_of_usage_events_is_made_and_told(
    taking: Loaded, caplog: pytest.LogCaptureFixture
) -> None:
    """Where none is configured it goes on over a reload, and the log says that it ends one day."""
    assert (32, True) == (len(taking.usage_secret), taking.usage_secret != taking.secret)
    assert taking.usage_secret == taking.with_settings(taking.settings).usage_secret
    given = "usage: {apps: [{name: suite}], hash: {secret: 0123456789abcdef}}"
    configured = taking.with_settings(parse(given, "r.yaml", {}))
    assert b"0123456789abcdef" == configured.usage_secret
    assert "0123456789abcdef" not in repr(configured)
    with caplog.at_level(logging.INFO, "relay"):
        tell(taking)
        tell(configured)
    told = [one for one in caplog.messages if "rules" not in one]
    assert ["loaded", "usage_secret_made", "loaded"] == told


def test_the_allow_list_is_loaded_where_usage_events_are_taken(taking: Loaded) -> None:
    """Another list, or another secret, replaces the workers."""
    assert "suite-ready" in taking.catalogue.events
    assert 0 == len(taking.with_settings(parse(None, "r.yaml", {})).catalogue.events)
    assert taking.same_but_rules(taking.with_settings(taking.settings))
    other = replace(taking.catalogue, digest="other")
    assert not taking.same_but_rules(replace(taking, catalogue=other))
    assert not taking.same_but_rules(replace(taking, usage_secret=b"other"))
