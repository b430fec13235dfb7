"""The schema of relay.yaml: it takes what the reader takes, and refuses nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from relay import jsonio
from relay.config import masked, parse
from relay.config.schema import attributes, config_schema
from relay.errors import ConfigError
from tests.altered import mutants

SCHEMA = config_schema()
VALIDATOR = Draft202012Validator(SCHEMA)

HEX = "0123456789abcdef"
WHOLE: dict[str, Any] = {
    "listen": {"port": 3000, "workers": 2, "header_timeout": "10s", "in_flight": "1 GiB",
               "tls": {"cert": "c", "key": "k"}, "onion": {"port": 3002}, "origins": ["*"]},
    "admin": {"tokens": [{"name": "ops", "sha256": HEX * 4, "scopes": ["rules"]}],
              "open": ["metrics"], "hosts": ["relay"], "audit": "a.log"},
    "projects": [{"id": 1, "key": HEX * 2, "upstream": "https://example.com",
                  "consent": {"required": False}, "items": {"log": "drop"},
                  "limits": {"items": 5}}],
    "rules": ["rules"],
    "consent": {"flag": "f", "flags": ["g"], "missing": "minimal", "answer": 200,
                "explicit": ["feedback"]},
    "items": {"replay": "scrub", "statsd": "drop"},
    "limits": {"event": "2MiB", "ratio": 9},
    "spool": {"backend": "jetstream", "servers": ["nats://a"], "stream": "R", "replicas": 1,
              "max_age": "24h", "repeat_window": "0s"},
    "forward": {"compress": "none", "rules_tag": False},
    "hash": {"secret": "a secret of some length", "rotate": "0s"},
    "client_reports": {"enabled": True, "interval": "60s"},
    "errors": {"dsn": f"https://{HEX * 2}@example.com/1", "environment": "test"},
    "usage": {},
    "reload": {"every": "250ms"},
}  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, 7, 302, 70_000, -1, "", "word", "0s", "1 gib", "24h ", "drop", "metrics",
    [], [""], [1], ["metrics"], {}, {"word": 1},
)  # fmt: skip


def test_it_is_a_schema() -> None:
    """It holds against the schema of schemas."""
    Draft202012Validator.check_schema(SCHEMA)


def is_read(document: Any) -> bool:
    try:
        parse(jsonio.dumps(document).decode(), "relay.yaml", {})
    except ConfigError:
        return False
    return True


def test_what_the_schema_refuses_the_reader_refuses() -> None:
    """Of many files with one fault, none is refused by the schema alone, and most by it too."""
    assert VALIDATOR.is_valid(WHOLE)
    assert is_read(WHOLE)
    sections = ({name: section} for name, section in WHOLE.items())
    verdicts = [
        (VALIDATOR.is_valid(one), is_read(one), one)
        for base in sections
        for one in mutants(base, VALUES)
    ]
    assert [] == [one for valid, read, one in verdicts if read and not valid]
    refused = [valid for valid, read, _ in verdicts if not read]
    assert refused.count(False) > 0.8 * len(refused)


def paths(schema: Any, path: str = "") -> Iterator[str]:
    """Yield the path of every setting in a schema."""
    for key, inner in schema.get("properties", {}).items():
        yield f"{path}{key}"
        yield from paths(inner, f"{path}{key}.")
        yield from paths(inner.get("items", {}), f"{path}{key}.")


def test_every_key_that_the_schema_has_is_read() -> None:
    """No key of the schema is unknown to the reader."""
    for path in paths(SCHEMA):
        document: Any = None
        for part in reversed(path.split(".")):
            document = {part: document}
            if part in ("projects", "tokens"):
                document = {part: [document[part]]}
        with pytest.raises(ConfigError) as caught:
            parse(jsonio.dumps({**document, "surplus": 1}).decode(), "relay.yaml", {})
        unknown = [m.message for m in caught.value.mistakes if "unknown key" in m.message]
        assert ["unknown key 'surplus'"] == unknown


@pytest.mark.parametrize("document", [{}, WHOLE], ids=["defaults", "whole"])
def test_every_setting_that_is_shown_is_in_the_schema(document: Any) -> None:
    """What `relay config show` prints holds against the schema, so all its keys are there."""
    shown = masked(parse(jsonio.dumps(document).decode(), "relay.yaml", {}))
    unknown = [
        error.message
        for error in VALIDATOR.iter_errors(shown)
        if error.validator == "additionalProperties"
    ]
    assert [] == unknown


def test_the_defaults_are_those_that_hold() -> None:
    """A file that says each default settles on the same as no file."""

    def written(schema: Any) -> Any:
        if "default" in schema:
            return schema["default"]
        return {key: written(inner) for key, inner in schema.get("properties", {}).items()
                if "default" in inner or inner.get("properties")}  # fmt: skip

    document = written(SCHEMA)
    assert "1d" == document["spool"]["max_age"]
    assert "500MB" == document["spool"]["max_bytes"]
    del document["listen"]["onion"]  # there is none unless one is given
    # What each kind of item does is shown only where it is said.
    shown = masked(parse(jsonio.dumps(document).decode(), "relay.yaml", {}))
    assert masked(parse(None, "relay.yaml", {})) == shown | {"items": {}}


def test_a_secret_is_marked() -> None:
    """Editors and forms are told what not to show."""

    def secrets(schema: Any, path: str = "") -> Iterator[str]:
        for key, inner in schema.get("properties", {}).items():
            if inner.get("writeOnly"):
                yield f"{path}{key}"
            yield from secrets(inner, f"{path}{key}.")
            yield from secrets(inner.get("items", {}), f"{path}{key}.")

    assert {
        "admin.tokens.sha256", "projects.upstream", "hash.secret", "spool.servers", "errors.dsn",
        "usage.hash.secret", "usage.store.url", "usage.store.access_key_id",
        "usage.store.secret_access_key",
    } == set(secrets(SCHEMA))  # fmt: skip


def test_a_description_is_read_whole() -> None:
    """A sentence that goes on in the next line, and one for two names, are both understood."""

    class Sample:
        """Some settings.

        Attributes:
            host, port: where it
                listens.
            other: more.
        """

    where = "where it listens."
    assert {"host": where, "port": where, "other": "more."} == attributes(Sample)
