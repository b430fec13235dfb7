"""docs/usage-analysis.md: its commands and queries, run as they stand, give what the page says."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from relay.cli.main import main
from relay.usage.dictionary import told
from relay.usage.export_columns import BY_VALUE, FIXED
from tests.docs.pages import ROOT, blocks, pages
from tests.usage_sets import put, record, sets

NAME = "docs/usage-analysis.md"
PAGE = pages()[NAME]
PICTURE = ROOT / "docs" / "pictures" / "usage-languages.svg"
LANGUAGES = {"en": 423, "cs": 131, "de": 88, "es": 57, "fr": 40, "pt-BR": 21, "ja": 12, "eo": 3}
ATHENA = {"VARCHAR": "string", "BIGINT": "bigint"}


def shell(start: str) -> str:
    """The line of a shell block that starts so."""
    lines = [line for b in blocks("sh") if b.page == NAME for line in b.text.splitlines()]
    (found,) = [line for line in lines if line.startswith(start)]
    return found


def queries(part: str) -> list[str]:
    """The blocks of SQL in which something stands."""
    return [b.text for b in blocks("sql") if b.page == NAME and part in b.text]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sets of a day, made as the page says of events that are made up."""
    made = tmp_path_factory.mktemp("analysis")
    lines = [
        record(
            f"{language} {nth}",
            "suite-ready",
            attributes={"language": language, "theme": "dark" if nth % 3 else "light"},
        )
        for language, count in LANGUAGES.items()
        for nth in range(count)
    ]
    put(made / "usage-data", lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        assert 0 == main(shell("relay usage export").split()[1:])
    shutil.copytree(ROOT / "docs" / "examples", made / "docs" / "examples")
    return made


def asked(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with pytest.MonkeyPatch.context() as patch, duckdb.connect() as connection:
        patch.chdir(folder)
        return connection.execute(query).fetchall()


def test_people_by_language(folder: Path) -> None:
    """The first query gives each language that ten people have, in steps of ten."""
    (query,) = queries("AS language")
    found = {language: people for _, language, people in asked(folder, query)}
    expected = {name: count - count % 10 for name, count in LANGUAGES.items() if count >= 10}
    assert expected == found


def test_two_columns(folder: Path) -> None:
    """The second one gives people by version and theme, each of them once."""
    (query,) = queries("theme, count")
    found = {theme: people for _, theme, people in asked(folder, query)}
    assert sum(LANGUAGES.values()) == sum(found.values())
    assert {"dark", "light"} == set(found)


def test_the_files_of_the_manifest(folder: Path) -> None:
    """The third one reads what the manifest names."""
    (query,) = queries("SET VARIABLE")
    assert [(sum(LANGUAGES.values()),)] == asked(folder, query)


def test_the_chart(folder: Path) -> None:
    """The picture on the page is what the example makes."""
    call = shell("python docs/examples").replace("python ", f"{sys.executable} ", 1)
    done = subprocess.run(
        ["bash", "-c", call], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (0, "") == (done.returncode, done.stderr)
    made = (folder / "languages.svg").read_text()
    assert PICTURE.read_text() == made
    assert f"(pictures/{PICTURE.name})" in PAGE


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere", "suite-ready", "language"], "relay usage export makes such"),
        (["s3://bucket/sets", "suite-ready", "language"], "is no folder"),
        (["usage-data/sets", "suite-ready", "nothing"], "no value of nothing in suite-ready"),
        ([], "SETS EVENT COLUMN"),
    ],
)
def test_no_chart(folder: Path, arguments: list[str], says: str) -> None:
    """Whoever has nothing to show is told why, in a line, and gets no empty picture."""
    call = [sys.executable, "docs/examples/usage_chart.py", *arguments]
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False)
    assert (1, "", 1) == (done.returncode, done.stdout, done.stderr.count("\n"))
    assert says in done.stderr


def test_what_is_there(folder: Path) -> None:
    """The tree on the page is that of the sets; decisions would be there if there were any."""
    there = {path.name for path in sets(folder / "usage-data").iterdir()}
    assert {
        "manifest.json",
        "dictionary.json",
        "dictionary.md",
        "suite-ready",
        "people_by_value",
    } == there
    assert [] == [name for name in there if name not in PAGE]


def test_columns() -> None:
    """The table names each column that every table has, in order, with its type."""
    table = PAGE.partition("| column | type | what |")[2].partition("\n\n")[0]
    found = [
        (name, kind)
        for names, kind in re.findall(r"^\| (`.*?) \| ([A-Z]+) \|", table, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", names)
    ]
    assert [(column.name, column.type) for column in FIXED] == found


def test_the_table_for_athena() -> None:
    """It has the columns of the set, in Athena's types."""
    (query,) = queries("EXTERNAL")
    found = re.findall(r"^  `(\w+)` (\w+)", query, re.MULTILINE)
    assert [(column.name, ATHENA[column.type]) for column in BY_VALUE] == found


def test_pandas() -> None:
    """The program can be read, and names columns that are there."""
    (program,) = [b.text for b in blocks("python") if b.page == NAME]
    compile(program, NAME, "exec")
    named = set(re.findall(r"counts\.(\w+)|\"\)\.(\w+)", program))
    assert {"event", "column", "people"} == {name for pair in named for name in pair if name}


def test_steps() -> None:
    """Counts are told as the page shows."""
    assert f"`{told(9, 10)}`, `{told(15, 10)}`, `{told(20, 10)}`" in PAGE
