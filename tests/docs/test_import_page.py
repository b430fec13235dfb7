"""The page about importing: its example, run as it says, gives what it says."""

import subprocess
import sys
from pathlib import Path

from tests.docs.pages import blocks, pages

PAGE = "docs/import.md"
BIN = Path(sys.executable).parent


def test_the_example(tmp_path: Path) -> None:
    """Each command prints what stands below it, and the file that is shown is the one written."""
    (document,) = [b.text for b in blocks("json") if b.page == PAGE]
    (rule,) = [b.text for b in blocks("yaml") if b.page == PAGE]
    (tmp_path / "pii-config.json").write_text(document)
    shown = [b.text for b in blocks("text") if b.page == PAGE]
    for call, expected in zip([b.text for b in blocks("sh") if b.page == PAGE], shown, strict=True):
        done = subprocess.run(
            ["bash", "-c", call.replace(".venv/bin", str(BIN))],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert expected == done.stderr + done.stdout
        assert 1 == done.returncode
    assert rule == (tmp_path / "my-rules" / "sentry" / "order.yaml").read_text()
    assert 7 == len(list((tmp_path / "my-rules" / "sentry").iterdir()))
    assert "seven files" in pages()[PAGE]
