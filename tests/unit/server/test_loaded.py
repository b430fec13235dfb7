"""What is loaded once, and what is said of it."""

import logging
from pathlib import Path

import pytest

from relay.config import parse
from relay.metrics import Metrics
from relay.rulefiles import shipped_folder
from relay.server.loaded import load, show, tell


def test_the_secret_of_before_goes_on() -> None:
    """Where none is configured a reload keeps the secret that was made; one that is, counts."""
    first = load(parse(None, "r.yaml", {}))
    assert first.secret != load(parse(None, "r.yaml", {})).secret
    assert first.secret == load(parse(None, "r.yaml", {}), first.secret).secret
    configured = load(parse("hash: {secret: 0123456789abcdef}", "r.yaml", {}), first.secret)
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
    for usage in ("{}", "{apps: [{name: suite}], spool: {max_bytes: 5MB}}"):
        metrics = Metrics()
        show(load(parse(f"usage: {usage}", "r.yaml", {})), metrics)
        shown += [v for name, _, v in metrics.samples() if name == "relay_usage_spool_max_bytes"]
    assert [0, 5_000_000] == shown
