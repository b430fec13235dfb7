"""JWT, e-mail, Trezor's device state and id."""

import pytest

from tests.unit.detectors.found import found

_JWT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0."
    "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
)
_STATE = "mvbu1Gdy8SUjTenqerxUaZyYjmveZvt33q@355C817510C0EABF2F147145:0"


def test_jwt() -> None:
    """RFC 7519's form is found, cut off too; other dotted base64 is not."""
    assert [_JWT] == found("jwt", _JWT)
    assert [_JWT[:60]] == found("jwt", _JWT[:60])
    assert [] == found("jwt", "eyJhIjoxfQ.eyJhIjoxfQ.c2ln")
    assert [] == found("jwt", "app.module.js")
    assert [] == found("jwt", _JWT.partition(".")[0])


def test_jwt_with_words_behind() -> None:
    """A signed token ends with its third part, an encrypted one (RFC 7516) has five."""
    assert [_JWT] == found("jwt", f"{_JWT}.x")
    assert [_JWT] == found("jwt", f"{_JWT}.x.y")
    encrypted = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..aXY.Y2lwaGVy.dGFn"
    assert [encrypted] == found("jwt", encrypted)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jane.doe@example.com", "jane.doe@example.com"),
        ("jane+tag@mail.example.co.uk.", "jane+tag@mail.example.co.uk"),
        ("j@example.xn--p1ai", "j@example.xn--p1ai"),
        ("git@example.com", "git@example.com"),
        ("jane.doe@example.com.x", "jane.doe@example.com"),
        ("jane.doe@mail.example.co.uk.1.2", "jane.doe@mail.example.co.uk"),
        ("jane.doe@example.com.203", "jane.doe@example.com"),
        ("jane.doe@example.com-btc", "jane.doe@example.com"),
        ("jane.doe@example.org520VOYAGE", "jane.doe@example.org"),
    ],
)
def test_addresses_of_people(text: str, expected: str) -> None:
    """An address is found, a sentence's full stop stays."""
    assert [expected] == found("email", text)


@pytest.mark.parametrize(
    ("text", "candidate"),
    [
        ("git@github.com:org/repo", "git@github.com"),
        ("image@2x.png", None),
        ("Object@4b1c1ea0", None),
        ("@scope/pkg@1.2.3", "pkg@1.2.3"),
        ("user@host", None),
        ("lodash@4.17.21", None),
        ("a@-b.com", None),
        ("chunk@main.js", None),
        ("chunk@main.js.1", None),
        ("react-dom@18.2.0.x", None),
        ("user@host.x", None),
        ("package@host.rc1", None),
    ],
)
def test_what_is_no_address_survives(text: str, candidate: str | None) -> None:
    """Remotes, pictures, objects of Java, packages."""
    assert [] == found("email", text, candidate)


def test_device_state() -> None:
    """Found whole, with words glued before, and with the address cut off."""
    assert [_STATE] == found("device_state", _STATE)
    assert [_STATE] == found("device_state", "account" + _STATE)
    assert ["33q@355C817510C0EABF2F147145"] == found("device_state", "33q@355C817510C0EABF2F147145")
    assert [] == found("device_state", "mvbu1Gdy8SUj@355c817510c0eabf2f147145:0")


def test_device_id() -> None:
    """24 upper-case hex digits, free on both sides."""
    assert ["355C817510C0EABF2F147145"] == found("device_id", "355C817510C0EABF2F147145")
    assert [] == found("device_id", "355c817510c0eabf2f147145")
    assert [] == found("device_id", "123456789012345678901234")
    assert [] == found("device_id", "355C817510C0EABF2F147145AB", "355C817510C0EABF2F147145")


def test_email_behind_an_at_sign() -> None:
    """An address glued on by `@`, and the handle of a federated account."""
    assert ["jane@example.org"] == found("email", "wallet@jane@example.org", "jane@example.org")
    assert ["jane@mastodon.social"] == found(
        "email", "@jane@mastodon.social", "jane@mastodon.social"
    )


def test_device_id_glued_to_words_and_not_in_encoded_data() -> None:
    """Words may touch a device id; in base64 the same letters are no id."""
    device = "355C817510C0EABF2F147145"
    for text in (f"device{device}disconnected", f"myLongDeviceName/{device}", f"{device}zzzzzzzz"):
        assert [device] == found("device_id", text, device)
    assert [] == found("device_id", f"bAJ/I{device}L8gEUQqXkBvRtYboCIRm", device)
    assert [] == found("device_id", f"iEzkD6AEgBAJqXkBvRtYb/I{device} x", device)
