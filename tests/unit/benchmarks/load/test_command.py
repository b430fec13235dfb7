"""Parts can be chosen; the page says how it was made."""

import pytest

from benchmarks.load.command import PARTS, as_page, main
from benchmarks.load.load_report import failed_section

FACTS = {"machine": "2 cores", "seed": "77"}


def test_an_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["nonsense"], lambda seed: {"seed": f"{seed}"})
    assert 2 == ended.value.code
    assert "no such part: nonsense" in capsys.readouterr().err


@pytest.mark.parametrize("name", PARTS)
def test_what_could_not_be_measured_is_on_the_page(name: str) -> None:
    page = as_page([failed_section(name, "it did not start")], FACTS)
    assert f"| Under load: {name} | measured | not measured | not measured |" in page
    assert "Not measured: it did not start" in page
    assert "--seed 77" in page
