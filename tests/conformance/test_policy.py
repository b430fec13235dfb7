"""Our policy: consent, refusals, and what Suite's clients are like. Not another relay's."""

import json
from typing import Any

import pytest

from tests.conformance.conftest import COINJOIN, DISCARDING, MINIMAL
from tests.conformance.target import (
    KEY,
    NEEDLE,
    WITH_KEY,
    Target,
    envelope,
    event,
    event_envelope,
    new_id,
    path,
)
from tests.system.running import Headers

pytestmark = pytest.mark.ours
rows = pytest.mark.rows

MARK = "zebra-in-the-payload"
XPUB = (
    "xpub6BiVtCpG9fQPxnPmHXG8PhtzQdWC2Su4qWu6XW9tpWFYhxydCLJGrWBJZ5H6qTAHdPQ7pQhtpjiYZVZARo14q"
    "HiDGcosDsPj4Vq4HuaHFYp"
)


def untold(**more: Any) -> dict[str, Any]:
    """An event that says nothing of consent."""
    document = event(message=MARK)
    del document["tags"]
    return document | more


FORMS: dict[str, tuple[Headers, str, str, dict[str, Any], int]] = {
    "nothing": ((), "", "", {}, 403),
    "header true": ((("X-Suite-Consent", "true"),), "", "", {}, 200),
    "header granted, its name in lower case": ((("x-suite-consent", "granted"),), "", "", {}, 200),
    "header no": ((("X-Suite-Consent", "no"),), "", "", {}, 403),
    "query granted": ((), "&consent=granted", "", {}, 200),
    "query true": ((), "&consent=true", "", {}, 200),
    "query empty": ((), "&consent=", "", {}, 403),
    "path prefix": ((), "", "/consented", {}, 200),
    "envelope header": ((), "", "", {"consent": True}, 200),
    "envelope header denies": ((), "", "", {"consent": False}, 403),
    "a denial beside grants": (
        (("X-Suite-Consent", "false"),),
        "&consent=true",
        "/consented",
        {"consent": True},
        403,
    ),
}


@rows("policy/consent-forms", "policy/refusal", "routes/consented")
@pytest.mark.parametrize("form", list(FORMS))
def test_consent_beside_the_event(target: Target, form: str) -> None:
    """Each channel grants alone, and one denial stops all."""
    headers, query, prefix, head, status = FORMS[form]
    document = untold()
    body = envelope({"event_id": document["event_id"], **head}, ("event", document))
    where = path("envelope", prefix=prefix) + f"?sentry_key={KEY}{query}"
    reply = target.send("POST", where, *headers, body=body)
    assert status == reply.status
    if status == 200:
        assert "consent" not in target.upstream.of(document["event_id"]).head
    else:
        assert set() == {"retry-after", "x-sentry-rate-limits"} & reply.headers.keys()
        assert {"detail", "causes"} == reply.json().keys()


TAGS = {
    "true": ({"allowReport": True}, 200, None),
    "true as text": ({"allowReport": "true"}, 200, None),
    "a pair": ([["allowReport", "true"]], 200, None),
    "a pair by names": ([{"key": "allowReport", "value": "true"}], 200, None),
    "false": ({"allowReport": False}, 403, "consent_denied"),
    "false in a pair": ([["allowReport", "false"]], 403, "consent_denied"),
    "another word": ({"allowReport": "yes"}, 403, "consent_denied"),
    "absent": ({"other": True}, 403, "consent_missing"),
    "null tags": (None, 403, "consent_missing"),
}


@rows("suite/tag", "policy/consent-forms", "policy/refusal", "answers/403")
@pytest.mark.parametrize("tags", list(TAGS))
def test_consent_by_tag(target: Target, tags: str) -> None:
    """The tag decides; a refusal says which of the two it is, and never how long to wait."""
    value, status, cause = TAGS[tags]
    document = untold(tags=value)
    body = envelope({"event_id": document["event_id"]}, ("event", document))
    reply = target.send("POST", path("envelope"), *WITH_KEY, body=body)
    assert (status, [cause] if cause else None) == (reply.status, reply.json().get("causes"))
    assert set() == {"retry-after", "x-sentry-rate-limits"} & reply.headers.keys()
    assert MARK not in repr(reply)


@rows("policy/refusal-200")
def test_a_refusal_that_looks_like_a_success(target: Target) -> None:
    """With `answer: 200` nobody is told, and nothing goes on."""
    document = untold()
    where = path("envelope", DISCARDING)
    body = envelope({"event_id": document["event_id"]}, ("event", document))
    assert 200 == target.send("POST", where, *WITH_KEY, body=body).status
    target.settle()
    assert not target.upstream.holds(document["event_id"].encode())


@rows("policy/minimal")
def test_a_skeleton_where_consent_is_missing(target: Target) -> None:
    """The place of the mistake arrives, and nothing that a user brought."""
    frame = {"function": "sync", "lineno": 7, "filename": "/home/jane/app/sync.js"}
    fault = {"type": "TypeError", "value": MARK, "stacktrace": {"frames": [frame]}}
    document = untold(exception={"values": [fault]}, user={"id": MARK}, extra={"a": MARK})
    where = path("envelope", MINIMAL)
    body = envelope({"event_id": document["event_id"]}, ("event", document))
    assert 200 == target.send("POST", where, *WITH_KEY, body=body).status
    arrival = target.upstream.of(document["event_id"])
    [arrived] = arrival.one("event").json()["exception"]["values"]
    frames = [{"function": "sync", "lineno": 7, "filename": "sync.js"}]
    assert {"type": "TypeError", "stacktrace": {"frames": frames}} == arrived
    assert MARK.encode() not in arrival.body


@rows("suite/coinjoin")
def test_a_coinjoin_report(target: Target) -> None:
    """Its only flag counts where a project names it, and is silence elsewhere."""
    document = {"message": "a", "level": "error", "tags": {"coinjoinReport": True}}
    body = envelope({}, ("event", document))
    reply = target.send("POST", path("envelope", COINJOIN), *WITH_KEY, body=body)
    assert 200 == reply.status
    arrived = target.upstream.of(reply.json()["id"]).one("event").json()
    assert document["tags"].items() <= arrived["tags"].items()
    assert 403 == target.send("POST", path("envelope"), *WITH_KEY, body=body).status


@rows("policy/consent-forms")
def test_the_users_own_act_is_consent(target: Target) -> None:
    """A feedback and a user report pass with no word of consent; an event does not."""
    feedback = untold(type="feedback", contexts={"feedback": {"message": "it broke"}})
    report = {"event_id": new_id(), "name": "a", "email": "a@example.com", "comments": "b"}
    statuses = [
        target.send("POST", path("envelope"), *WITH_KEY, body=envelope({}, item)).status
        for item in (("feedback", feedback), ("user_report", report), ("event", untold()))
    ]
    assert [200, 200, 403] == statuses


@rows("clients/sent-again")
def test_what_is_sent_again_is_one(target: Target) -> None:
    """Electron's queue sends an event again, with another time of sending: it arrives once."""
    document = event()
    for second in range(2):
        head = {"event_id": document["event_id"], "sent_at": f"2026-11-26T10:00:0{second}Z"}
        reply = target.post("envelope", envelope(head, ("event", document)))
        assert (200, {"id": document["event_id"]}) == (reply.status, reply.json())
    target.settle()
    heads = [one.head.get("event_id") for one in target.upstream.envelopes()]
    assert 1 == heads.count(document["event_id"])


# --- how Suite's clients behave ------------------------------------------------------------------


def arrived(target: Target, **more: Any) -> dict[str, Any]:
    """Send an event with these fields; return it as it arrived."""
    document = event(**more)
    arrival = target.deliver({"event_id": document["event_id"]}, ("event", document))
    return dict(arrival.one("event").json())


@rows("suite/cut")
@pytest.mark.parametrize("value", [XPUB, "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"])
def test_a_value_that_was_cut(target: Target, value: str) -> None:
    """At 500 characters an address or key loses its end; what is left of it goes all the same."""
    text = ("could not sync " * 60)[: 500 - 30] + value[:30]
    assert 500 == len(text)
    found = arrived(target, message=text)["message"]
    assert (True, False) == (text[:400] in found, value[:20] in found)


@rows("suite/account-keys")
def test_account_keys(target: Target) -> None:
    """They glue key, coin and device together, and stand as keys of objects."""
    glued = f"{XPUB}-btc-mvbu1Gdy8SUjTenqerxUaZyYjmveZvt33q@62155D38A619EFF303BFE708:1"
    found = json.dumps(arrived(target, extra={"accounts": {glued: {"balance": "1"}}, "key": glued}))
    parts = (XPUB[:30], "mvbu1Gdy8SUjTenqerxUaZyYjmveZvt33q", "62155D38A619EFF303BFE708")
    assert [] == [part for part in parts if part in found]


@rows("suite/onion", "upstream/headers")
def test_an_onion_service(target: Target) -> None:
    """Its Host is taken; what forwarding headers say is not, and does not go on."""
    host = "suitexyzabcdefghijklmnopqrstuvwxyz234567abcdefghijklmnop.onion"
    event_id = new_id()
    headers = (("Host", host), ("X-Forwarded-For", NEEDLE), ("X-Forwarded-Host", "other.test"))
    body = event_envelope(event_id)
    reply = target.send("POST", path("envelope"), *WITH_KEY, *headers, body=body)
    assert 200 == reply.status
    target.upstream.of(event_id)
    assert not target.upstream.holds(host.encode())
    assert not target.upstream.holds(b"other.test")


@rows("suite/user-id")
def test_user_id_is_hashed(target: Target) -> None:
    """The same user gets the same pseudonym, which is not the id."""
    own = new_id()
    first, second = (arrived(target, user={"id": own})["user"]["id"] for _ in range(2))
    assert first == second
    assert own not in first


@rows("suite/breadcrumbs")
def test_the_instance_id_in_a_breadcrumb(target: Target) -> None:
    """Analytics URLs hold the id of the instance."""
    instance = "0DUJkyK4sd"
    url = f"https://data.trezor.io/suite/log/desktop/stable.log?c_type=a&c_instance_id={instance}"
    crumbs = [{"category": "fetch", "data": {"url": url, "method": "GET", "status_code": 200}}]
    found = arrived(target, breadcrumbs=crumbs)
    assert 200 == found["breadcrumbs"][0]["data"]["status_code"]
    assert instance not in json.dumps(found)
