"""`relay usage export`."""

import pytest

from relay.cli.main import main


def test_a_day_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Without one it is wrong use."""
    with pytest.raises(SystemExit) as end:
        main(["usage", "export"])
    assert 2 == end.value.code
    assert "--day" in capsys.readouterr().err
