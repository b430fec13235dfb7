"""What several tests of the running program start with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.running import Relay, Sentry, sentry_in_thread


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    """A relay that tests start and end as they like; none outlives its test."""
    relay = Relay(tmp_path / "relay")
    yield relay
    if relay.runs:
        relay.kill()


@pytest.fixture
def sentry() -> Iterator[Sentry]:
    """A small Sentry, for one test alone."""
    with sentry_in_thread() as sentry:
        yield sentry
