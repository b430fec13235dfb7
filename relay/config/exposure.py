"""Files with secrets that everybody on the machine may read, or write.

Law of this file: it looks at modes and opens nothing; a warning names a setting, never a secret.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from typing import Final

from relay.config.environment import variables
from relay.config.settings import Settings

_NAMES: Final = (
    r"RELAY_(HASH__SECRET|ERRORS__DSN|PROJECTS__\d+__UPSTREAM|SPOOL__SERVERS__\d+"
    r"|ADMIN__TOKENS__\d+__SHA256|USAGE__HASH__SECRET"
    r"|USAGE__STORE__(ACCESS_KEY_ID|SECRET_ACCESS_KEY))"
)
_OTHERS: Final = ((stat.S_IROTH, "read"), (stat.S_IWOTH, "written"))


def exposed_secrets(settings: Settings, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return a warning for each file with a secret that everybody may read or write."""
    return tuple(
        f"{name}: the file can be {does} by everybody on this machine"
        for name, path in _files(settings, environment)
        for does in _exposed(path)
    )


def _files(settings: Settings, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what names a file that holds a secret, and its path."""
    for base, variable in variables(environment).items():
        if variable != base and re.fullmatch(_NAMES, base):
            yield variable, environment[variable]
    if settings.hash.secret_file is not None:
        yield "hash.secret_file", settings.hash.secret_file
    if settings.usage.hash.secret_file is not None:
        yield "usage.hash.secret_file", settings.usage.hash.secret_file
    if settings.listen.tls is not None:
        yield "listen.tls.key", settings.listen.tls.key
    if settings.spool.credentials_file is not None:
        yield "spool.credentials_file", settings.spool.credentials_file
    source = settings.source
    inside = {path for path, (file, _) in settings.places.items() if file == source}
    for secret in ("hash.secret", "usage.hash.secret", "usage.store.secret_access_key"):
        if source and secret in inside:
            yield f"{source} (it has {secret})", source
    if source and "spool.servers" in inside and any("@" in one for one in settings.spool.servers):
        yield f"{source} (it has a password in spool.servers)", source


def _exposed(path: str) -> Iterator[str]:
    """Yield what everybody may do with a file."""
    if os.name == "nt":
        return
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - a name of the operator's
    except (OSError, ValueError):
        return
    yield from (does for bit, does in _OTHERS if mode & bit)
