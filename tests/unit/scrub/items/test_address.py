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
    assert {"sdk": {"settings": {"other": 1, "infer_ip": "never"}, "name": "x"}} == event
    for odd in ({}, {"sdk": None}, {"sdk": {"settings": ["auto"]}}):
        never_infer_address(odd)
        assert {"sdk": {"settings": {"infer_ip": "never"}}} == odd


def test_spans_of_a_transaction() -> None:
    """The client's address goes from the attributes of spans and of the trace."""
    address = {"client.address": "{{auto}}", "x": 1}
    event = {
        "user": {"ip_address": "1.2.3.4"},
        "contexts": {"trace": {"data": {**address}}},
        "spans": [None, {"data": {**address}}, {"data": []}],
    }
    notes = forget_client_address(event)
    assert {
        "user": {},
        "contexts": {"trace": {"data": {"x": 1}}},
        "spans": [None, {"data": {"x": 1}}, {"data": []}],
    } == event
    assert [
        ("user", "ip_address"),
        ("contexts", "trace", "data", "client.address"),
        ("spans", 1, "data", "client.address"),
    ] == [note.path for note in notes]
    assert [] == forget_client_address({"user": [], "contexts": [], "spans": {}})
