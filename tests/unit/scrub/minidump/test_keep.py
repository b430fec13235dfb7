from relay.scrub.minidump.keep import is_text, ranges
from relay.scrub.minidump.layout import ARCHITECTURES


def test_addresses_of_a_module_and_its_end_stay() -> None:
    kept = ranges(ARCHITECTURES[9], [(0x40_0000, 0x1000)], [])
    assert [0, 0x40_0000, 0x40_1000, 0] == [
        kept.register(value) for value in (0x3F_FFFF, 0x40_0000, 0x40_1000, 0x40_1001)
    ]


def test_text_is_no_pointer() -> None:
    assert is_text(int.from_bytes(b"xpub6BiV", "little"))
    assert not is_text(0x7FFE_1000_0000)
    # Three letters are text, wherever zeros stand between them; two are a number.
    assert is_text(int.from_bytes(b"a\0b\0~\0", "little"))
    assert is_text(int.from_bytes(b" ab", "little"))
    assert not is_text(int.from_bytes(b"a\0b\0", "little"))
    assert not is_text(int.from_bytes(b"ab\x7f", "little"))
    assert not is_text(int.from_bytes(b"ab\x1f", "little"))


def test_addresses_of_modules_inside_of_each_other_stay() -> None:
    """The end is that of the larger one; what stands apart has an end of its own."""
    images = [
        (0x10_0000, 0x10),
        (0x40_0000, 0x3000),
        (0x40_1000, 0x1000),
        (0x40_3001, 0x10),
        (0x50_0000, 0x10),
    ]
    kept = ranges(ARCHITECTURES[9], images, [(0x60_0000, 0x10)])
    stay = (0x40_2800, 0x40_3000, 0x40_3001, 0x40_3011, 0x50_0000, 0x50_0010, 0x60_0010)
    assert list(stay) == [kept.register(value) for value in stay]
    gone = (0x10_0011, 0x3F_FFFF, 0x40_3012, 0x4F_FFFF, 0x50_0011, 0x60_0011)
    assert [0] * len(gone) == [kept.register(value) for value in gone]
