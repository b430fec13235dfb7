"""Every field of every kind of item: what is planted there is gone, and the rest is as it was."""

from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import relay
from relay.jsonio import dumps
from relay.scrub.scrubber import Scrubber
from tests.unit.scrub.items.documents import (
    DOCUMENTS,
    PHRASE,
    PLANTS,
    Document,
    Spot,
    at,
    changed,
    forms,
    maps,
    planted,
    scrubbed,
    texts,
    without,
)


def shown(spot: Spot) -> str:
    return ".".join(map(str, spot)) or "(root)"


TEXTS = [
    pytest.param(document, spot, id=f"{document.name}-{shown(spot)}")
    for document in DOCUMENTS.values()
    for spot in texts(document.document)
]
MAPS = [
    pytest.param(document, spot, id=f"{document.name}-{shown(spot)}")
    for document in DOCUMENTS.values()
    for spot in maps(document.document)
]


PERSONAL = [
    pytest.param(document, spot, value, becomes, id=f"{document.name}-{shown(spot)}")
    for document in DOCUMENTS.values()
    for spot, value, becomes in document.personal
]


BY_DOCUMENT = {
    name: [param for param in (*TEXTS, *MAPS, *PERSONAL) if param.values[0].name == name]
    for name in DOCUMENTS
}

VERSIONS = (
    "release",
    "dist",
    "sdk.version",
    "packages.0.version",
    "sentry.release.value",
    "sentry.sdk.version.value",
)
"""Where four numbers by themselves are a version: `1.2.3.4` cannot be told from an address."""

HIDES = {
    "event": """
        user request.url request.query_string.* request.headers.* request.data.* request.env.*
        transaction exception.values.*.type exception.values.*.value message logentry.message
        logentry.formatted logentry.params.* extra.* contexts.* tags tags.* fingerprint.* modules
        exception.values.*.stacktrace.frames.*.abs_path
        exception.values.*.stacktrace.frames.*.filename
        exception.values.*.stacktrace.frames.*.module
        exception.values.*.stacktrace.frames.*.function
        exception.values.*.stacktrace.frames.*.context_line
        exception.values.*.stacktrace.frames.*.pre_context.*
        exception.values.*.stacktrace.frames.*.post_context.*
        exception.values.*.stacktrace.frames.*.vars exception.values.*.stacktrace.frames.*.vars.*
        breadcrumbs.*.message breadcrumbs.*.category breadcrumbs.*.data.* threads.*.name
        debug_meta.images.*.code_file debug_meta.images.*.debug_file server_name user.ip_address
        user.email user.username user.name user.id user.geo request.cookies""",
    "event-pairs": """
        request.data request.headers.*.* request.query_string.*.* request.env.*.* tags.*.*
        breadcrumbs.values.*.message threads.values.*.name request.cookies server_name""",
    "transaction": """
        transaction spans.*.description spans.*.data spans.*.data.* spans.*.tags.* tags.*
        contexts.trace.data.* user.ip_address spans.*.data.client.address""",
    "feedback": """
        contexts.feedback.message contexts.feedback.url contexts.feedback.name
        contexts.feedback.contact_email""",
    "security": "csp.document_uri csp.referrer csp.blocked_uri csp.source_file csp.script_sample",
    "raw_security-csp": """
        csp-report.document-uri csp-report.referrer csp-report.blocked-uri csp-report.source-file
        csp-report.script-sample csp-report.original-policy""",
    "raw_security-report": """
        *.url *.body.documentURL *.body.referrer *.body.blockedURL *.body.sourceFile *.body.sample
        *.user_agent""",
    "raw_security-others": "expect-ct-report.hostname noted-hostname",
    "nel": "url body.referrer body.server_ip user_agent",
    "user_report": "comments name email",
    "session": "did attrs.ip_address attrs.user_agent attrs.release attrs.environment",
    "sessions": "aggregates.*.did attrs.ip_address attrs.user_agent attrs.environment",
    "check_in": "monitor_slug environment monitor_config.owner contexts.trace server_name",
    "client_report": "discarded_events.*.reason",
    "metric_buckets": "*.name *.tags *.tags.*",
    "span": """
        items.*.name items.*.attributes items.*.attributes.url.full
        items.*.attributes.url.full.value items.*.attributes.process.command_args.value.*
        items.*.attributes.client.address items.*.attributes.user.email""",
    "span-one": "description data data.transaction tags.* data.client.address",
    "log": """
        items.*.body items.*.attributes items.*.attributes.sentry.message.parameter.*.value
        items.*.attributes.server.address items.*.attributes.user.ip_address""",
    "trace_metric": "items.*.name items.*.attributes items.*.attributes.page.value",
    "profile": """
        profile.frames.*.abs_path profile.frames.*.function profile.frames.*.module device.model
        transactions.*.name transaction.name transaction_tags transaction_tags.*
        transaction_metadata.* debug_meta.images.*.code_file""",
    "profile_chunk": "profile.frames.*.abs_path debug_meta.images.*.code_file environment",
    "replay_event": "urls.* tags tags.* segment_names.* request.url user.email user.ip_address",
    "view_hierarchy": "windows.*.children.*.text windows.*.identifier windows.*.label",
    "attachment-json": "page list.*.note nested",
}
"""The fields that are known to hide something, by document; `*` is any part of a path."""


@pytest.fixture(scope="module")
def scrubber() -> Scrubber:
    """The rules that ship."""
    return relay.load_scrubber(verify=False)


def test_all_that_is_known_to_hide_something_is_tried() -> None:
    """Each field of the list is in its document, and so in the tests below."""
    tried = {param.id for param in (*TEXTS, *MAPS, *PERSONAL)}
    wanted = {f"{name}-{path}" for name, paths in HIDES.items() for path in paths.split()}
    assert set() == {path for path in wanted if not any(fnmatchcase(one, path) for one in tried)}


@pytest.mark.parametrize("document", [pytest.param(d, id=d.name) for d in DOCUMENTS.values()])
def test_what_is_nobodys_stays(scrubber: Scrubber, document: Document) -> None:
    """Ids, times, releases, names of functions, schedules, units: nothing is redacted."""
    clean, _ = scrubbed(scrubber, document.item(document.document))
    assert {} == changed(document.document, clean)


@pytest.mark.parametrize(("document", "spot"), TEXTS)
def test_a_text_that_holds_something_personal(
    scrubber: Scrubber, document: Document, spot: Spot
) -> None:
    """Alone, among words, in a URL: it is gone, and the rest of the document is as it was."""
    was = at(document.document, spot)
    rest = without(document.document, spot)
    leaks = []
    for name, (plant, secret) in [*PLANTS.items(), ("phrase", PHRASE)]:
        for value in forms(was, plant):
            clean, raw = scrubbed(scrubber, document.item(planted(document.document, spot, value)))
            is_version = name == "ipv4" and value == plant and shown(spot).endswith(VERSIONS)
            if secret.encode() in raw and not is_version:
                leaks.append((name, value))
            assert {} == changed(rest, without(clean, spot)), (name, value)
    assert [] == leaks


@pytest.mark.parametrize(("document", "spot", "value", "becomes"), PERSONAL)
def test_what_goes_for_where_it_stands(
    scrubber: Scrubber, document: Document, spot: Spot, value: Any, becomes: Any
) -> None:
    """Names, addresses to fill in, cookies: whatever they say, they are gone, and nothing else."""
    clean, raw = scrubbed(scrubber, document.item(planted(document.document, spot, value)))
    wanted = planted(document.document, spot, becomes)
    if becomes == "gone":
        wanted = without(wanted, spot)
    found = changed(wanted, clean)
    if "hash" in (becomes, becomes.get("value") if isinstance(becomes, dict) else ""):
        ((_, after),) = found.values()
        assert (5, 16 + 1 + 8) == (after.index(":") + 1, len(after) - 5)
        found = {}
    assert {} == found
    assert dumps(value) not in raw


@pytest.mark.parametrize(("document", "spot"), MAPS)
def test_a_key_that_is_something_personal(
    scrubber: Scrubber, document: Document, spot: Spot
) -> None:
    """It is gone, and the other keys are as they were."""
    leaks = []
    for name, (plant, secret) in PLANTS.items():
        given = planted(document.document, (*spot, plant), "x")
        clean, raw = scrubbed(scrubber, document.item(given))
        if secret.encode() in raw:
            leaks.append(name)
        here = at(clean, spot)
        for key in here.keys() - at(document.document, spot).keys():
            del here[key]
        assert {} == changed(document.document, clean), name
    assert [] == leaks


@pytest.mark.parametrize("document", [pytest.param(d, id=d.name) for d in DOCUMENTS.values()])
def test_what_a_value_was_before_goes_too(scrubber: Scrubber, document: Document) -> None:
    """`_meta` of a client holds what it has cut or changed; remarks and lengths may stay."""
    if not isinstance(document.document, dict):
        pytest.skip("a list has none")
    was = {"len": 7, "val": "Jane Doe", "chunks": [{"text": "Jane Doe", "type": "text"}]}
    meta = {"": {**was, "rem": [["Jane Doe", "x"]]}, "user": {"name": {"": was}}}
    clean, raw = scrubbed(scrubber, document.item({**document.document, "_meta": meta}))
    assert {} == changed(document.document, clean)
    assert b"Jane" not in raw


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_scrubbing_twice_changes_nothing(scrubber: Scrubber, data: st.DataObject) -> None:
    """Whatever is planted in an item, and wherever, its clean form is its own clean form."""
    document = DOCUMENTS[data.draw(st.sampled_from(sorted(DOCUMENTS)))]
    given = document.document
    for param in data.draw(st.lists(st.sampled_from(BY_DOCUMENT[document.name]), max_size=5)):
        plants = [plant for plant, _ in (*PLANTS.values(), PHRASE)]
        value = data.draw(st.sampled_from(plants) | st.text(max_size=20))
        if len(param.values) == 4:
            given = planted(given, param.values[1], param.values[2])
        elif isinstance(at(given, param.values[1]), str):
            given = planted(given, param.values[1], data.draw(st.sampled_from(forms("a", value))))
        else:
            given = planted(given, (*param.values[1], value), "x")
    once = scrubber.scrub_item(0, document.item(given)).item
    assert once is not None
    twice = scrubber.scrub_item(0, once).item
    assert twice is not None
    assert once.payload == twice.payload
    assert once.headers == twice.headers
