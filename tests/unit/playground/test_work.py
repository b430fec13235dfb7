"""What the playground's process answers, without the process."""

import json
from pathlib import Path
from typing import Any

import pytest

from relay.playground.work import MOST_RULES, Op, Work, _new_id
from relay.rulefiles import read
from relay.scrub.hashing import HashKeys
from tests.unit.workbench.test_trying import EVENT, TICKET

NETWORK = read([Path(__file__).parents[3] / "rules" / "network"])


@pytest.fixture(scope="module")
def work() -> Work:
    made = Work(HashKeys(b"k" * 32))
    files = [[text.name, f"/somewhere/{text.file}", text.text] for text in NETWORK]
    assert 200 == made.do(Op.LOAD, json.dumps(files).encode()).status
    return made


def ask(work: Work, op: Op, body: Any = None) -> tuple[int, Any]:
    """Ask; return status and JSON."""
    answer = work.do(op, json.dumps(body).encode())
    return answer.status, json.loads(answer.body)


def trial(**changed: Any) -> dict[str, Any]:
    """A request to try a rule."""
    return {
        "rules": [{"name": "rule", "text": TICKET}],
        "base": "loaded",
        "sample": {"kind": "event", "text": EVENT},
        **changed,
    }


def test_rules_are_listed_with_their_texts(work: Work) -> None:
    """And with the words that a rule may use; not with where they lie."""
    status, found = ask(work, Op.RULES)
    assert 200 == status
    listed = {rule["id"]: rule for rule in found["rules"]}
    file = next(text for text in NETWORK if text.name == "ip-address")
    assert file.text == listed["network/ip-address"]["text"]
    assert "enforce" == listed["network/ip-address"]["status"]
    assert "somewhere" not in json.dumps(found)
    assert ("luhn" in found["checks"], "hash" in found["methods"]) == (True, True)


def test_a_rule_is_tried(work: Work) -> None:
    """The answer has the pieces, each redaction, and the examples."""
    status, found = ask(work, Op.TRY, trial())
    assert (200, []) == (status, found["mistakes"])
    assert [("scrubs", True)] * 2 + [("leaves", True)] * 2 == [
        (example["list"], example["passed"]) for example in found["examples"]
    ]
    ticket = {
        "rule": "support/ticket",
        "path": "message",
        "method": "replace",
        "span": [0, 8],
        "part": "",
    }
    assert ticket in found["redactions"]
    assert {"text": "[ticket]", **ticket} in found["result"]["segments"]
    assert ["support/ticket"] == found["edited"]


def test_an_example_that_fails_shows_what_came_out(work: Work) -> None:
    """Wanted and got stand there as text; a document as indented JSON."""
    text = TICKET.replace("XTKT-48213", "TKT-48213")
    _, found = ask(work, Op.TRY, trial(rules=[{"name": "rule", "text": text}]))
    failed = [example for example in found["examples"] if not example["passed"]]
    assert 1 == len(failed)
    assert {"extra": {"note": "[ticket]"}} == json.loads(failed[0]["got"])
    assert (13, "leaves", "support/ticket") == (
        failed[0]["line"],
        failed[0]["list"],
        failed[0]["rule"],
    )


def test_mistakes_come_without_a_result(work: Work) -> None:
    """A rule that does not load has its mistakes, by line."""
    _, found = ask(work, Op.TRY, trial(rules=[{"name": "rule", "text": "id: a/b\n"}]))
    assert (None, [], []) == (found["result"], found["examples"], found["redactions"])
    assert {"file", "line", "message", "hint"} == found["mistakes"][0].keys()


def test_what_is_dropped_is_told(work: Work) -> None:
    """By number, kind and reason."""
    sample = {"kind": "envelope", "text": '{}\n{"type":"what"}\n{}'}
    _, found = ask(work, Op.TRY, trial(sample=sample))
    assert [{"item": 1, "kind": "unknown", "reason": "unknown_item"}] == found["result"]["dropped"]


def test_headings_and_shadow_hits_are_told(work: Work) -> None:
    """A heading is one, and a shadow rule has its hits."""
    envelope = "{}\n" + json.dumps({"type": "event"}) + "\n" + EVENT
    rules = [{"name": "rule", "text": "status: shadow\n" + TICKET}]
    _, found = ask(work, Op.TRY, trial(sample={"kind": "envelope", "text": envelope}, rules=rules))
    assert {"text": "item 1, event", "heading": True} in found["result"]["segments"]
    assert [{"rule": "support/ticket", "hits": 1}] == found["result"]["shadow"]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        trial(more=1),
        trial(base="both"),
        trial(rules={}),
        trial(rules=[{"name": "a"}]),
        trial(rules=[{"name": "a", "text": 1}]),
        trial(rules=[{"name": "a", "text": ""}] * (MOST_RULES + 1)),
        trial(sample={"kind": "event", "text": None}),
        trial(sample={"kind": "hunter2", "text": ""}),
        trial(sample="hunter2"),
    ],
)
def test_a_request_that_is_none_is_refused(work: Work, body: Any) -> None:
    """In words that repeat nothing of it."""
    status, found = ask(work, Op.TRY, body)
    assert (400, []) == (status, found["causes"])
    assert "hunter2" not in found["detail"]


def test_no_json_is_refused(work: Work) -> None:
    """A body that is no JSON is a 400."""
    assert 400 == work.do(Op.TRY, b"hunter2").status


def test_a_mistake_of_ours_tells_nothing(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever breaks, its text stays inside; want of memory alone is for the process."""

    def fail(error: Exception) -> None:
        def fails(*_: Any, **__: Any) -> None:
            raise error

        monkeypatch.setattr("relay.playground.work.try_rules", fails)

    fail(ValueError("hunter2"))
    assert (500, "internal error") == ((a := ask(work, Op.TRY, trial()))[0], a[1]["detail"])
    fail(MemoryError())
    with pytest.raises(MemoryError):
        ask(work, Op.TRY, trial())


def place(text: str, of: str, **changed: Any) -> dict[str, Any]:
    """A request for suggestions, with the caret in a text."""
    start = text.index(of) + 1
    sample = {"kind": "event", "text": text}
    return {"sample": sample, "start": start, "end": start, "choice": None, **changed}


SUPPORT = '{"extra": {"supportTicket": "TKT-48213", "from": "203.0.113.42", "ok": true}}'


def test_a_value_gets_selectors_and_a_draft(work: Work) -> None:
    """The draft is a rule that loads, passes its examples, and takes the value away."""
    status, found = ask(work, Op.SUGGEST, place(SUPPORT, "TKT"))
    assert (200, "", "extra.supportTicket", "string", False, []) == (
        status,
        *(found[key] for key in ("problem", "path", "value_type", "part", "caught_by")),
    )
    assert "extra.supportTicket" in [one["selector"] for one in found["selectors"]]
    assert {"selector", "note", "way"} == found["selectors"][0].keys()
    assert "id: app/support-ticket\n" in found["draft"]
    rules = [{"name": "rule", "text": found["draft"]}]
    _, tried = ask(work, Op.TRY, trial(rules=rules, sample={"kind": "event", "text": SUPPORT}))
    assert ([], True) == (tried["mistakes"], all(e["passed"] for e in tried["examples"]))
    assert "app/support-ticket" in {one["rule"] for one in tried["redactions"]}


def test_a_selector_can_be_chosen(work: Work) -> None:
    """Each of the suggestions gives a draft, or says why it gives none."""
    _, found = ask(work, Op.SUGGEST, place(SUPPORT, "TKT"))
    for number, one in enumerate(found["selectors"]):
        _, chosen = ask(work, Op.SUGGEST, place(SUPPORT, "TKT", choice=number))
        in_draft = one["selector"] in chosen["draft"] or one["way"] == "key"
        assert in_draft or chosen["problem"]
    assert 400 == ask(work, Op.SUGGEST, place(SUPPORT, "TKT", choice=99))[0]


def test_what_is_caught_already_is_said(work: Work) -> None:
    """Who clicks on a value that a rule takes gets to know the rule."""
    _, found = ask(work, Op.SUGGEST, place(SUPPORT, "203"))
    assert ["network/ip-address"] == found["caught_by"]


def test_where_no_rule_can_be_drafted_it_says_why(work: Work) -> None:
    """Selectors may be there all the same."""
    _, found = ask(work, Op.SUGGEST, place(SUPPORT, "true"))
    assert ("", True, True) == (found["draft"], bool(found["problem"]), bool(found["selectors"]))
    _, found = ask(work, Op.SUGGEST, place("hunter2 is no JSON", "unt"))
    assert ({"problem"}, False) == (found.keys(), "hunter2" in found["problem"])


@pytest.mark.parametrize("changed", [{"start": -1}, {"end": True}, {"start": "1"}, {"choice": []}])
def test_a_place_is_a_number(work: Work, changed: dict[str, Any]) -> None:
    """Nothing else is taken for one."""
    assert 400 == ask(work, Op.SUGGEST, place(SUPPORT, "TKT", **changed))[0]


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("", "app/new-rule"),
        ("user_id", "app/user-id"),
        ("X-Real-Ip", "app/x-real-ip"),
        ("é", "app/new-rule-2"),
        ("a" * 99, f"app/{'a' * 40}"),
    ],
)
def test_a_draft_has_an_id_of_its_own(key: str, name: str) -> None:
    """It is made of the key, and no other rule has it."""
    taken = {"app/new-rule"} if key else set()
    assert name == _new_id(key, taken)
