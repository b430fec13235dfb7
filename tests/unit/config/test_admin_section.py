"""The section `admin`: who may do what."""

import hashlib

import pytest

from relay.audit import UNKNOWN
from relay.config import AdminToken, parse
from relay.config.admin_section import NOTHING
from relay.config.model import is_loopback
from relay.errors import ConfigError

SHA = "ab" * 32
TOKEN = f"{{name: ops, sha256: {SHA}, scopes: [spool, metrics]}}"


def mistakes(text: str) -> list[str]:
    """Return the mistakes as they are shown."""
    with pytest.raises(ConfigError) as caught:
        parse(text, "r.yaml", {})
    return list(caught.value.causes)


def test_the_whole_section() -> None:
    """Each key comes to what it says."""
    admin = parse(
        f"admin: {{tokens: [{TOKEN}], open: [metrics], hosts: [Relay.Internal], audit: a.log}}",
        "r.yaml",
        {},
    ).admin
    assert (AdminToken("ops", SHA, frozenset({"spool", "metrics"})),) == admin.tokens
    assert (frozenset({"metrics"}), ("relay.internal",), "a.log") == (
        admin.open, admin.hosts, admin.audit,
    )  # fmt: skip


def test_nothing_is_open_unless_it_is_said() -> None:
    """By default there are no tokens, no file, and the loopback."""
    admin = parse(None, "", {}).admin
    assert ((), frozenset(), (), None, True) == (
        admin.tokens, admin.open, admin.hosts, admin.audit, admin.local,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tokens: [{}]", "admin.tokens.0.name is missing"),
        (f"tokens: [{TOKEN.replace('ops', 'a b')}]", "name must be letters, digits, '-' and '_'"),
        (f"tokens: [{TOKEN.replace('ops', UNKNOWN)}]", "name is what the audit log says"),
        (f"tokens: [{TOKEN.replace('ops', 'a' * 65)}]", "name must be letters"),
        (f"tokens: [{TOKEN.replace(SHA, 'xyz')}]", "sha256 must be 64 hex digits"),
        (f"tokens: [{TOKEN.replace(SHA, '1' * 20)}]", "sha256 must be 64 hex digits"),
        (f"tokens: [{TOKEN.replace(SHA, '1.5')}]", "sha256 must be text, not a number"),
        (f"tokens: [{TOKEN.replace(SHA, NOTHING)}]", "sha256 is that of nothing at all"),
        (f"tokens: [{TOKEN.replace('metrics', 'all')}]", "scopes has an unknown scope (known: "),
        (f"tokens: [{TOKEN.replace('spool, metrics', '')}]", "scopes is empty"),
        (f"tokens: [{TOKEN}, {TOKEN.replace(SHA, 'cd' * 32)}]", "two have the same name"),
        (f"tokens: [{TOKEN}, {TOKEN.replace('ops', 'dev')}]", "two have the same sha256"),
        ("open: [spool]", "admin.open has an unknown scope (known: metrics)"),
        ("hosts: ['a:1']", "admin.hosts.0 must be a name or address, without a port"),
        ("hosts: ['']", "admin.hosts.0 must be a name"),
    ],
)
def test_a_mistake_says_what_is_wrong(text: str, told: str) -> None:
    """Each is told, and nothing of a hash is."""
    found = mistakes(f"admin: {{{text}}}")
    assert told in "".join(found)
    assert SHA not in "".join(found)


def test_the_hash_of_nothing() -> None:
    """It is what comes out when the token did not reach `sha256sum`."""
    assert hashlib.sha256().hexdigest() == NOTHING


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("localhost", True),
        ("LOCALHOST", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("localhost.example", False),
        ("192.0.2.1", False),
    ],
)
def test_what_is_the_loopback(host: str, local: bool) -> None:
    """A name that is not known to be this machine is taken for another."""
    assert local is is_loopback(host)
