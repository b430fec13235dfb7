"""Names in paths, and shortened identifiers."""

import pytest

from tests.unit.detectors.found import found


@pytest.mark.parametrize("name", ["jane", "Jane Doe", "Jéan", "j.doe"])
def test_a_users_name_is_found(name: str) -> None:
    """Names with spaces, dots and letters of any script; punctuation behind stays."""
    assert [name] == found("user_folder", name)
    assert [name] == found("user_folder", name + "'.")


@pytest.mark.parametrize(
    "name", ["Public", "Shared", "All Users", "<user>", "[user]", "$USER", "localhost"]
)
def test_shared_names_and_placeholders_survive(name: str) -> None:
    """What every machine has says nothing of anyone."""
    assert [] == found("user_folder", name)


def test_folders_of_a_drive() -> None:
    """A person's folders go, the system's stay."""
    assert [r"wallets\jane"] == found("drive_folders", r"wallets\jane")
    assert [] == found("drive_folders", r"Windows\System32")
    assert [] == found("drive_folders", "Program Files/Trezor Suite")
    assert [] == found("drive_folders", r"x\[user]\y")
