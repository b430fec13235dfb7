"""A real Bugsink as upstream: a Sentry-compatible server, its database in a temporary folder."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.system.running import DEADLINE, until

CLIENTS = Path(__file__).parent / "clients"
SETTINGS = """
DATABASES["default"]["NAME"] = {folder!r} + "/db.sqlite3"
DATABASES["snappea"]["NAME"] = {folder!r} + "/snappea.sqlite3"
BUGSINK["INGEST_STORE_BASE_DIR"] = {folder!r} + "/ingestion"
BUGSINK["PHONEHOME"] = False
ALLOWED_HOSTS = ["*"]
"""
"""Laid over what `bugsink-create-conf` writes; its `local` template digests at once, in-process."""

_ISSUES = """
SELECT g.grouping_key, e.calculated_type, e.last_frame_function, e.last_frame_filename,
  e.last_frame_module, e.level, e.platform, e.issue_id, e.data
FROM events_event e JOIN issues_grouping g ON g.issue_id = e.issue_id
WHERE e.project_id = ? ORDER BY e.digest_order
"""


@dataclass(frozen=True)
class Arrived:
    """One event as Bugsink has filed it."""

    grouping_key: str
    type: str
    function: str
    filename: str
    module: str
    level: str
    platform: str
    issue: str
    data: dict[str, Any]

    @property
    def place(self) -> tuple[str, ...]:
        """Where Bugsink says that it happened; of the file only its name."""
        return (self.function, self.filename.rpartition("/")[2], self.module)


@dataclass(frozen=True)
class Bugsink:
    """Where it lives, and its projects: id and key by name."""

    folder: Path
    port: int
    projects: Mapping[str, tuple[int, str]]

    def number(self, name: str) -> str:
        return str(self.projects[name][0])

    def dsn(self, name: str) -> str:
        number, key = self.projects[name]
        return f"http://{key}@127.0.0.1:{self.port}/{number}"

    def events(self, name: str) -> list[Arrived]:
        """What a project has received, in the order of its arrival."""
        with closing(sqlite3.connect(self.folder / "db.sqlite3", timeout=DEADLINE)) as db:
            rows = db.execute(_ISSUES, (self.projects[name][0],)).fetchall()
        return [Arrived(*row[:-1], data=json.loads(row[-1])) for row in rows]

    def wait_for(self, name: str, number: int) -> list[Arrived]:
        """The same, as soon as there are so many."""
        until(lambda: len(self.events(name)) >= number, f"{number} events in Bugsink's {name}")
        return self.events(name)


@contextmanager
def running_bugsink(folder: Path, names: Sequence[str]) -> Iterator[Bugsink]:
    """Run Bugsink with so many projects inside a `with`."""
    scripts = Path(sys.executable).parent
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "bugsink_conf",
        "PYTHONPATH": str(folder),
    }
    configure = [scripts / "bugsink-create-conf", "--template=local"]
    subprocess.run(configure, cwd=folder, env=environment, check=True, capture_output=True)
    with (folder / "bugsink_conf.py").open("a") as conf:
        conf.write(SETTINGS.format(folder=str(folder)))
    made = subprocess.run(
        [sys.executable, CLIENTS / "bugsink_projects.py", *names],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
    )
    log = folder / "gunicorn.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [scripts / "gunicorn", "bugsink.wsgi", "--bind=127.0.0.1:0", "--workers=1"],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        found = until(
            lambda: re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", log.read_text()),
            "Bugsink to listen",
        )
        projects = {name: tuple(made) for name, made in json.loads(made.stdout).items()}
        yield Bugsink(folder, int(found[1]), projects)
    finally:
        server.terminate()
        server.wait(DEADLINE)
