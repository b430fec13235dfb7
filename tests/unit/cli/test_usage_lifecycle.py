"""`relay usage lifecycle`."""

import json
from pathlib import Path

import pytest

from relay.cli.main import main


def config(folder: Path, text: str) -> str:
    path = folder / "relay.yaml"
    path.write_text(text)
    return str(path)


def test_rules_of_the_configured_bucket_are_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the form of the provider, with the times that are configured; nothing else is said."""
    file = config(tmp_path, "usage: {store: {url: 's3://bucket/here'}, keep: {events: 30d}}")
    assert 0 == main(["usage", "lifecycle", "--config", file])
    out, err = capsys.readouterr()
    rule = json.loads(out)["Rules"][0]
    assert ("here/events/", 29, "") == (rule["Filter"]["Prefix"], rule["Expiration"]["Days"], err)


@pytest.mark.parametrize(
    ("word", "key"), [("s3", "Rules"), ("gcs", "lifecycle"), ("azure", "rules")]
)
def test_the_form_may_be_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], word: str, key: str
) -> None:
    """Whatever the URL is, where the provider has another form."""
    file = config(tmp_path, "usage: {store: {url: 's3://bucket'}}")
    assert 0 == main(["usage", "lifecycle", "--config", file, "--format", word])
    assert [key] == list(json.loads(capsys.readouterr().out))


def test_a_folder_has_no_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is wrong use, and says what there is instead."""
    with pytest.raises(SystemExit) as end:
        main(["usage", "lifecycle", "--config", config(tmp_path, "{}")])
    assert 2 == end.value.code
    assert "relay usage expire" in capsys.readouterr().err
