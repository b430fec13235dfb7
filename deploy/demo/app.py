"""The client of the demo: a wallet app that crashes, with Sentry's own SDK and invented data.

Nothing here belongs to anybody: names are made up, keys and phrases are published test vectors.
"""

from typing import Any

import sentry_sdk
from sentry_sdk.transport import HttpTransport

ADDRESS = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
XPUB = (
    "xpub6BiVtCpG9fQPxnPmHXG8PhtzQdWC2Su4qWu6XW9tpWFYhxydCLJGrWBJZ5H6qTAHdPQ7pQhtpjiYZVZARo14q"
    "Hiay2fvrX996oEP42u8wZy"
)
PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"
PLANTED = (
    "alice", "203.0.113.7", "192.168.1.17", "My savings", ADDRESS, XPUB, PHRASE,
)  # fmt: skip
"""What must not stand in anything that the relay writes."""


class WatchedTransport(HttpTransport):
    """The SDK's own transport; it also notes how the server answered."""

    answers: list[tuple[int, bytes]]

    def _request(self, *args: Any, **kwargs: Any) -> Any:
        response = super()._request(*args, **kwargs)
        self.answers.append((response.status, response.data))
        return response


def report_crash(dsn: str, *, agreed: bool) -> tuple[dict[str, Any], list[tuple[int, bytes]]]:
    """Crash once and report it; return the event as the SDK made it, and the answers it got."""
    made: list[dict[str, Any]] = []
    answers: list[tuple[int, bytes]] = []

    def remember(event: Any, _hint: Any) -> Any:
        made.append(event)
        return event

    transport = type("Transport", (WatchedTransport,), {"answers": answers})
    sentry_sdk.init(
        dsn,
        release="wallet-app@1.4.2",
        server_name="alice-laptop",
        send_default_pii=True,
        transport=transport,
        before_send=remember,
        default_integrations=False,
        send_client_reports=False,
    )
    with sentry_sdk.isolation_scope() as scope:
        if agreed:
            scope.set_tag("allowReport", True)
        scope.set_user({"id": "42", "email": "alice@example.org", "ip_address": "203.0.113.7"})
        scope.set_extra("device", {"model": "T3T1", "label": "My savings"})
        sentry_sdk.add_breadcrumb(message="connect 192.168.1.17:9735 refused")
        sentry_sdk.add_breadcrumb(message=f"GET /api/xpub/{XPUB}?mail=alice%40example.org")
        pay_and_report()
        sentry_sdk.flush(timeout=10)
    sentry_sdk.get_client().close()
    return made[0], answers


def pay_and_report() -> None:
    """Do what an app does around its work: catch what goes wrong, and report it."""
    try:
        sign(ADDRESS, PHRASE)
    except FileNotFoundError:
        sentry_sdk.capture_exception()


def sign(recipient: str, phrase: str) -> None:  # noqa: ARG001
    """Fail, with secrets in local variables; the SDK sends those along."""
    file = "/home/alice/wallet.dat"
    raise FileNotFoundError(f"cannot pay {recipient}: {file} is missing")
