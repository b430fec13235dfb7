"""From a file, the environment and the command line to `Settings`, or to every mistake at once.

Law of this file: the order in which they are laid over each other stands here and nowhere else:
defaults, file, environment, command line.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from relay.config import model, sections
from relay.config.admin_section import admin
from relay.config.environment import CONFIG_VARIABLE, MAX_VALUE, overlay, put
from relay.config.files import read_file
from relay.config.project_section import projects
from relay.config.reader import Origins, Section
from relay.config.settings import Settings
from relay.config.usage_section import usage
from relay.consent import ConsentPolicy
from relay.errors import ConfigError, Mistake
from relay.protocol.limits import Limits
from relay.yamlio import Node, load, scalar, type_name

DEFAULT_FILE: Final = "relay.yaml"
MAX_BYTES: Final = 1_048_576
NO_FILE: Final = "(no file)"
SECRET_FILE: Final = "hash.secret_file"  # noqa: S105 - the name of a setting
"""What is named where that file cannot be used: somebody may have put the secret in its place."""

_KEYS: Final = (
    "listen", "admin", "projects", "rules", "consent", "items", "limits", "spool", "forward",
    "hash", "client_reports", "errors", "usage", "reload",
)  # fmt: skip


def load_settings(
    path: str | None,
    environment: Mapping[str, str],
    *,
    host: str | None = None,
    port: int | None = None,
    workers: int | None = None,
) -> Settings:
    """Load the configuration.

    Args:
        path: the file; None for `RELAY_CONFIG`, else ./relay.yaml, else no file at all.
        environment: the process's environment.
        host: from the command line, over everything else; so are `port` and `workers`.
        port: of the ingest port; 0 takes a free one.
        workers: processes.

    Raises:
        ConfigError: with every mistake.
    """
    path = path or environment.get(CONFIG_VARIABLE) or None
    if path is None and Path(DEFAULT_FILE).is_file():
        path = DEFAULT_FILE
    text = _read(path) if path is not None else None
    given = {"host": host, "port": port, "workers": workers}
    return parse(text, path or NO_FILE, environment, given)


def parse(
    text: str | None,
    file: str,
    environment: Mapping[str, str],
    listen: Mapping[str, str | int | None] | None = None,
) -> Settings:
    """Make settings of a file's text (None: there is no file) and what is laid over it.

    Raises:
        ConfigError: with every mistake.
    """
    root, mistakes = (Node({}, 1, "map"), []) if text is None else load(text, file)
    origins = Origins(file)
    if root.kind != "map":
        mistakes.append(
            Mistake(file, root.line, f"must be a map of settings, not {type_name(root)}")
        )
        root = Node({}, 1, "map")
    root = overlay(root, environment, origins, mistakes)
    for key, value in (listen or {}).items():
        if value is not None:
            raw = str(value)
            leaf = origins.mark(Node(scalar(raw), 1, "scalar", raw), f"--{key}")
            root = put(root, ["listen", key], leaf, origins, mistakes)
    settings = read_root(Section(root, "", origins, mistakes), "" if text is None else file)
    if mistakes:
        in_order = sorted(dict.fromkeys(mistakes), key=lambda m: (m.file != file, m.file, m.line))
        raise ConfigError(tuple(in_order))
    return settings


def read_secret(settings: model.HashSettings) -> bytes | None:
    """Return the secret of the `hash` redaction; None if none is configured.

    Raises:
        ConfigError: its file is missing, unreadable or too short.
    """
    if settings.secret is not None:
        return settings.secret.encode()
    if settings.secret_file is None:
        return None
    try:
        secret = read_file(settings.secret_file, MAX_VALUE).strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no path"
        message = f"the hash secret cannot be read: {reason}"
        raise ConfigError((Mistake(SECRET_FILE, 1, message),)) from None
    if len(secret) < model.MIN_SECRET:
        message = f"the hash secret must have {model.MIN_SECRET} bytes or more"
        raise ConfigError((Mistake(SECRET_FILE, 1, message),))
    return secret


def read_root(root: Section, source: str = "") -> Settings:
    """Read all sections; mistakes are noted in the one that is given."""
    root.only(*_KEYS)
    consent = sections.consent(root.section("consent"), ConsentPolicy())
    items = sections.items(root.section("items"), {})
    limits = sections.limits(root.section("limits"), Limits())
    spool = sections.spool(root.section("spool"))
    default = model.ProjectSettings(
        project=model.DEFAULT_PROJECT,
        key=model.DEFAULT_KEY,
        upstream=model.Folder(model.DEFAULT_FOLDER),
        consent=consent,
        items=items,
        limits=limits,
    )
    return Settings(
        listen=sections.listen(root.section("listen")),
        admin=admin(root.section("admin")),
        projects=projects(root, default),
        rules=root.texts("rules", ()),
        consent=consent,
        items=items,
        limits=limits,
        spool=spool,
        forward=sections.forward(root.section("forward")),
        hash=sections.hashing(root.section("hash")),
        client_reports=sections.client_reports(root.section("client_reports")),
        errors=sections.errors(root.section("errors")),
        usage=usage(root.section("usage"), spool),
        reload=sections.reload(root.section("reload")),
        source=source,
        places=dict(root.places()),
    )


def _read(path: str) -> str:
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ConfigError((Mistake(path, 1, f"cannot be read: {error.strerror}"),)) from None
    if len(data) > MAX_BYTES:
        raise ConfigError((Mistake(path, 1, f"larger than {MAX_BYTES} bytes"),))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError((Mistake(path, line, "not UTF-8"),)) from None
