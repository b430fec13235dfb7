"""`relay rules schema` and `relay config schema` print what editors take."""

import pytest

from relay import jsonio
from relay.cli.main import main
from relay.config.schema import config_schema
from relay.rules.schema import rule_schema


@pytest.mark.parametrize(
    ("command", "schema"), [("rules", rule_schema()), ("config", config_schema())]
)
def test_it_prints_the_schema(
    command: str, schema: object, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole schema goes to standard output, in many lines, and nothing to standard error."""
    assert 0 == main([command, "schema"])
    out, err = capsys.readouterr()
    assert (schema, "") == (jsonio.loads(out), err)
    assert out.count("\n") > 50
