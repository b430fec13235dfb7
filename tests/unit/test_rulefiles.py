"""Rule files: which are read, how they are named, and what is a mistake."""

import os
from pathlib import Path

import pytest

from relay import rulefiles
from relay.errors import RuleError
from relay.rules.loading import RuleText


def write(path: Path, data: bytes = b"id: x\n") -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_a_folder_is_read_to_any_depth_and_in_order(tmp_path: Path) -> None:
    """Rule files are found at any depth, sorted; hidden and other files are passed over."""
    for name in ("b/two.yml", "a/one.yaml", "a/deep/three.yaml", ".git/x.yaml", "a/README.md"):
        write(tmp_path / name)
    assert ["a/deep/three", "a/one", "b/two"] == [f.name for f in rulefiles.read([tmp_path])]


def test_a_single_file_is_named_by_itself(tmp_path: Path) -> None:
    """A file given by its path has its own name; its text comes without a byte-order mark."""
    path = write(tmp_path / "a" / "one.yaml", b"\xef\xbb\xbfid: a/one\n")
    assert (RuleText("one", str(path), "id: a/one\n"),) == rulefiles.read([str(path)])


def test_a_file_reached_twice_is_read_once(tmp_path: Path) -> None:
    """A folder and a file in it give each rule once."""
    path = write(tmp_path / "a" / "one.yaml")
    assert ["a/one"] == [f.name for f in rulefiles.read([tmp_path, path])]


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    """A missing path, a file of another kind and bytes that are not UTF-8 are all reported."""
    bad = write(tmp_path / "r" / "bad.yaml", b"id: x\nwhy: \xff\n")
    big = write(tmp_path / "r" / "big.yaml", b"#" * (rulefiles.MAX_BYTES + 1))
    other = write(tmp_path / "notes.txt")
    missing = tmp_path / "nowhere"
    with pytest.raises(RuleError) as caught:
        rulefiles.read([tmp_path / "r", other, missing])
    assert (
        f"{bad}:2: not UTF-8",
        f"{big}:1: larger than 1048576 bytes",
        f"{other}:1: not a rule file (rule files end in .yaml)",
        f"{missing}:1: no such file or folder",
    ) == caught.value.causes


def test_an_empty_folder_is_a_mistake(tmp_path: Path) -> None:
    """A folder without rules is never taken for a set of no rules."""
    with pytest.raises(RuleError) as caught:
        rulefiles.read([tmp_path])
    assert (f"{tmp_path}:1: no rule files (they end in .yaml)",) == caught.value.causes


def test_an_unreadable_file_is_a_mistake(tmp_path: Path) -> None:
    """A file that vanishes under a link is reported, not passed over."""
    link = tmp_path / "rules" / "gone.yaml"
    link.parent.mkdir()
    link.symlink_to(tmp_path / "nothing")
    with pytest.raises(RuleError) as caught:
        rulefiles.read([tmp_path / "rules"])
    assert (f"{link}:1: cannot be read: No such file or directory",) == caught.value.causes


def test_a_link_in_a_circle_is_a_mistake(tmp_path: Path) -> None:
    """A link that leads to itself is told as what cannot be read, and no fault of ours."""
    link = tmp_path / "circle.yaml"
    link.symlink_to(link)
    with pytest.raises(RuleError) as caught:
        rulefiles.read([tmp_path])
    assert (f"{link}:1: cannot be read: Too many levels of symbolic links",) == caught.value.causes


def test_a_pipe_is_a_mistake(tmp_path: Path) -> None:
    """A pipe with the name of a rule file is not waited for."""
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    with pytest.raises(RuleError) as caught:
        rulefiles.read([tmp_path])
    assert (f"{pipe}:1: not a file",) == caught.value.causes


def test_no_more_of_a_file_is_read_than_a_rule_may_have(tmp_path: Path) -> None:
    """A file of a terabyte is refused, not loaded."""
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(RuleError) as caught:
        rulefiles.read([tmp_path])
    assert (f"{huge}:1: larger than 1048576 bytes",) == caught.value.causes


def test_all_files_together_have_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is more than that together is refused; the first files that fit are no set."""
    write(tmp_path / "a.yaml", b"#" * 60)
    write(tmp_path / "b.yaml", b"#" * 40)
    monkeypatch.setattr(rulefiles, "MAX_TOTAL", 100)
    assert ["a", "b"] == [file.name for file in rulefiles.read([tmp_path])]
    monkeypatch.setattr(rulefiles, "MAX_TOTAL", 99)
    with pytest.raises(RuleError) as caught:
        rulefiles.read([tmp_path])
    wanted = f"{tmp_path}:1: the rule files are larger than 99 bytes together"
    assert (wanted,) == caught.value.causes


def test_a_folder_has_so_many_files_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder with more is refused, and its fingerprint is not made of them all."""
    for number in range(4):
        write(tmp_path / f"{number}.yaml")
    monkeypatch.setattr(rulefiles, "MAX_FILES", 4)
    assert 4 == len(rulefiles.read([tmp_path]))
    monkeypatch.setattr(rulefiles, "MAX_FILES", 2)
    with pytest.raises(RuleError) as caught:
        rulefiles.read([tmp_path])
    assert (f"{tmp_path}:1: more than 2 rule files",) == caught.value.causes
    assert 1 + 3 == len(rulefiles.fingerprint([tmp_path]))


def test_the_shipped_rules_stand_beside_the_package() -> None:
    """In a checkout the shipped rules are the folder rules/."""
    assert "rules" == rulefiles.shipped_folder().name
    assert rulefiles.shipped_folder().is_dir()


def test_what_ships_and_is_left_out() -> None:
    """Whoever names folders of rules gets these alone; how many are missing can be told."""
    names = [rule.name for rule in rulefiles.shipped()]
    assert (0, 2, len(names)) == (
        rulefiles.shipped_left_out(names),
        rulefiles.shipped_left_out([*names[2:], "ours/one"]),
        rulefiles.shipped_left_out([]),
    )


def test_a_fingerprint_tells_of_each_change(tmp_path: Path) -> None:
    """A write, a new file, a rename, an exchanged link, lost rights and a lost folder all show."""
    first = write(tmp_path / "1" / "a.yaml")
    write(tmp_path / "2" / "a.yaml")
    link = tmp_path / "now"
    link.symlink_to("1")
    seen = [rulefiles.fingerprint([link])]
    assert seen[-1] == rulefiles.fingerprint([str(link)])
    for change in (
        lambda: first.write_bytes(b"id: y\n\n"),
        lambda: write(tmp_path / "1" / "b.yaml"),
        lambda: (tmp_path / "1" / "b.yaml").rename(tmp_path / "1" / "c.yaml"),
        lambda: first.chmod(0o600),
        lambda: (tmp_path / "next").symlink_to("2"),
        lambda: (tmp_path / "next").replace(link),
        link.unlink,
    ):
        change()
        seen.append(rulefiles.fingerprint([link]))
    assert seen[4] == seen.pop(5)  # a link beside it is none of ours
    assert len(seen) == len(set(seen))


def test_a_fingerprint_passes_over_what_is_no_rule(tmp_path: Path) -> None:
    """Hidden files, which editors write, and files of other kinds change nothing."""
    write(tmp_path / "a.yaml")
    before = rulefiles.fingerprint([tmp_path])
    for name in (".a.yaml.swp", ".b.yaml", "a.yaml~", "README.md", ".git/c.yaml"):
        write(tmp_path / name)
    assert before == rulefiles.fingerprint([tmp_path])


def test_packed_files_come_back(tmp_path: Path) -> None:
    """Names, places and texts, and in their order."""
    write(tmp_path / "a.yaml", "id: \u00e4\n".encode())
    write(tmp_path / "b.yaml")
    files = rulefiles.read([tmp_path])
    assert files == rulefiles.unpack(rulefiles.pack(files))


def test_files_that_somebody_changes_are_read_again(tmp_path: Path) -> None:
    """What is read stood there as a whole; a file that was there for a moment is no mistake."""
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    write(first)
    waited: list[float] = []

    def change(seconds: float) -> None:
        waited.append(seconds)
        second.unlink()
        write(second, b"id: whole\n")

    second.symlink_to("nowhere")  # as if it were just being exchanged
    whole = rulefiles.read
    looks = iter(range(100))

    def read(paths: list[Path]) -> tuple[RuleText, ...]:
        try:
            return whole(paths)
        finally:
            if next(looks) == 0:
                first.write_text("id: new and longer\n")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rulefiles, "read", read)
        files = rulefiles.read_settled([tmp_path], change)
    assert ["id: new and longer\n", "id: whole\n"] == [file.text for file in files]
    assert [rulefiles.PAUSE] == waited


def test_files_that_never_stand_still(tmp_path: Path) -> None:
    """They are a mistake after a while."""
    times = iter(range(100))
    path = write(tmp_path / "a.yaml")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rulefiles, "fingerprint", lambda _: next(times))
        with pytest.raises(RuleError) as caught:
            rulefiles.read_settled([path], lambda _: None)
    assert "the rule files change while they are read" == caught.value.mistakes[0].message


def test_mistakes_that_stay_are_told(tmp_path: Path) -> None:
    """A folder that is gone is one; with no path at all the rules that ship are read."""
    with pytest.raises(RuleError, match="no such file or folder"):
        rulefiles.read_settled([tmp_path / "nowhere"], lambda _: None)
    assert rulefiles.shipped() == rulefiles.read_settled([], lambda _: None)
