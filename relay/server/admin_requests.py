"""What requests to the admin port must look like: no more in them than is known.

Law of this file: a request that changes something is JSON, which no page of another origin can send
by itself. What is wrong is said in words of ours, and repeats nothing of the request.
"""

import asyncio
from typing import Any, Final, NoReturn

from aiohttp import hdrs, web

from relay import jsonio
from relay.errors import RelayError

MAX_BODY: Final = 32_768
"""Bytes of a request's body."""

BODY_SECONDS: Final = 5.0


async def read_body(request: web.Request, *known: str) -> dict[str, Any]:
    """Read a body of JSON: a map with no other keys."""
    only(request.query)
    if request.content_type != "application/json" or hdrs.CONTENT_ENCODING in request.headers:
        raise web.HTTPUnsupportedMediaType
    if (request.content_length or 0) > MAX_BODY:
        raise web.HTTPRequestEntityTooLarge(MAX_BODY, request.content_length or 0)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            data = await request.read()
            body = jsonio.loads(data)
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except ValueError:
        wrong("the body is no JSON")
    if jsonio.repeats(data, known):
        wrong("the body has a key twice")
    if not isinstance(body, dict) or not body.keys() <= {*known}:
        wrong(f"the body must be a map with no other keys than {', '.join(known) or 'none'}")
    return body


def only(query: Any, *known: str) -> None:
    """Refuse a query that says anything else, or says something twice."""
    if not set(query) <= {*known} or len(query) != len(set(query)):
        wrong(f"the query may say {', '.join(known) or 'nothing'}")


class WrongRequestError(RelayError):
    """What the caller must put right (400); the text holds nothing of the request."""

    status = web.HTTPBadRequest.status_code
    reason = "invalid"


def wrong(detail: str) -> NoReturn:
    """Refuse a request for a reason in words of ours."""
    raise WrongRequestError(detail)
