"""Groups and lines: pieces of the same length read as one word; words and tables do not."""

# ruff: noqa: E501 - a table is read best in rows

import pytest

from tests.unit.scrub.views.reading import origin, read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abcd efgh ijkl mnop qrst u7", ["abcdefghijklmnopqrstu7"]),
        ("some words that have four each", []),
        ("1234 5678 1234 5678 1234 56", []),
        ("a1b2c-d3e4f-g5h6i-j7k8l-m9", ["a1b2cd3e4fg5h6ij7k8lm9"]),
        ("31 32 33 34 35 36 37 38 39 30 31 32", ["123456789012"]),
        (" ".join(["0x2F9D2"] * 200), []),
        ("70 61 73 73 20 32 30 33 2e 30 00 " * 50 + "0a", ["pass 203.0\0" * 50 + "\n"]),
        ("11 12 13 14 15 16 17 18 19 10 11 12", []),
        ("a1 b2 c3 d4 e5 f6 a7 b8 c9 d0 e1 f2", ["a1b2c3d4e5f6a7b8c9d0e1f2"]),
        ("a1:b2:c3:d4:e5:f6:a7:b8:c9:d0:e1", ["a1b2c3d4e5f6a7b8c9d0e1"]),
        ("0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0xa7, 0xb8, 0xc9, 0xd0", ["a1b2c3d4e5f6a7b8c9d0"]),
        ("with 1a2b 3c4d 5e6f 7a8b 9c0d 1e from", ["with1a2b3c4d5e6f7a8b9c0d1e", "1a2b3c4d5e6f7a8b9c0d1e"]),
        ("1a2b 3c4d 5e6f 7a8b 9c0d 1e2f then from", ["1a2b3c4d5e6f7a8b9c0d1e2fthenfrom", "1a2b3c4d5e6f7a8b9c0d1e2f"]),
        ("mvbu 1Gdy 8SUj Ten@ 355C 8175 :0", ["mvbu1Gdy8SUjTen@355C8175:0", "1Gdy8SUjTen@355C8175:0"]),
        ("NotImplementedError\n\n    @abc.abstractmethod\n    def", []),
        ("raise NotImplementedErrorA\n  someOtherPartOfCodeAA\n  def", []),
        ("2ABF62E3 5E668076 BEAD208B", []),
        ("1A1zP1eP5QGefi2DMP\n TfTL5SLmv7Di", ["1A1zP1eP5QGefi2DMPTfTL5SLmv7Di"]),
    ],
)  # fmt: skip
def test_groups(text: str, expected: list[str]) -> None:
    """Groups with digits in them are joined; words, numbers and tables are left apart."""
    assert expected == read("groups", text)


ADDRESS = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"


@pytest.mark.parametrize("size", [2, 3, 4, 5, 6, 7, 8, 17, 18, 19, 20, 21])
@pytest.mark.parametrize("sign", [" ", "\n", "\n    "])
def test_groups_of_any_size(size: int, sign: str) -> None:
    """An address in groups of 2 to 8, or in lines of 17 to 21, reads as itself."""
    pieces = [ADDRESS[at : at + size] for at in range(0, len(ADDRESS), size)]
    assert ADDRESS in read("groups", sign.join(pieces))


def test_a_group_leads_back_to_itself() -> None:
    """What was joined is mapped to the pieces that it came from, with what stands between them."""
    text = "abcd efgh ijkl mnop qrst u7"
    assert "efgh ij" == origin("groups", text, "efghij")


def test_a_byte_in_a_pair_leads_back_to_its_pair() -> None:
    """Pairs of digits that are text are mapped byte by byte."""
    assert "61 73" == origin("groups", "70 61 73 73 20 32 30 33 20 30 31 37", "as")
