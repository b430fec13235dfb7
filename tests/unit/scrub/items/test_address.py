"""The client's address."""

from relay.scrub.items.address import (
    forget_attributes,
    forget_client_address,
    never_infer_address,
)


def test_attributes_of_a_session() -> None:
    """Only what says something is noted; what is no map has no attributes."""
    attributes = {"ip_address": None, "user_agent": "x", "release": "1"}
    assert [("attrs", "user_agent")] == [note.path for note in forget_attributes(attributes)]
    assert {"release": "1"} == attributes
    assert [] == forget_attributes(["ip_address"])


def test_a_clients_word_on_inferring_leaves_no_remark() -> None:
    """What the client says there gives way to ours, as if it had said nothing."""
    event = {"sdk": {"settings": {"infer_ip": "auto", "other": 1}, "name": "x"}}
    assert [] == forget_client_address(event)
    assert {"sdk": {"settings": {"other": 1}, "name": "x"}} == event
    never_infer_address(event)
    assert "never" == event["sdk"]["settings"]["infer_ip"]  # type: ignore[index]
