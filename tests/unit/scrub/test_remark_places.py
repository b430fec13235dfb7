"""Where a remark stands when a key above its place has another name now."""

import json
from functools import cache

import relay


@cache
def shipped() -> relay.Scrubber:
    """The rules that ship."""
    return relay.load_scrubber(secret=b"test" * 8, verify=False)


def test_remarks_stand_below_the_new_name_of_a_key() -> None:
    """Keys and numbers between, which keep theirs, are as they were."""
    event = {"extra": {"203.0.113.77": {"inner": [0, {"a": "203.0.113.78"}]}, "b": "203.0.113.79"}}
    clean = json.loads(shipped().scrub_json(json.dumps(event).encode()).body)
    extra = clean["_meta"]["extra"]
    assert {"[ip]": {"inner": [0, {"a": "[ip]"}]}, "b": "[ip]"} == clean["extra"]
    for place in (extra["[ip]"], extra["[ip]"]["inner"]["1"]["a"], extra["b"]):
        assert "network/ip-address" == place[""]["rem"][0][0]
