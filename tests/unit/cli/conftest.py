"""What the tests of commands share."""

import pytest

from relay.cli import main


@pytest.fixture(autouse=True)
def _the_limit_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command forbids core dumps for good; here that would be for all tests that come after."""
    monkeypatch.setattr(main, "forbid_core_dumps", lambda: None)
