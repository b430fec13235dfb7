"""Names as in code: the longest that are admitted, and the first that are not."""

import pytest

from relay.scrub.plain_names import is_plain_file, is_plain_name, is_plain_release

WORD = "abcdefghijklmnopqrstuvwx"
"""24 letters."""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # letters
        (WORD, True),
        (WORD + "y", False),
        ("abcdefghijkl" * 2 + "Mnop", True),
        ("Abcdefghijkl" * 4, True),
        ("Abcdefghijkl" * 4 + "a", False),
        ("Abcd" * 7, True),
        ("Abc" * 9, False),
        # letters and digits
        ("a1" + WORD[2:], True),
        ("a1" + WORD[1:], False),
        ("z1" + "a" * 22, True),
        ("1abcdef1", False),
        ("a1bcdef2", True),
        ("a1bcdef23", False),
        ("g1bcdef23", True),
        ("a1b2", True),
        ("a1b2c3", False),
        ("load123456", True),
        ("load1234567", False),
        # how many words, and how long in all
        (".".join(["ab"] * 11), True),
        (".".join(["ab"] * 12), False),
        ("_".join(["ab"] * 11), True),
        ("_".join(["ab"] * 12), False),
        ("?." * 10 + "?", True),
        ("?." * 11 + "?", False),
        ("aB" * 10, True),
        ("aB" * 11, False),
        (".".join([WORD[:15]] * 8) + "y", True),
        (".".join([WORD[:15]] * 8) + "yz", False),
        # signs
        ("a$b_c", True),
        ("a-b", False),
        ("a:b", False),
        ("a::b.c", True),
        ("1a", False),
        ("a.1b", False),
        ("async a", True),
        ("async new get set bound a", True),
        ("bound async a", False),
        ("await a", False),
        ("<anonymous>.<lambda>.<listcomp>.<genexpr>.<module>.<locals>", True),
        ("<other>", False),
    ],
)
def test_where_names_end(name: str, expected: bool) -> None:
    """Short words, few of them, with few digits; what is longer may be a key or a phrase."""
    assert expected == is_plain_name(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.js", True),
        ("a.exe", False),
        ("js", False),
        ("-._.js", False),
        ("a-b_c$d.e.ts", True),
        ("a b.ts", False),
        ("1.2.3.a.js", True),
        ("1.2.3.4.a.js", False),
        ("1.js", False),
        ("1.2.js", False),
        ("a..js", True),
        ("-".join(["ab"] * 11) + ".js", True),
        ("-".join(["ab"] * 12) + ".js", False),
        ("-".join([WORD[:15]] * 7) + ".abcdefghijklm.js", True),
        ("-".join([WORD[:15]] * 7) + ".abcdefghijklmn.js", False),
    ],
)
def test_where_files_end(name: str, expected: bool) -> None:
    """Words and an extension of code; four numbers are an IP address."""
    assert expected == is_plain_file(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("1.2", True),
        ("1", False),
        ("1.2.3", True),
        ("1.2.3.4", False),
        ("1234.1234.1234", True),
        ("12345.1.1", False),
        ("1..2", False),
        ("suite@1.2.3", True),
        ("Suite@1.2.3", True),
        ("@1.2.3", False),
        ("@trezor/suite@1.2.3", True),
        ("trezor/suite@1.2.3", False),
        ("@trezor@1.2.3", False),
        ("@trezor/a/b@1.2.3", False),
        ("suite1@1.2.3", False),
        (f"{WORD[:16]}@1.2.3", True),
        (f"{WORD[:17]}@1.2.3", False),
        ("a-b.c_d-e@1.2.3", True),
        ("a-b-c-d-e-f@1.2.3", False),
        ("@a/b-c-d-e@1.2.3", True),
        ("@a/b-c-d-e-f@1.2.3", False),
        ("a--b@1.2.3", False),
        ("1.2.3-beta", True),
        ("1.2.3-beta.1234", True),
        ("1.2.3-beta.12345", False),
        ("1.2.3-beta.", False),
        ("1.2.3-jane", False),
        ("1.2.3-", False),
        ("1.2.3+0123456789", True),
        ("1.2.3+0123456789a", False),
        ("1.2.3+", False),
        ("1.2.3+xyz", False),
        ("1.2.3-beta.2+1f2e3d4", True),
        (f"{WORD[:16]}-{WORD[:16]}-{WORD[:15]}@1234.1234.1234", True),
        (f"{WORD[:16]}-{WORD[:16]}-{WORD[:16]}@1234.1234.1234", False),
    ],
)
def test_where_releases_end(name: str, expected: bool) -> None:
    """A package of short words, up to three numbers, a stage, a short commit."""
    assert expected == is_plain_release(name)


SOURCES = (
    "bundle c cc cjs cpp cs cts cxx dart go h hpp java js jsbundle jsx kt m mjs mm mts php py pyx"
    " rb rs swift ts tsx vue wasm"
)
STAGES = (
    "alpha beta canary codesign debug dev develop next nightly pre preview production rc release"
    " staging test"
)


@pytest.mark.parametrize("extension", SOURCES.split())
def test_languages_of_clients(extension: str) -> None:
    """What SDKs of these languages name in a frame, by its extension in small letters."""
    assert is_plain_file(f"main.{extension}")
    assert not is_plain_file(f"main.x{extension}x")


@pytest.mark.parametrize("stage", STAGES.split())
def test_stages_of_releases(stage: str) -> None:
    """What a build before the release is called."""
    assert is_plain_release(f"suite@1.2.3-{stage}.1")
    assert not is_plain_release(f"suite@1.2.3-x{stage}x")
