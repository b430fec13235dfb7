"""`relay usage`."""

import pytest

from relay.cli.main import main
from relay.cli.usage import add_command

__all__ = ["add_command"]


def test_an_action_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Without one it is wrong use, and the actions are told."""
    with pytest.raises(SystemExit) as end:
        main(["usage"])
    assert 2 == end.value.code
    assert "ACTION" in capsys.readouterr().err
