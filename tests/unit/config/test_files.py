"""Files with a secret: what is read, what is refused, and that nothing is waited for."""

import errno
import os
import re
from pathlib import Path

import pytest

from relay.config.files import read_file

FILES = Path("/proc/self/fd")
DEVICES = [path for path in ("/dev/zero", "/dev/null", "/dev/tty") if Path(path).exists()]


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    """As many bytes as it may have, behind links too."""
    file = tmp_path / "file"
    file.write_bytes(b"secret")
    (tmp_path / "link").symlink_to("file")
    assert (b"secret", b"secret") == (read_file(str(file), 6), read_file(str(tmp_path / "link"), 7))


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    """No more of it is read than it may have, whatever it says of its size."""
    file = tmp_path / "file"
    with file.open("wb") as sparse:
        sparse.truncate(1 << 40)
    for path in (str(file), "/proc/self/status"):
        with pytest.raises(OSError, match="it is larger than 5 bytes") as caught:
            read_file(path, 5)
        assert errno.EFBIG == caught.value.errno


@pytest.mark.parametrize("path", [*DEVICES, "pipe", "."])
def test_what_is_no_file(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe without a writer, a device, a folder: told at once."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    (tmp_path / "link").symlink_to(path)
    for name in (path, "link"):
        # There may be no terminal.
        with pytest.raises(OSError, match=r"it is no regular file|No such device"):
            read_file(name, 100)


def test_a_pipe_that_somebody_writes_into(tmp_path: Path) -> None:
    """It is none of ours, though it could be read; nothing is left open."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    both = os.open(pipe, os.O_RDWR)
    before = len([*FILES.iterdir()])
    os.write(both, b"secret")
    with pytest.raises(OSError, match=re.escape("it is no regular file")):
        read_file(str(pipe), 100)
    assert before == len([*FILES.iterdir()])
    os.close(both)


def test_what_is_no_path() -> None:
    """As the system's own calls say it."""
    with pytest.raises(ValueError, match="null"):
        read_file("a\0", 100)
