"""The whole error tree, on one screen.

Law of this file: every error that leaves a floor is one of these. An error carries the HTTP status
to answer and one reason word; its text never holds a value from a payload.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar


class RelayError(Exception):
    """The base of all our errors. `detail` is safe to show to anyone, `causes` too."""

    status: ClassVar[int] = HTTPStatus.INTERNAL_SERVER_ERROR
    reason: ClassVar[str] = "internal"

    def __init__(self, detail: str, causes: tuple[str, ...] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.causes = causes


# --- what a client sent --------------------------------------------------------------------------


class RequestError(RelayError):
    """A request that is answered with a 4xx."""

    status = HTTPStatus.BAD_REQUEST
    reason = "invalid"


class EnvelopeError(RequestError):
    """Bytes that are not an envelope (400)."""

    reason = "invalid_envelope"


class BodyError(RequestError):
    """A body that does not decompress, or ends too early (400)."""

    reason = "invalid_body"


class LateBodyError(BodyError):
    """A body that did not come in time (408)."""

    status = HTTPStatus.REQUEST_TIMEOUT


class StalledBodyError(LateBodyError):
    """A body of which nothing came any more (408)."""


class TooLargeError(RequestError):
    """A body, envelope or item over its limit, counted on decompressed bytes (413)."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    reason = "too_large"


class MalformedError(BodyError):
    """Bytes that are not a request in HTTP (400)."""


class ExpectationError(MalformedError):
    """An `Expect` header that asks for something else than `100-continue` (417)."""

    status = HTTPStatus.EXPECTATION_FAILED


class UnsupportedEncodingError(RequestError):
    """A Content-Encoding that we do not know (415)."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    reason = "unsupported_encoding"


class UnsupportedMediaError(RequestError):
    """A Content-Type that the route does not take (415)."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    reason = "invalid_body"


class AuthError(RequestError):
    """No, several or malformed credentials (401; 400 where the protocol says so, by subclass)."""

    status = HTTPStatus.UNAUTHORIZED
    reason = "auth"


class AuthMismatchError(AuthError):
    """Credentials that contradict each other, or a protocol version over 7 (400)."""

    status = HTTPStatus.BAD_REQUEST


class ProjectError(RequestError):
    """A project or key that is not configured here (403)."""

    status = HTTPStatus.FORBIDDEN
    reason = "unknown_project"


class ConsentError(RequestError):
    """Nothing says that the user agreed (403); the answer has the reason in `causes`."""

    status = HTTPStatus.FORBIDDEN
    reason = "consent_missing"


class ConsentDeniedError(ConsentError):
    """Something says that the user did not agree (403)."""

    reason = "consent_denied"


class RouteError(RequestError):
    """A path that we do not take (404)."""

    status = HTTPStatus.NOT_FOUND
    reason = "unknown_route"


class MethodError(RouteError):
    """A method that the route does not take (405); `allowed` are those that it does."""

    status = HTTPStatus.METHOD_NOT_ALLOWED

    def __init__(self, allowed: tuple[str, ...]) -> None:
        super().__init__("method not allowed")
        self.allowed = allowed


# --- what we could not do ------------------------------------------------------------------------


class SpoolFullError(RelayError):
    """The spool has reached its bound (429 with Retry-After)."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    reason = "spool_full"


class SpoolUnavailableError(RelayError):
    """The spool cannot be written, for instance because the disk is full (503)."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    reason = "spool_unavailable"


class StoreError(RelayError):
    """The store of usage events cannot be reached, read or written; worth another try."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    reason = "store_unavailable"


class SpoolDamagedError(SpoolUnavailableError):
    """The file of the spool is broken; the next start sets it aside (ends the process)."""


class OverloadedError(RelayError):
    """Too many bytes of bodies are under way (503 with Retry-After)."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    reason = "overloaded"


class RateLimitedError(RelayError):
    """All of it falls under limits of the upstream (429); see `protocol.rate_limits`.

    `limits` is the value of X-Sentry-Rate-Limits to answer with, `retry_after` is in seconds.
    """

    status = HTTPStatus.TOO_MANY_REQUESTS
    reason = "rate_limited"

    def __init__(self, limits: str, retry_after: int) -> None:
        super().__init__("Sentry dropped data due to a quota or internal rate limit being reached.")
        self.limits = limits
        self.retry_after = retry_after


class UpstreamError(RelayError):
    """The upstream could not be reached or closed early; it may be tried again."""

    reason = "upstream"


class ScrubError(RelayError):
    """A document that cannot be scrubbed inside its bounds; it is dropped, never forwarded."""

    reason = "scrub_failed"


# --- what an operator wrote ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in a file of ours: where, what, and what may have been meant."""

    file: str
    line: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.file}:{self.line}: {self.message}{hint}"


class MistakesError(RelayError):
    """One or more mistakes in files that an operator wrote; all of them at once."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(map(str, mistakes)), tuple(map(str, mistakes)))
        self.mistakes = mistakes


class RuleError(MistakesError):
    """A set of rule files that does not load, or fails its own examples."""

    reason = "rules"


class ConfigError(MistakesError):
    """A configuration that does not load."""

    reason = "config"


class ListenError(RelayError):
    """A port that cannot be opened as it is configured: it is taken, or its certificate is bad."""

    reason = "listen"


class AuditError(RelayError):
    """An action that cannot be noted, and so is not done (503)."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    reason = "audit"
