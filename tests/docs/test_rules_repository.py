"""The files for a repository of rules do what their page says, in a real one."""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from relay.cli.main import main
from tests.docs.pages import ROOT, blocks, pages

PAGE = "docs/rules-repository.md"
BIN = Path(sys.executable).parent
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
FILES = [yaml.safe_load(block.text) for block in blocks("yaml") if block.page == PAGE]
BROKEN = ("see [ticket].", "see [tucket].")


def ticket() -> str:
    """The rule of the page about rules."""
    return next(b.text for b in blocks("yaml") if b.text.startswith("id: support/ticket"))


def steps() -> tuple[list[str], list[str]]:
    """What the two CI files run, but for the installation."""
    _, github, gitlab = FILES
    ran = [step["run"] for step in github["jobs"]["rules"]["steps"] if "run" in step]
    return ran[1:], gitlab["check"]["script"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A rules repository as the page draws it, with two of the rules that ship."""
    for name in ("network/mac-address", "people/email"):
        text = (ROOT / "rules" / f"{name}.yaml").read_text("utf-8")
        put(tmp_path / "rules" / f"{name}.yaml", text)
    put(tmp_path / "our-rules" / "support" / "ticket.yaml", ticket())
    schema = (ROOT / "docs" / "schema" / "rule.schema.json").read_text("utf-8")
    put(tmp_path / "rule.schema.json", schema)
    return tmp_path


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def break_rule(repository: Path) -> None:
    assert BROKEN[0] in ticket()
    put(repository / "our-rules" / "support" / "ticket.yaml", ticket().replace(*BROKEN))


def run(repository: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "HOME": str(repository),
        "PRE_COMMIT_HOME": str(repository / ".git" / "pre-commit"),
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    return subprocess.run(
        command,
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_manifest_is_one(repository: Path) -> None:
    """pre-commit itself takes the list of hooks, and the page's use of it."""
    assert 0 == run(repository, "pre-commit", "validate-manifest", str(MANIFEST)).returncode
    put(repository / "page.yaml", yaml.safe_dump(FILES[0]))
    assert 0 == run(repository, "pre-commit", "validate-config", "page.yaml").returncode


def local(config: Any) -> str:
    """The page's configuration with the hooks of the manifest, run with what is installed here."""
    hooks = {hook["id"]: hook for hook in yaml.safe_load(MANIFEST.read_text("utf-8"))}
    (repo,) = config["repos"]
    used = [{**hooks[hook["id"]], **hook, "language": "system"} for hook in repo["hooks"]]
    assert set(hooks) == {hook["id"] for hook in used}
    return yaml.safe_dump({"repos": [{"repo": "local", "hooks": used}]})


def test_the_hooks(repository: Path) -> None:
    """In a Git repository with the page's hooks a good rule passes, and a broken one is refused."""
    put(repository / ".pre-commit-config.yaml", local(FILES[0]))
    run(repository, "git", "init", "--quiet")
    run(repository, "git", "add", ".")
    good = run(repository, "pre-commit", "run")
    assert (0, 2) == (good.returncode, good.stdout.count("Passed")), good.stdout
    break_rule(repository)
    run(repository, "git", "add", ".")
    bad = run(repository, "pre-commit", "run", "relay-rules-test")
    assert 1 == bad.returncode
    assert "support/ticket: an example is not scrubbed as it should be" in bad.stdout


def test_ci(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both CI files run the same steps, which pass, and fail for a broken rule."""
    github, gitlab = steps()
    assert github == gitlab
    test, lint, schema = github
    monkeypatch.chdir(repository)
    assert [0, 0] == [main(shlex.split(step)[1:]) for step in (test, lint)]
    capsys.readouterr()
    call, _, other = schema.partition(" | ")
    assert "diff rule.schema.json -" == other
    assert 0 == main(shlex.split(call)[1:])
    assert (repository / "rule.schema.json").read_text("utf-8") == capsys.readouterr().out
    break_rule(repository)
    assert 1 == main(shlex.split(test)[1:])


def test_the_tree_is_that_of_the_page(repository: Path) -> None:
    """What the tests above use stands in the tree that the page draws."""
    tree = pages()[PAGE].partition("```text\n")[2].partition("```")[0]
    names = {line.split()[0].rsplit("/", 1)[-1] or line.split()[0] for line in tree.splitlines()}
    assert {"rule.schema.json", "ticket.yaml", ".pre-commit-config.yaml"} <= names
    assert {path.name for path in repository.iterdir()} <= {
        line.split()[0].rstrip("/") for line in tree.splitlines()
    }
