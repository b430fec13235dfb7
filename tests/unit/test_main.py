"""`python -m relay`."""

import subprocess
import sys


def test_the_module_is_the_command() -> None:
    """`python -m relay` is the command, with its exit status: 2 for wrong use."""
    done = subprocess.run([sys.executable, "-m", "relay"], capture_output=True, check=False)
    assert (2, b"") == (done.returncode, done.stdout)
    assert b"usage: relay" in done.stderr
