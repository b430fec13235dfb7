"""The routes of the ingest port: one table of paths, methods, limits, forms and answers.

Law of this file: what is not in the table is 404. A route makes envelopes of what was posted and
decides nothing about them. Source: Sentry Relay's endpoints.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from uuid import UUID

from aiohttp import web

from relay.consent import PATH_PREFIX
from relay.errors import MalformedError, UnsupportedMediaError
from relay.intake import Taken
from relay.protocol.check_ins import check_in_envelope
from relay.protocol.ids import is_id
from relay.protocol.limits import Limits
from relay.protocol.minidump import RAW_TYPES, crash_envelope, files_envelope
from relay.protocol.multipart import is_multipart
from relay.protocol.reports import (
    NEL_TYPES,
    SECURITY_TYPES,
    check_media,
    nel_envelope,
    security_envelopes,
)
from relay.protocol.store import as_envelope, decode_store
from relay.server.answers import json_answer

PIXEL: Final = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
"""A transparent GIF of one pixel, the answer to a GET on store (GIF89a specification)."""

_PROJECT, _EVENT, _SLUG, _KEY = "{project}", "{event}", "{slug}", "{key}"


@dataclass(frozen=True, slots=True)
class Posted:
    """What a client sent to a route that is not for envelopes.

    Attributes:
        body: decompressed; of a GET on store, what its query holds.
        content_type: the header.
        query: the first value of each name.
        parameters: of the path.
        new_id: 32 hex digits for an event that brings no id of its own.
        limits: what holds for its project.
    """

    body: bytes = field(repr=False)
    content_type: str = field(repr=False)
    query: Mapping[str, str] = field(repr=False)
    parameters: Mapping[str, str] = field(repr=False)
    new_id: str
    limits: Limits


Convert = Callable[[Posted], Sequence[bytes]]
"""Makes envelopes of what was posted; raises RequestError where it is not what the route takes."""

Check = Callable[[str], None]
"""Holds a Content-Type against those of the route, before the body is read."""


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table.

    Attributes:
        name: what it is called in metrics.
        path: its segments; those in braces are parameters.
        methods: that it takes.
        limit: the field of `Limits` that bounds its body.
        answer: makes the answer to what was taken.
        convert: makes the envelopes; None where the body is one.
        check: of the Content-Type.
        limited: whether clients are told of rate limits with 429.
        packed: whether a small body may open to a large one.
    """

    name: str
    path: tuple[str, ...]
    methods: tuple[str, ...]
    limit: str
    answer: Callable[[Taken], web.Response]
    convert: Convert | None = None
    check: Check | None = None
    limited: bool = True
    packed: bool = False

    @property
    def single(self) -> bool:
        """Whether what is posted makes one envelope; only browsers send several reports at once."""
        return self.name != "security"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a path leads: the route, its parameters, whether the path began as consented."""

    route: Route
    parameters: Mapping[str, str] = field(repr=False)
    prefixed: bool

    @property
    def project(self) -> str | None:
        """The project id in the path."""
        return self.parameters.get("project")


def find_target(path: str) -> Target | None:
    """Return where a path leads, or None; doubled and missing final slashes do not matter."""
    parts = [part for part in path.split("/") if part]
    prefixed = bool(parts) and parts[0] == PATH_PREFIX
    if prefixed:
        del parts[0]
    for route in ROUTES:
        if len(route.path) == len(parts):
            parameters = _match(route.path, parts)
            if parameters is not None:
                return Target(route, parameters, prefixed)
    return None


def _match(path: Sequence[str], parts: Sequence[str]) -> dict[str, str] | None:
    parameters: dict[str, str] = {}
    for wanted, part in zip(path, parts, strict=True):
        if wanted[0] == "{":
            parameters[wanted[1:-1]] = part
        elif wanted != part:
            return None
    return parameters


# --- what was posted -> envelopes -----------------------------------------------------------------


def _store(posted: Posted) -> Sequence[bytes]:
    return (as_envelope(decode_store(posted.body, posted.limits)),)


def _security(posted: Posted) -> Sequence[bytes]:
    # An empty list is an envelope without items: answered, and counted as empty.
    return security_envelopes(posted.body, posted.query, posted.limits) or (b"{}",)


def _nel(posted: Posted) -> Sequence[bytes]:
    return (nel_envelope(posted.body),)


def _minidump(posted: Posted) -> Sequence[bytes]:
    return (crash_envelope(posted.body, posted.content_type, posted.new_id, posted.limits),)


def _attachments(posted: Posted) -> Sequence[bytes]:
    event_id = posted.parameters["event"]
    if not is_id(event_id):
        raise MalformedError("bad event id")
    plain = event_id.replace("-", "").lower()
    return (files_envelope(posted.body, posted.content_type, plain, posted.limits),)


def _cron(posted: Posted) -> Sequence[bytes]:
    slug = posted.parameters["slug"]
    return (check_in_envelope(slug, posted.body, posted.content_type, posted.query),)


def _check_security(content_type: str) -> None:
    check_media(content_type, SECURITY_TYPES)


def _check_nel(content_type: str) -> None:
    check_media(content_type, NEL_TYPES)


def _check_minidump(content_type: str) -> None:
    if not is_multipart(content_type):
        check_media(content_type, RAW_TYPES)


def _check_form(content_type: str) -> None:
    if not is_multipart(content_type):
        raise UnsupportedMediaError("unsupported media type")


# --- what was taken -> the answer -----------------------------------------------------------------


def _id(taken: Taken) -> web.Response:
    return json_answer({"id": taken.event_id} if taken.event_id is not None else {}, HTTPStatus.OK)


def _hyphens(taken: Taken) -> web.Response:
    return web.Response(text=str(UUID(taken.event_id)), content_type="text/plain", charset="utf-8")


def _empty(status: HTTPStatus) -> Callable[[Taken], web.Response]:
    return lambda _: web.Response(status=status)


_POST: Final = ("POST",)
_ok, _created, _accepted = map(_empty, (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED))

ROUTES: Final = (
    Route("envelope", ("api", _PROJECT, "envelope"), _POST, "envelope", _id),
    Route("tunnel", ("tunnel",), _POST, "envelope", _id),
    Route("store", ("api", _PROJECT, "store"), ("POST", "GET"), "body", _id, _store),
    Route("store", ("api", "store"), ("POST", "GET"), "body", _id, _store),
    Route(
        "security", ("api", _PROJECT, "security"), _POST, "body", _ok, _security, _check_security
    ),
    Route(
        "security", ("api", _PROJECT, "csp-report"), _POST, "body", _ok, _security, _check_security
    ),
    Route(
        "nel", ("api", _PROJECT, "nel"), _POST, "container", _ok, _nel, _check_nel, limited=False
    ),
    Route(
        "minidump", ("api", _PROJECT, "minidump"), _POST, "envelope", _hyphens, _minidump,
        _check_minidump, packed=True,
    ),
    Route(
        "attachments", ("api", _PROJECT, "events", _EVENT, "attachments"), _POST, "envelope",
        _created, _attachments, _check_form,
    ),
    Route(
        "cron", ("api", _PROJECT, "cron", _SLUG), ("GET", "POST"), "body", _accepted, _cron,
        limited=False,
    ),
    Route(
        "cron", ("api", _PROJECT, "cron", _SLUG, _KEY), ("GET", "POST"), "body", _accepted, _cron,
        limited=False,
    ),
)  # fmt: skip
