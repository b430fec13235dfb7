import pytest

from relay.errors import ScrubError
from relay.scrub.minidump.copying import Copying


def test_bytes_have_one_meaning() -> None:
    copying = Copying(bytes(16))
    assert copying.claim(0, 8, "a")
    assert not copying.claim(0, 8, "a")
    copying.claim(4, 8, "b")
    with pytest.raises(ScrubError):
        copying.check()
