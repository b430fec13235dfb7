"""The hook that makes a whole run fail when a promised test did not run and pass.

A whole run is one that selects nothing: no paths, no `-k`, no marks but those of the configuration.
What is taken out of it, by `--deselect` or `--ignore` too, is missing, and said. In a part of the
tests nothing is said. With xdist it lives in the controller, which gets every worker's reports.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from tests.promises.promised import Promise, lines, verdict, worse

_ENDED_EARLY = (
    pytest.ExitCode.INTERRUPTED,
    pytest.ExitCode.INTERNAL_ERROR,
    pytest.ExitCode.USAGE_ERROR,
)


class Ran:
    """A plugin of pytest: takes down how each test ended, and judges at the end."""

    def __init__(self, promises: Iterable[Promise]) -> None:
        """Set up, with what is promised."""
        self._promises = tuple(promises)
        self._outcomes: dict[str, str] = {}
        self._wrong: dict[str, dict[str, str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the end of a setup, call or teardown; an expected failure counts as skipped."""
        node = report.nodeid
        self._outcomes[node] = worse(self._outcomes.get(node), report.outcome)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a whole run in which a promise is not held."""
        if not is_whole(session.config) or session.exitstatus in _ENDED_EARLY:
            return
        if session.shouldfail or session.shouldstop:  # `-x`: it has failed already
            return
        found = {promise.id: verdict(promise, self._outcomes) for promise in self._promises}
        self._wrong = {name: tests for name, tests in found.items() if tests}
        if self._wrong:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which, and why."""
        if self._wrong:
            terminalreporter.section("promises")
            for line in lines(self._wrong, self._promises):
                terminalreporter.write_line(line)


def is_whole(config: pytest.Config) -> bool:
    """Whether a run selects nothing by path, keyword or mark, nor by what failed the last time."""
    option = config.option
    if option.collectonly or option.keyword or getattr(option, "lf", False):
        return False
    if getattr(option, "stepwise", False) or option.markexpr != _own_marks(config):
        return False
    wanted = {(config.rootpath / path).resolve() for path in config.getini("testpaths")}
    given = {Path(config.invocation_params.dir, path).resolve() for path in config.args}
    return given == wanted or config.args_source is pytest.Config.ArgsSource.TESTPATHS


def _own_marks(config: pytest.Config) -> str:
    """The mark expression of the configuration itself."""
    words: Sequence[str] = config.getini("addopts")
    found = [word for before, word in pairwise(words) if before == "-m"]
    return found[-1] if found else ""
