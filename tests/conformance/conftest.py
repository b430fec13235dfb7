"""The relay under test: ours, started for the session, or the one that the environment names."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import target as under_test
from tests.conformance.target import KEY, PROJECT, UPSTREAM_KEY, UPSTREAM_PORT, Target
from tests.conformance.upstream import Upstream, listening
from tests.system.running import project, running

DISCARDING, MINIMAL, COINJOIN = "2", "3", "4"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "rows(*ids): the rows of the protocol that a test shows")
    config.addinivalue_line("markers", "ours: shows our policy, which another relay may not have")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them: what another relay is not asked for, and who shares a relay."""
    for item in items:
        if item.get_closest_marker("rows") is None:
            continue
        item.add_marker(pytest.mark.system)
        item.add_marker(pytest.mark.xdist_group("conformance"))
        if item.get_closest_marker("ours") is not None and not under_test.OURS:
            item.add_marker(pytest.mark.skip(reason="our policy"))


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The relay under test, and the upstream behind it."""
    with listening(UPSTREAM_PORT) as upstream:
        if under_test.OTHER:
            other = Target(under_test.port_of(under_test.OTHER), upstream)
            yield other
            other.client.close()
            return
        folder = tmp_path_factory.mktemp("conformance") / "relay"
        projects = {
            PROJECT: {},
            DISCARDING: {"consent": {"answer": 200}},
            MINIMAL: {"consent": {"missing": "minimal"}},
            COINJOIN: {"consent": {"flags": ["coinjoinReport"]}},
        }
        with ours(folder, upstream, projects) as own:
            yield own


@contextmanager
def ours(
    folder: Path, upstream: Upstream, projects: Mapping[str, Mapping[str, Any]], **config: Any
) -> Iterator[Target]:
    """Run our relay with these projects inside a `with`."""
    dsn = f"http://{UPSTREAM_KEY}@127.0.0.1:{upstream.port}"
    entries = [project(f"{dsn}/{id_}", id=id_, key=KEY, **more) for id_, more in projects.items()]
    with running(folder, {"projects": entries, **config}) as own:
        target = Target(own.port, upstream, own)
        yield target
        target.client.close()
