"""The section `projects` of relay.yaml: what each is known by, and where it goes.

Law of this file: no mistake repeats an upstream, for its key stands in it.
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from relay.config import model
from relay.config.reader import Section
from relay.config.sections import consent, items, limits
from relay.protocol.dsn import Dsn, DsnError, parse_dsn, parse_key, parse_project

_UPSTREAM_HINT: Final = "a DSN, https://host, or file:./folder"


def projects(root: Section, default: model.ProjectSettings) -> tuple[model.ProjectSettings, ...]:
    """Read `projects`; where it is not given, there is one as in the settings given."""
    given = root.get("projects")
    if given is not None and given.kind == "list" and not given.value:
        root.wrong(given, "projects is empty: name one, or leave the key out for the demo project")
    read: list[model.ProjectSettings] = []
    lines: dict[tuple[str, str], int] = {}
    for section in root.sections("projects"):
        one = _project(section, default)
        name = (one.project, one.key)
        if name in lines:
            hint = f"first on line {lines[name]}"
            section.wrong(section.node, f"{section.place}: the same id and key again", hint)
        lines.setdefault(name, section.node.line)
        read.append(one)
    return tuple(read) or (default,)


def _project(section: Section, settings: model.ProjectSettings) -> model.ProjectSettings:
    """Read one entry of `projects`; what it does not say is as in the settings given."""
    section.only("id", "key", "upstream", "consent", "items", "limits")
    for key in ("id", "key", "upstream"):
        if not section.has(key):
            section.wrong(section.node, f"{section.path(key)} is missing")
    name = _checked(section, "id", parse_project, "a short word, as in the clients' DSN")
    key = _checked(section, "key", parse_key, "32 hex digits, as in the clients' DSN")
    stars = {node.raw == model.ANY for node in (section.get("id"), section.get("key")) if node}
    if len(stars) > 1:
        section.wrong(section.node, f"{section.place}: id and key are '*' together or not at all")
    return model.ProjectSettings(
        project=name,
        key=key,
        upstream=_upstream(section),
        consent=consent(section.section("consent"), settings.consent),
        items=items(section.section("items"), settings.items),
        limits=limits(section.section("limits"), settings.limits),
    )


def _checked(section: Section, key: str, parse: Callable[[str], str], what: str) -> str:
    """Return an id or key, `*` as it is; a number counts as the text that was written."""
    text = section.text(key, model.ANY, digits=True)
    if text == model.ANY:
        return text
    try:
        return parse(text)
    except DsnError:
        section.wrong(section.get(key) or section.node, f"{section.path(key)} must be {what}")
        return model.ANY


def _upstream(section: Section) -> Dsn | model.Host | model.Folder:
    text = section.text("upstream", "", secret=True)
    try:
        return parse_upstream(text)
    except ValueError as error:
        node = section.get("upstream")
        if node is not None and text:
            section.wrong(node, f"{section.path('upstream')}: {error}", _UPSTREAM_HINT)
        elif node is not None and node.value == "":
            section.wrong(node, f"{section.path('upstream')} is empty", _UPSTREAM_HINT)
        return model.Folder(model.DEFAULT_FOLDER)


def parse_upstream(text: str) -> Dsn | model.Host | model.Folder:
    """Read an upstream: a DSN, a host alone (it keeps the client's project and key), or a folder.

    Raises:
        ValueError: it is none; the message holds no part of it.
    """
    if text.startswith("file:"):
        path = text.removeprefix("file:")
        path = path.removeprefix("//") if path.startswith("///") else path
        if not path or path.startswith("//"):
            raise ValueError("the folder is missing")
        return model.Folder(path)
    parts = urlsplit(text)
    web = parts.scheme in ("http", "https") and bool(parts.netloc)
    if web and "@" not in parts.netloc and parts.path.strip("/"):
        raise ValueError("a project but no key: write the whole DSN, or the host alone")
    if "@" in parts.netloc or parts.path.strip("/"):
        return parse_dsn(text)
    if parts.query or parts.fragment:
        raise ValueError("a host has no query")
    # A stand-in project and key let one parser judge scheme, host and port.
    stand_in = f"{parts.scheme}://{model.DEFAULT_KEY}@{parts.netloc}/{model.DEFAULT_PROJECT}"
    dsn = parse_dsn(stand_in)
    return model.Host(dsn.scheme, dsn.host, dsn.port, dsn.prefix)
