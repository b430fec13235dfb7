"""The section `admin` of relay.yaml: where the port listens, and who may do what there.

Law of this file: only the SHA-256 of a token is configured, and nothing of it is ever shown.
"""

import hashlib
from collections import Counter
from typing import Final

from relay.config import model
from relay.config.reader import WORD, Section
from relay.protocol.ids import is_hex

MAX_NAME: Final = 64
"""Characters of a token's name, which stands in the audit log."""

NOBODY: Final = "unknown"
"""Who it was, says the audit log, where nobody can tell (`audit.UNKNOWN`): no token's name."""

NOTHING: Final = hashlib.sha256(b"").hexdigest()
"""What `sha256sum` says when the token did not reach it."""


def admin(section: Section) -> model.Admin:
    """Read `admin`."""
    section.only("host", "port", "tokens", "open", "hosts", "audit")
    default = model.Admin()
    tokens = tuple(_token(token) for token in section.sections("tokens"))
    _apart(section, tokens)
    for index, node in enumerate(section.nodes("hosts")):
        if isinstance(node.value, str) and not _is_host(node.value):
            message = f"{section.path('hosts')}.{index} must be a name or address, without a port"
            section.wrong(node, message)
    return model.Admin(
        host=section.text("host", default.host),
        port=section.integer("port", default.port, 0, 65_535),
        tokens=tokens,
        open=_scopes(section, "open", model.OPENABLE),
        hosts=tuple(host.lower() for host in section.texts("hosts", ())),
        audit=section.text("audit", "") or None,
    )


def _token(section: Section) -> model.AdminToken:
    section.only("name", "sha256", "scopes")
    for key in ("name", "sha256", "scopes"):
        if not section.has(key):
            section.wrong(section.node, f"{section.path(key)} is missing")
    name = section.text("name", "")
    if section.has("name") and not (0 < len(name) <= MAX_NAME and WORD.issuperset(name)):
        node = section.get("name") or section.node
        section.wrong(node, f"{section.path('name')} must be letters, digits, '-' and '_'")
    if name == NOBODY:
        node = section.get("name") or section.node
        section.wrong(node, f"{section.path('name')} is what the audit log says of a wrong token")
    sha256 = section.text("sha256", "", digits=True, secret=True).lower()
    node = section.get("sha256") or section.node
    if section.has("sha256") and not (len(sha256) == 64 and is_hex(sha256)):
        section.wrong(node, f"{section.path('sha256')} must be 64 hex digits", "sha256sum of it")
    if sha256 == NOTHING:
        section.wrong(node, f"{section.path('sha256')} is that of nothing at all")
    scopes = _scopes(section, "scopes", model.SCOPES)
    if section.has("scopes") and not section.nodes("scopes"):
        section.wrong(section.get("scopes") or section.node, f"{section.path('scopes')} is empty")
    return model.AdminToken(name=name, sha256=sha256, scopes=scopes)


def _scopes(section: Section, key: str, known: tuple[str, ...]) -> frozenset[str]:
    for node in section.nodes(key):
        if node.raw not in known:
            hint = f"known: {', '.join(known)}"
            section.wrong(node, f"{section.path(key)} has an unknown scope", hint)
    return frozenset(section.texts(key, ()))


def _apart(section: Section, tokens: tuple[model.AdminToken, ...]) -> None:
    """Note what two tokens share: the audit log could not tell who it was."""
    for what in ("name", "sha256"):
        counts = Counter(getattr(token, what) for token in tokens)
        if any(count > 1 for value, count in counts.items() if value):
            node = section.get("tokens") or section.node
            section.wrong(node, f"{section.path('tokens')}: two have the same {what}")


def _is_host(text: str) -> bool:
    name = text.lower()
    return bool(name) and (name.replace(".", "").replace("-", "").isalnum() or name.count(":") > 1)
