"""Item kinds: what arrives upstream of each, and what does not."""

import json

import pytest

from tests.conformance.kinds import ARRIVING, DROPPED, PERSONAL
from tests.conformance.target import NEEDLE, Target, event, new_id

rows = pytest.mark.rows
ours = pytest.mark.ours


@rows(
    "kinds/event", "kinds/security", "kinds/user_report", "kinds/session", "kinds/check_in",
    "kinds/container", "kinds/profile", "kinds/replay_event", "kinds/attachment",
    "kinds/view_hierarchy",
)  # fmt: skip
@pytest.mark.parametrize("what", list(ARRIVING))
def test_a_kind_arrives(target: Target, what: str) -> None:
    """It is taken alone, and is there upstream as an item of its kind with what it is for."""
    sample = ARRIVING[what]
    event_id = new_id() if sample.kind == "client_report" else sample.event_id
    item = (sample.kind, sample.payload, sample.header)
    arrival = target.deliver({"event_id": event_id}, item)
    payload = arrival.one(sample.kind).payload
    assert [] == [kept for kept in sample.stays if kept not in payload]


@ours
@rows(
    "kinds/event", "kinds/security", "kinds/user_report", "kinds/session", "kinds/check_in",
    "kinds/container", "kinds/profile", "kinds/replay_event", "kinds/attachment",
    "kinds/view_hierarchy",
)  # fmt: skip
@pytest.mark.parametrize("what", list(ARRIVING))
def test_a_kind_is_scrubbed(target: Target, what: str) -> None:
    """What is personal in it is gone; in UTF-16 too."""
    sample = ARRIVING[what]
    needles = [
        text for needle in PERSONAL for text in (needle, needle.decode().encode("utf-16-le"))
    ]
    sent = sample.payload + json.dumps(sample.header).encode()
    assert [needle for needle in needles if needle in sent]
    event_id = new_id()
    payload = sample.payload.replace(sample.event_id.encode(), event_id.encode())
    arrival = target.deliver({"event_id": event_id}, (sample.kind, payload, sample.header))
    assert [] == [needle for needle in needles if needle in arrival.body]


@rows("clients/several-kinds")
def test_many_kinds_in_one_envelope(target: Target) -> None:
    """A profile before its transaction, a session, a report of the client: all arrive, in order."""
    names = ("profile", "transaction", "session", "attachment, text", "client_report")
    samples = [ARRIVING[name] for name in names]
    event_id = new_id()
    items = [
        (
            sample.kind,
            sample.payload.replace(sample.event_id.encode(), event_id.encode()),
            sample.header,
        )
        for sample in samples
    ]
    arrival = target.deliver({"event_id": event_id}, *items)
    kinds = [item.kind for item in arrival.all_items]
    # A relay may add a report of its own at the end.
    assert [sample.kind for sample in samples] == kinds[: len(samples)]


@ours
@rows("kinds/session")
@pytest.mark.parametrize("what", ["session", "sessions"])
def test_a_session_without_a_person(target: Target, what: str) -> None:
    """`did` is hashed, address and browser are gone, release and counts are as they were."""
    document = json.loads(ARRIVING[what].payload)
    event_id = new_id()
    arrived = target.deliver({"event_id": event_id}, (what, document)).one(what).json()
    assert {"release": "suite@24.11.1"} == arrived["attrs"]
    one, sent = arrived, document
    if what == "sessions":
        one, sent = arrived["aggregates"][0], document["aggregates"][0]
    assert one["did"]
    assert NEEDLE not in one["did"]
    assert {k: v for k, v in sent.items() if k not in ("did", "attrs")} == {
        k: v for k, v in one.items() if k not in ("did", "attrs")
    }


@ours
@rows("kinds/container")
@pytest.mark.parametrize("what", ["span", "log", "trace_metric"])
def test_attributes_keep_their_types(target: Target, what: str) -> None:
    """A typed attribute stays one: its value is scrubbed, its type is not touched."""
    sample = ARRIVING[what]
    arrival = target.deliver({"event_id": new_id()}, (what, sample.payload, sample.header))
    [one] = arrival.one(what).json()["items"]
    attributes = one["attributes"]
    assert {"type": "integer", "value": 503} == attributes["http.response.status_code"]
    assert "string" == attributes["code.file.path"]["type"]
    assert attributes["code.file.path"]["value"].endswith("app.js")


@ours
@rows("kinds/attachment", "fields/item-header")
def test_the_name_of_a_file(target: Target) -> None:
    """It is scrubbed as text is."""
    header = {"filename": f"log of {NEEDLE} in C:\\Users\\jane\\a.txt"}
    arrival = target.deliver({"event_id": new_id()}, ("attachment", b"text", header))
    found = arrival.one("attachment").header["filename"]
    assert ("log of ", True) == (found[:7], found.endswith("a.txt"))
    assert (False, False) == (NEEDLE in found, "jane" in found)


@ours
@rows(
    "kinds/replay_recording", "kinds/replay_video", "kinds/minidump", "kinds/attachment-other",
    "kinds/form_data", "kinds/unknown",
)  # fmt: skip
@pytest.mark.parametrize("what", list(DROPPED))
def test_a_kind_that_does_not_go_on(target: Target, what: str) -> None:
    """It is dropped, counted, and the other items of its envelope arrive."""
    sample = DROPPED[what]
    before = target.own.count("relay_items_total") if target.own is not None else None
    event_id = new_id()
    document, note = event(event_id), ("attachment", b"some text", {"filename": "a.txt"})
    items = (("event", document), (sample.kind, sample.payload, sample.header), note)
    arrival = target.deliver({"event_id": event_id}, *items)
    assert ["event", "attachment"] == [item.kind for item in arrival.items]
    assert sample.payload not in arrival.body
    if target.own is not None and before is not None:
        after = target.own.count("relay_items_total") - before
        reason = "unknown_item" if "kind" in what else "item_policy"
        assert {reason: 1, "accepted": 2} == {
            word: sum(n for labels, n in after.items() if word in labels)
            for word in {label for labels in after for label in labels}
            & {"unknown_item", "item_policy", "accepted", "invalid", "scrub_failed"}
        }


@ours
@rows("kinds/unknown", "answers/form")
def test_an_envelope_of_nothing_that_is_known(target: Target) -> None:
    """200, as for anything that is taken; nothing of it goes on."""
    mark = new_id()
    body = f'{{}}\n{{"type":"brand_new"}}\n{{"a":"{mark}"}}'.encode()
    assert 200 == target.post("envelope", body).status
    target.settle()
    assert not target.upstream.holds(mark.encode())
