"""Consent, case by case: what is evidence, what it says, and what follows."""

from typing import Any

import pytest

from relay.consent import (
    ConsentPolicy,
    Evidence,
    ItemEvidence,
    Missing,
    Source,
    Verdict,
    decide,
    is_feedback,
    is_grant,
    read_envelope_evidence,
    read_event_evidence,
    read_request_evidence,
    refusal,
)
from relay.outcomes import Reason

POLICY = ConsentPolicy()
COINJOIN = ConsentPolicy(flags=("coinjoinReport",))
KEY = "6d91ca6e6a5d4de7b47989455858b5f6"


@pytest.mark.parametrize("value", [True, "true", 1, 1.0, "1", "granted"])
def test_values_that_grant(value: Any) -> None:
    """These grant, and 1.0 is 1: JSON has one kind of number."""
    assert is_grant(value) is True


@pytest.mark.parametrize(
    "value",
    [
        False, "false", 0, "0", "", "TRUE", "True", " true ", "true\n", "yes", "on", "y", "Granted",
        "denied", "1.0", "01", "\uff11", 2, -1, 1.5, 10**30, None, [], [True], {}, {"value": True},
    ],
)  # fmt: skip
def test_values_that_deny(value: Any) -> None:
    """Anything else that is present denies."""
    assert is_grant(value) is False


def grants(found: tuple[Evidence, ...], source: Source) -> list[bool]:
    assert {source} >= {one.source for one in found}
    return [one.granted for one in found]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        pytest.param({"allowReport": True}, [True], id="mapping"),
        pytest.param({"allowReport": "true", "other": False}, [True], id="text"),
        pytest.param({"allowReport": None}, [False], id="null-denies"),
        pytest.param({"allowreport": False}, [], id="tag-names-have-case"),
        pytest.param([["allowReport", "true"]], [True], id="pairs"),
        pytest.param([["a", "b"], ["allowReport", False]], [False], id="pairs-deny"),
        pytest.param([{"key": "allowReport", "value": "true"}], [True], id="objects"),
        pytest.param([{"key": "allowReport"}], [False], id="object-without-a-value-denies"),
        pytest.param([["allowReport"]], [False], id="pair-without-a-value-denies"),
        pytest.param([["allowReport", True, 1]], [False], id="triple-denies"),
        pytest.param(
            [["allowReport", True], {"key": "allowReport", "value": False}],
            [True, False],
            id="every-duplicate-counts",
        ),
        pytest.param([None, 7, [], "allowReport", [["allowReport"], True]], [], id="not-tags"),
        pytest.param("allowReport", [], id="text-is-no-tags"),
        pytest.param(None, [], id="null"),
        pytest.param({}, [], id="empty"),
    ],
)
def test_tags(tags: Any, expected: list[bool]) -> None:
    """Tags are read in every form that Sentry takes them in."""
    assert expected == grants(read_event_evidence({"tags": tags}, POLICY), Source.TAG)


@pytest.mark.parametrize("document", [None, [], "x", 1, {}, {"extra": {"allowReport": True}}])
def test_document_without_tags(document: Any) -> None:
    """Only top-level tags are evidence."""
    assert () == read_event_evidence(document, POLICY)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"coinjoinReport": True}, [True]),
        ({"allowReport": True}, [True]),
        ({"coinjoinReport": False}, [False]),
        ({"allowReport": True, "coinjoinReport": False}, [True, False]),
    ],
)
def test_further_flags(tags: Any, expected: list[bool]) -> None:
    """A further flag counts as the first does, grants and denials; absent it says nothing."""
    assert expected == grants(read_event_evidence({"tags": tags}, COINJOIN), Source.TAG)


def test_further_flag_counts_only_where_it_is_configured() -> None:
    """By default a coinjoin report has no consent."""
    assert () == read_event_evidence({"tags": {"coinjoinReport": True}}, POLICY)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], []),
        ([("X-Suite-Consent", "granted")], [True]),
        ([("x-suite-consent", "true")], [True]),
        ([("X-SUITE-CONSENT", "1")], [True]),
        ([("X-Suite-Consent", " granted\t")], [True]),
        ([("X-Suite-Consent", "\u00a0true")], [False]),
        ([("X-Suite-Consent", "Xtrue")], [False]),
        ([("X-Suite-Consent", "")], [False]),
        ([("X-Suite-Consent", "denied")], [False]),
        ([("X-Suite-Consent", "true"), ("x-suite-consent", "false")], [True, False]),
        ([("X-Suite-Consent", "true, false")], [True, False]),
        ([("X-Suite-Consent", "true,")], [True, False]),
        ([("X-Trezor-Consent", "false")], []),
    ],
)
def test_http_header(headers: list[tuple[str, str]], expected: list[bool]) -> None:
    """Names have no case; spaces around a header's value are not part of it; repeats all count."""
    assert expected == grants(read_request_evidence(POLICY, headers), Source.HTTP_HEADER)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ([("sentry_key", KEY)], []),
        ([("consent", "granted")], [True]),
        ([("consent", "")], [False]),
        ([("consent", " true")], [False]),
        ([("consent", "1"), ("consent", "0")], [True, False]),
    ],
)
def test_query(query: list[tuple[str, str]], expected: list[bool]) -> None:
    """The query counts each time, and an empty value denies."""
    assert expected == grants(read_request_evidence(POLICY, query=query), Source.URL)


def test_path_prefix() -> None:
    """The prefix before /api/ grants."""
    found = read_request_evidence(POLICY, prefixed=True)
    assert (Evidence(Source.PATH_PREFIX, granted=True),) == found


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, []),
        ({"consent": "granted"}, [(Source.ENVELOPE_HEADER, True)]),
        ({"consent": True}, [(Source.ENVELOPE_HEADER, True)]),
        ({"consent": None}, [(Source.ENVELOPE_HEADER, False)]),
        ({"consent": {}}, [(Source.ENVELOPE_HEADER, False)]),
        ({"Consent": False}, []),
        ({"dsn": f"https://{KEY}@h/consented/1"}, [(Source.PATH_PREFIX, True)]),
        ({"dsn": f"https://{KEY}@h/sentry/consented/1"}, [(Source.PATH_PREFIX, True)]),
        ({"dsn": f"https://{KEY}@h/not-consented/1"}, []),
        ({"dsn": f"https://{KEY}@h/consented/x/1"}, []),
        ({"dsn": f"https://{KEY}@h/1"}, []),
        ({"dsn": "consented"}, []),
        ({"dsn": 1}, []),
        (
            {"dsn": f"https://{KEY}@h/consented/1", "consent": 0},
            [(Source.ENVELOPE_HEADER, False), (Source.PATH_PREFIX, True)],
        ),
    ],
)
def test_envelope_header(headers: dict[str, Any], expected: list[tuple[Source, bool]]) -> None:
    """The envelope's own key counts, and the prefix in the DSN that a tunnel leaves only there."""
    found = read_envelope_evidence(headers, POLICY)
    assert expected == [(one.source, one.granted) for one in found]


def test_names_are_configurable() -> None:
    """Flag, header, envelope key and query are the policy's."""
    policy = ConsentPolicy(flag="ok", header="X-Ok", envelope_key="ok", query="q")
    found = (
        *read_request_evidence(policy, [("x-ok", "1")], [("q", "1")]),
        *read_envelope_evidence({"ok": 1}, policy),
        *read_event_evidence({"tags": {"ok": 1, "allowReport": 0}}, policy),
    )
    assert [True] * 4 == [one.granted for one in found]


def test_evidence_does_not_hold_the_value() -> None:
    """What was read stays out of the evidence: only where it stood and what it said."""
    found = read_event_evidence({"tags": {"allowReport": "jane@example.com"}}, POLICY)
    assert (Evidence(Source.TAG, granted=False),) == found


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"contexts": {"feedback": {"message": "it broke"}}}, True),
        ({"contexts": {"feedback": {}}, "exception": None, "threads": [], "spans": []}, True),
        ({"contexts": {"feedback": {}}, "exception": {"values": [{}]}}, False),
        ({"contexts": {"feedback": {}}, "threads": {"values": [{}]}}, False),
        ({"contexts": {"feedback": {}}, "spans": [{}]}, False),
        ({"contexts": {"feedback": "it broke"}}, False),
        ({"contexts": {"device": {}}}, False),
        ({"contexts": ["feedback"]}, False),
        ({}, False),
        (["contexts"], False),
        (None, False),
    ],
)
def test_feedback(document: Any, expected: bool) -> None:
    """A feedback has its context, and nothing of an error, a crash or a trace."""
    assert expected is is_feedback(document)


YES = Evidence(Source.TAG, granted=True)
NO = Evidence(Source.TAG, granted=False)
HEADER_YES = Evidence(Source.ENVELOPE_HEADER, granted=True)
HEADER_NO = Evidence(Source.ENVELOPE_HEADER, granted=False)
URL_YES = Evidence(Source.URL, granted=True)

G, D, M = Verdict.GRANTED, Verdict.DENIED, Verdict.MISSING
MINIMAL = ConsentPolicy(missing=Missing.MINIMAL)
FREE = ConsentPolicy(required=False)
NOT_EXPLICIT = ConsentPolicy(explicit=frozenset())


@pytest.mark.parametrize(
    ("policy", "shared", "items", "verdict", "verdicts"),
    [
        pytest.param(POLICY, [], [("event", YES)], G, [G], id="tag"),
        pytest.param(POLICY, [], [("event", NO)], D, [D], id="tag-denies"),
        pytest.param(POLICY, [], [("event",)], M, [M], id="nothing"),
        pytest.param(POLICY, [], [("event", YES, NO)], D, [D], id="duplicate-tags"),
        pytest.param(
            POLICY,
            [],
            [("event", YES), ("attachment",), ("session",)],
            G,
            [G, G, G],
            id="items-without-evidence-follow-the-event",
        ),
        pytest.param(
            POLICY, [HEADER_YES], [("session",), ("log",)], G, [G, G], id="envelope-header-covers"
        ),
        pytest.param(POLICY, [URL_YES], [("check_in",)], G, [G], id="url-covers"),
        pytest.param(POLICY, [HEADER_NO], [("event",)], D, [D], id="header-denies-event-is-silent"),
        pytest.param(POLICY, [HEADER_NO], [("event", YES)], D, [D], id="header-beats-tag"),
        pytest.param(POLICY, [URL_YES], [("event", NO)], D, [D], id="tag-beats-url"),
        pytest.param(
            POLICY,
            [URL_YES, HEADER_NO],
            [("session",), ("log",)],
            D,
            [D, D],
            id="one-denial-beats-all-grants",
        ),
        pytest.param(
            POLICY,
            [HEADER_YES],
            [("event", YES), ("feedback", NO), ("attachment",)],
            D,
            [D, D, D],
            id="feedback-denies-beside-an-event-that-grants",
        ),
        pytest.param(POLICY, [], [("feedback",)], M, [Verdict.EXPLICIT], id="feedback-is-explicit"),
        pytest.param(
            POLICY,
            [],
            [("user_report",), ("event",), ("attachment",)],
            M,
            [Verdict.EXPLICIT, M, M],
            id="explicit-carries-nothing-along",
        ),
        pytest.param(POLICY, [], [("feedback", NO)], D, [D], id="denial-inside-an-explicit-item"),
        pytest.param(POLICY, [HEADER_NO], [("feedback",)], D, [D], id="denial-beside-an-explicit"),
        pytest.param(POLICY, [], [("feedback", YES)], G, [G], id="grant-inside-an-explicit-item"),
        pytest.param(NOT_EXPLICIT, [], [("feedback",)], M, [M], id="explicit-can-be-empty"),
        pytest.param(
            MINIMAL,
            [],
            [("event",), ("attachment",), ("transaction",), ("user_report",), ("session",)],
            M,
            [Verdict.MINIMAL, M, M, Verdict.EXPLICIT, M],
            id="minimal-is-for-error-events",
        ),
        pytest.param(MINIMAL, [], [("event", NO)], D, [D], id="minimal-never-after-a-denial"),
        pytest.param(MINIMAL, [HEADER_NO], [("event",)], D, [D], id="minimal-nor-beside-one"),
        pytest.param(MINIMAL, [], [("event", YES)], G, [G], id="minimal-not-with-consent"),
        pytest.param(
            FREE,
            [HEADER_NO],
            [("event", NO), ("session",)],
            Verdict.NOT_REQUIRED,
            [Verdict.NOT_REQUIRED] * 2,
            id="not-required-looks-at-nothing",
        ),
        pytest.param(POLICY, [], [], M, [], id="no-items"),
        pytest.param(POLICY, [HEADER_NO], [], D, [], id="no-items-denied"),
    ],
)
def test_decide(
    policy: ConsentPolicy,
    shared: list[Evidence],
    items: list[tuple[Any, ...]],
    verdict: Verdict,
    verdicts: list[Verdict],
) -> None:
    """The verdicts of an envelope and of its items, one by one."""
    given = [ItemEvidence(kind, tuple(evidence)) for kind, *evidence in items]
    decision = decide(policy, shared, given)
    assert (verdict, tuple(verdicts)) == (decision.verdict, decision.items)


def test_decision_says_what_was_found() -> None:
    """All evidence is kept: the request's first, then what each item says, in order."""
    decision = decide(
        POLICY, [URL_YES], [ItemEvidence("event", (YES, NO)), ItemEvidence("log", (YES,))]
    )
    assert (URL_YES, YES, NO, YES) == decision.evidence


@pytest.mark.parametrize(
    ("shared", "kinds", "refused", "reason"),
    [
        ([], ["event"], True, Reason.CONSENT_MISSING),
        ([HEADER_NO], ["event", "feedback"], True, Reason.CONSENT_DENIED),
        ([HEADER_YES], ["event"], False, Reason.ACCEPTED),
        ([], ["event", "feedback"], False, Reason.ACCEPTED),
        ([], [], False, Reason.ACCEPTED),
        ([HEADER_NO], [], False, Reason.ACCEPTED),
    ],
)
def test_refused(shared: list[Evidence], kinds: list[str], refused: bool, reason: Reason) -> None:
    """A request is refused where it holds something and nothing of it passes."""
    decision = decide(POLICY, shared, [ItemEvidence(kind) for kind in kinds])
    assert (refused, reason) == (decision.refused, decision.reason)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_verdict_has_a_reason(verdict: Verdict) -> None:
    """Exactly the two bad verdicts drop, each with its own word."""
    drops = {D: Reason.CONSENT_DENIED, M: Reason.CONSENT_MISSING}
    assert drops.get(verdict, Reason.ACCEPTED) == verdict.reason
    assert (verdict not in drops) is verdict.passes


@pytest.mark.parametrize(
    ("shared", "cause", "detail"),
    [
        ([], "consent_missing", "nothing says that the user agreed"),
        ([HEADER_NO], "consent_denied", "the user has not agreed to reports"),
    ],
)
def test_refusal(shared: list[Evidence], cause: str, detail: str) -> None:
    """The error to answer is a 403 whose cause is the reason's word, and which says so."""
    error = refusal(decide(POLICY, shared, [ItemEvidence("event")]))
    assert cause == error.reason
    assert (403, detail, (cause,)) == (error.status, error.detail, error.causes)
