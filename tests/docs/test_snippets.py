"""What the pages tell people to run does what the pages say, against a running relay."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Block, blocks, pages
from tests.system.running import Relay, until

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("snippets")]

NODE = ROOT / "tests" / "system" / "node"
HAS_NODE = shutil.which("node") is not None and (NODE / "node_modules" / "@sentry").is_dir()
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """A relay as `make run` starts it, but on free ports."""
    made = Relay(
        tmp_path_factory.mktemp("relay"), RELAY_LISTEN__PORT="0", RELAY_ADMIN__PORT="0"
    )  # fmt: skip
    with made.running():
        yield made


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def arrived(relay: Relay) -> set[Path]:
    return set((relay.folder / "inbox").glob("*-event.json"))


def with_port(text: str, relay: Relay) -> str:
    assert ":3000" in text
    return text.replace(":3000", f":{relay.port}")


def clients(language: str) -> list[Block]:
    """The programs on pages that send something."""
    return [block for block in blocks(language) if ":3000" in block.text]


@pytest.mark.parametrize("block", clients("python"), ids=str)
def test_a_python_client(block: Block, relay: Relay, tmp_path: Path) -> None:
    """The program's event passes and arrives."""
    before = arrived(relay)
    program = tmp_path / "crash.py"
    program.write_text(with_port(block.text, relay))
    done = run([sys.executable, str(program)], tmp_path)
    assert "SyntaxError" not in done.stderr
    until(lambda: arrived(relay) - before, f"an event of {block}: {done.stderr}")


@pytest.mark.node
@pytest.mark.skipif(not HAS_NODE, reason="node or its packages are not here")
@pytest.mark.parametrize("block", clients("js"), ids=str)
def test_a_node_client(block: Block, relay: Relay) -> None:
    """The program's event passes and arrives."""
    before = arrived(relay)
    text = with_port(block.text, relay)
    done = run(["node", "--input-type=module", "--eval", text], NODE)
    assert (0, "") == (done.returncode, done.stderr)
    until(lambda: arrived(relay) - before, f"an event of {block}")


def readme_program() -> str:
    """The program of the README's first five minutes."""
    return next(block.text for block in clients("python") if block.page == "README.md")


def test_the_readme_says_what_comes_out(relay: Relay, tmp_path: Path) -> None:
    """The event of the first five minutes has become what the README says."""
    before = arrived(relay)
    (tmp_path / "crash.py").write_text(with_port(readme_program(), relay))
    run([sys.executable, "crash.py"], tmp_path)
    (path,) = until(lambda: arrived(relay) - before, "the event to arrive")
    event = json.loads(path.read_text())
    value = event["exception"]["values"][0]["value"]
    assert value.endswith("No such file or directory: '/home/[user]/wallet.dat'")
    assert value[value.index("No such") :] in pages()["README.md"]
    assert ["id"] == list(event["user"])
    assert event["user"]["id"].startswith("hash:")
    assert "alice" not in path.read_text()
    assert event["_meta"]["exception"]


def test_the_readme_without_consent(relay: Relay, tmp_path: Path) -> None:
    """Without the line with the tag the inbox stays as it is, and the refusal is counted."""
    before, refused = arrived(relay), relay.count("relay_consent_total")["missing",]
    program = re.sub(r"^sentry_sdk.set_tag.*\n", "", readme_program(), flags=re.MULTILINE)
    assert program != readme_program()
    (tmp_path / "crash.py").write_text(with_port(program, relay))
    run([sys.executable, "crash.py"], tmp_path)
    assert relay.count("relay_consent_total")["missing",] > refused
    relay.drain()
    assert before == arrived(relay)


def test_the_readme_shows_the_greeting(relay: Relay) -> None:
    """The README shows what the relay prints at start."""
    readme = pages()["README.md"]
    greeting = relay.errors().replace(f":{relay.port}/", ":3000/").splitlines()
    lines = [line for line in greeting if line.startswith("  ") and "metrics" not in line]
    assert [] == [
        line for line in lines if line.strip() not in readme and "stop with" not in line
    ]  # fmt: skip


def calls_of_curl(port: str) -> list[Block]:
    """The calls of curl to a port, but for those of the guide, which is followed as a whole."""
    shells = [b for b in blocks("sh") if b.page != "docs/first-rule.md"]
    return [b for b in shells if b.text.startswith("curl") and port in b.text]


def test_curl(relay: Relay, tmp_path: Path) -> None:
    """The call of curl is answered with an id, and without its header as the page says."""
    (block,) = calls_of_curl(":3000")
    call = with_port(block.text, relay)
    done = run(["bash", "-c", call], tmp_path)
    assert ["id"] == list(json.loads(done.stdout))
    without = "\n".join(line for line in call.splitlines() if "Consent" not in line)
    assert run(["bash", "-c", without], tmp_path).stdout in pages()[block.page]


@pytest.mark.parametrize("block", calls_of_curl(":3001"), ids=str)
def test_curl_asks_the_admin_port(block: Block, relay: Relay, tmp_path: Path) -> None:
    """What a page asks the admin port is answered, and no mistake is told."""
    done = run(["bash", "-c", block.text.replace(":3001", f":{relay.admin_port}")], tmp_path)
    answer = json.loads(done.stdout)
    assert (True, False) == (bool(answer), isinstance(answer, dict) and "detail" in answer)


def programs() -> list[Block]:
    """The others; but for those with pandas, which is not installed: their page's test has them."""
    others = [block for block in blocks("python") if block not in clients("python")]
    return [block for block in others if "import pandas" not in block.text]


@pytest.mark.parametrize("block", programs(), ids=str)
def test_a_python_program(block: Block, tmp_path: Path) -> None:
    """A program that uses the library ends well."""
    assert (0, "") == (
        (done := run([sys.executable, "-c", block.text], tmp_path)).returncode,
        done.stderr,
    )


def rule_of(page: str) -> str:
    return next(b.text for b in blocks("yaml") if b.page == page and b.text.startswith("id:"))


SHOWN = {
    "rules test": " 0 failed\n",
    "rules lint": "1 rules, 0 errors, 0 warnings, 0 notes\n",
    "rules bench": ", 0 dropped\n",
    "scrub": "[ticket]",
}


@pytest.mark.parametrize("page", ["README.md", "docs/rules.md"])
def test_the_first_rule(page: str, tmp_path: Path) -> None:
    """The page's first rule, saved where it says, passes with the command that it says."""
    text = rule_of(page)
    name = text.partition("\n")[0].removeprefix("id: ")
    assert f"my-rules/{name}.yaml" in pages()[page]
    rule = tmp_path / "my-rules" / f"{name}.yaml"
    rule.parent.mkdir(parents=True)
    rule.write_text(text)
    (tmp_path / "rules").symlink_to(ROOT / "rules")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(BIN)
    calls = [b.text for b in blocks("sh") if b.page == page and "my-rules" in b.text]
    assert calls
    for call in calls:
        done = run(["bash", "-c", call], tmp_path)
        assert (0, "") == (done.returncode, done.stderr)
        (shown,) = [text for command, text in SHOWN.items() if f"relay {command} " in call]
        assert shown in done.stdout


def test_the_mistake_that_is_shown(tmp_path: Path) -> None:
    """A mistyped key is reported as the page about rules shows."""
    rule = tmp_path / "my-rules" / "support" / "ticket.yaml"
    rule.parent.mkdir(parents=True)
    rule.write_text(rule_of("docs/rules.md").replace("pattern:", "patern:"))
    done = run([str(BIN / "relay"), "rules", "test", "--rules", "my-rules"], tmp_path)
    assert done.stderr.splitlines()[0] in pages()["docs/rules.md"]


def test_the_failure_that_is_shown(tmp_path: Path) -> None:
    """An example that fails is reported as the page about rules shows."""
    rule = tmp_path / "my-rules" / "support" / "ticket.yaml"
    rule.parent.mkdir(parents=True)
    rule.write_text(rule_of("docs/rules.md").replace("{5}", "{4}"))
    done = run([str(BIN / "relay"), "rules", "test", "--rules", "my-rules"], tmp_path)
    shown = "\n".join(done.stderr.splitlines()[:3])
    assert f"```text\n{shown}\n```" in pages()["docs/rules.md"]


def test_the_text_that_is_scrubbed(tmp_path: Path) -> None:
    """The README's text comes out as it shows."""
    (block,) = [b for b in blocks("sh") if b.page == "README.md" and "relay scrub" in b.text]
    done = run(["bash", "-c", block.text.replace(".venv/bin", str(BIN))], tmp_path)
    assert f"```text\n{done.stdout}```" in pages()["README.md"]


@pytest.mark.parametrize("columns", [pytest.param("80", marks=pytest.mark.long), "140"])
def test_the_demo(columns: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The demo shows the refusal and the clean event, fits the terminal, and leaves nothing."""
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    done = run([sys.executable, str(ROOT / "deploy" / "demo" / "demo.py")], tmp_path)
    assert (0, "") == (done.returncode, done.stderr)
    assert {"403", "200", "[address]", "[mnemonic]", "none"} <= set(
        re.findall(r"[\w\[\]]+", done.stdout)
    )
    assert max(map(len, done.stdout.splitlines())) <= int(columns)
    assert [] == list(tmp_path.iterdir())
