"""What a configuration asks for and this version, or this machine, cannot do.

Law of this file: `relay config check` and `relay serve` ask the same function, so that the first is
never content with what the second refuses.
"""

import os
import ssl
import stat
from collections.abc import Callable
from importlib.util import find_spec

from relay.config.files import MAX_KEY, read_file
from relay.config.loading import NO_FILE, read_secret
from relay.config.model import Admin, Tls
from relay.config.onion import onion_mistakes
from relay.config.settings import Settings
from relay.errors import ConfigError, Mistake


def check_runnable(settings: Settings) -> None:
    """Look whether a relay can start with these settings; rules, ports and spool aside.

    Raises:
        ConfigError: with every mistake: several workers without a spool to share, certificate
            or key that do not load, one port for both, a listener for Tor that cannot be
            opened, a file with a secret that cannot be read, an admin port without a lock.
    """
    mistakes: list[Mistake] = []

    def wrong(path: str, message: str, hint: str = "") -> None:
        file, line = settings.places.get(path, (settings.source or NO_FILE, 1))
        mistakes.append(Mistake(file, line, f"{path}: {message}", hint))

    if settings.listen.workers > 1 and settings.spool.backend == "memory":
        wrong("listen.workers", "several workers need a spool that they share", "sqlite")
    if settings.listen.workers > 1 and not hasattr(os, "fork"):
        wrong("listen.workers", "several workers need a system that can fork", "write 1")
    if settings.spool.backend == "jetstream" and find_spec("nats") is None:
        wrong(
            "spool.backend", "needs what is not installed", "pip install 'scrub-relay[jetstream]'"
        )
    if settings.spool.credentials_file is not None and find_spec("nkeys") is None:
        wrong("spool.credentials_file", "needs what is not installed", "pip install nkeys")
    elif settings.spool.credentials_file is not None:
        message = _unreadable(settings.spool.credentials_file)
        if message:
            wrong("spool.credentials_file", message)
    if settings.errors.dsn is not None and find_spec("sentry_sdk") is None:
        wrong("errors.dsn", "needs what is not installed", "pip install 'scrub-relay[sentry]'")
    if settings.listen.tls is not None:
        for path, message in _tls(settings.listen.tls):
            wrong(path, message)
    listen, admin = settings.listen, settings.admin
    if admin.port == listen.port != 0 and admin.host == listen.host:
        given = "admin.port" if "admin.port" in settings.places else "listen.port"
        other = "listen.port" if given == "admin.port" else "admin.port"
        wrong(given, f"{admin.port} is {other} too, on the same host", "take another")
    for path, message, hint in onion_mistakes(settings):
        wrong(path, message, hint)
    bucket = settings.usage.enabled and not settings.usage.store.url.startswith("file:")
    if bucket and find_spec("obstore") is None:
        wrong("usage.store.url", "needs what is not installed", "pip install 'scrub-relay[usage]'")
    for place, hashing in (("", settings.hash), ("usage.", settings.usage.hash)):
        try:
            read_secret(hashing)
        except ConfigError as error:
            for mistake in error.mistakes:
                wrong(f"{place}{mistake.file}", mistake.message)
    _admin(admin, wrong)
    if mistakes:
        raise ConfigError(tuple(mistakes))


def _admin(admin: Admin, wrong: Callable[[str, str, str], None]) -> None:
    """Refuse an admin port that strangers may reach with no lock, and an audit log that is none."""
    if not (admin.local or admin.tokens or admin.open):
        given = "it listens beyond the loopback, and there are no tokens"
        wrong("admin.host", given, "set admin.tokens, or admin.open: [metrics] for numbers alone")
    if admin.audit is None:
        return
    try:
        # As the log opens it: a link is not followed.
        there = os.lstat(admin.audit)  # no `Path`: it may be no path at all
    except FileNotFoundError:
        folder = os.path.dirname(admin.audit) or "."  # noqa: PTH120
        if not os.access(folder, os.W_OK | os.X_OK):
            wrong("admin.audit", "it is not there, and cannot be made", "")
    except (OSError, ValueError):
        wrong("admin.audit", "it cannot be looked at", "")
    else:
        if not stat.S_ISREG(there.st_mode):
            wrong("admin.audit", "it is no regular file", "")
        elif not os.access(admin.audit, os.W_OK):
            wrong("admin.audit", "it cannot be written", "")


def _unreadable(file: str) -> str:
    """Return what keeps a file from being read; empty if nothing does."""
    try:
        read_file(file, MAX_KEY)
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    except ValueError:
        return "it is no path"
    return ""


def _tls(tls: Tls) -> list[tuple[str, str]]:
    """Return path and message of what keeps certificate and key from being used."""
    found: list[tuple[str, str]] = []
    for name, file in (("cert", tls.cert), ("key", tls.key)):
        message = _unreadable(file)
        if message:
            found.append((f"listen.tls.{name}", message))
    if not found:
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(tls.cert, tls.key)
        except ssl.SSLError:
            found.append(("listen.tls.cert", "certificate and key are not PEM, or do not belong"))
    return found
