"""Files that hold a secret or a key: read to their end, and never waited for.

Law of this file: behind all links it is a regular file, or it is a mistake. A pipe or a device
would hold up the start, or never end.
"""

import errno
import os
import stat
from typing import Final

MAX_KEY: Final = 1_048_576
"""Bytes of a file with a key or a chain of certificates."""


def read_file(path: str, most: int) -> bytes:
    """Return what stands in a regular file of at most so many bytes.

    Links are followed: Docker and Kubernetes mount secrets so.

    Raises:
        OSError: it cannot be read, is no regular file, or is larger; `strerror` says which.
        ValueError: it is no path.
    """
    # Opened without a wait for who writes into a pipe; what a terminal is does not become ours.
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        with open(number, "rb", closefd=False) as file:
            data = file.read(most + 1)
    finally:
        os.close(number)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most} bytes")
    return data
