"""Folder names: which part of a path is somebody's, and which every machine has.

Source: the layouts of Windows, macOS and Linux (Filesystem Hierarchy Standard 3.0).
"""

from relay.detectors.spans import NOTHING, Span

_SHARED = frozenset(
    (
        "public",
        "shared",
        "default",
        "all users",
        "default user",
        "guest",
        "home",
        "localhost",
        "root",
        "user",
        "username",
        "users",
    )
)
_PLACEHOLDERS = "[<{$%*"
_SYSTEM = frozenset(
    ("windows", "program files", "program files (x86)", "programdata", "users", "system32",
     "documents and settings", "recovery", "$recycle.bin", "perflogs", "temp", "tmp")
)  # fmt: skip
_PUNCTUATION = ".,;:!?)'\"`]}>"


def user_folder(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find a user's name in a path; shared names and placeholders such as `<user>` stay."""
    while end > start and text[end - 1] in _PUNCTUATION:
        end -= 1
    name = text[start:end]
    if not name or name[0] in _PLACEHOLDERS or name.lower() in _SHARED:
        return NOTHING
    return ((start, end),)


def drive_folders(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find the folders between a drive's letter and a file's name, unless the system made them."""
    folders = text[start:end]
    first = folders.replace("\\", "/").split("/", 1)[0].lower()
    if first in _SYSTEM or folders[:1] in _PLACEHOLDERS or "[user]" in folders:
        return NOTHING
    return ((start, end),)
