"""Live @sentry/browser, old and new, in one real Chromium, across origins; the relay lies between.

The parts of the pages under tests/system/browser between `begin` and `end` are those of
docs/clients.md.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.system.live import BROWSER, CHROMIUM, MODULES, NODE, End, end, has_package, run
from tests.system.live_expectations import LIVE

NEEDED = ("@sentry/browser", "sentry-browser-7", "esbuild", "playwright-core")
HERE = CHROMIUM is not None and all(map(has_package, NEEDED))
pytestmark = [
    pytest.mark.system,
    pytest.mark.node,
    pytest.mark.xdist_group("live_browser"),
    pytest.mark.skipif(not HERE, reason="chromium, node or its packages are not here"),
]

MAJORS = {"7": ["--alias:@sentry/browser=sentry-browser-7"], "11": []}
PAGES: dict[str, dict[str, Any]] = {
    "prefix": {},
    "tunnel": {"items": {"replay": "scrub"}},
    "header": {},
    "tag": {},
    "silent": {},
}
"""Pages by the way in which they say that the user agreed, and what their relay is told."""


@pytest.fixture(scope="module", params=[pytest.param("7", marks=pytest.mark.long), "11"])
def major(request: pytest.FixtureRequest) -> str:
    """The version of the SDK: the old one belongs to the long run."""
    return str(request.param)


@pytest.fixture(scope="module")
def ends(major: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, End]]:
    """A relay for each page, and one browser that has been to all of them."""
    folder = tmp_path_factory.mktemp("browser")
    with ExitStack() as stack:
        ends = {}
        for page, config in PAGES.items():
            ends[page] = stack.enter_context(end(folder / page, **config))
            bundle(folder, page, MAJORS[major], ends[page])
        setup = {
            "chromium": CHROMIUM,
            "folder": str(folder),
            "pages": list(ends),
            "modules": str(NODE),
        }
        run(["node", str(BROWSER / "drive.mjs")], setup)
        yield ends


def bundle(folder: Path, page: str, alias: list[str], of: End) -> None:
    """Write the page's program in one file, for its relay's port."""
    source = folder / f"{page}.mjs"
    source.write_text(of.here((BROWSER / f"{page}.mjs").read_text()))
    (folder / "behave.mjs").write_text((BROWSER / "behave.mjs").read_text())
    command = [str(MODULES / ".bin" / "esbuild"), str(source), "--bundle", "--log-level=error"]
    subprocess.run(
        [*command, *alias, f"--outfile={folder / f'{page}.js'}"],
        env={**os.environ, "NODE_PATH": str(MODULES)},
        check=True,
        timeout=60,
    )


@pytest.mark.parametrize("page", PAGES)
def test_every_kind_arrives_or_is_dropped_as_told(
    ends: dict[str, End], page: str, major: str
) -> None:
    """The kinds, and what became of each, are the ones that the table of live clients holds."""
    assert LIVE[f"@sentry/browser {major}, {page}"] == ends[page].outcomes()


@pytest.mark.parametrize("page", PAGES)
def test_nothing_planted_is_anywhere(ends: dict[str, End], page: str) -> None:
    """Not in what arrived, not in the spool, the output or the metrics."""
    assert [] == ends[page].leaks()


def test_recordings_arrive_only_where_they_are_asked_for(ends: dict[str, End]) -> None:
    """By default none does; with `replay: scrub` it can be opened, and has the page in it."""
    by_default = {item.kind for item in ends["prefix"].items()}
    assert {"replay_event"} == by_default & {"replay_event", "replay_recording"}
    recordings = [i for i in ends["tunnel"].items() if i.kind == "replay_recording"]
    assert recordings
    assert b'"tagName":"input"' in b"".join(item.text for item in recordings)


def test_without_consent_only_what_the_user_typed_arrives(ends: dict[str, End]) -> None:
    """A feedback is the user's own act; of all else nothing comes."""
    assert ["feedback"] == [item.kind for item in ends["silent"].items()]
