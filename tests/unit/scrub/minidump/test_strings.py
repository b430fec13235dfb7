import pytest

from relay.scrub.minidump.strings import Texts, base_name, runs


@pytest.mark.parametrize("path", ["/home/jane/a.so", "C:\\jane\\a.so", "a.so", "/x/a.so\0/y/b"])
def test_base_name(path: str) -> None:
    assert "a.so" == base_name(path)


def test_what_rules_find_is_overwritten() -> None:
    texts = Texts(lambda text: text.replace("jane", "[user]"))
    assert "sync of ****" == texts.scrub("sync of jane")


def test_runs_of_each_encoding() -> None:
    assert ["wallet"] == list(runs(b"\0wallet\xff"))
