"""A wallet app in Python that uses all of its SDK; it runs with sentry-sdk 1.x and with the newest.

SETUP in the environment, as JSON: `dsn`, and `values` to plant, `all` of them in a text.
"""

import json
import os
import time

import sentry_sdk
from sentry_sdk.crons import capture_checkin
from sentry_sdk.envelope import Envelope, Item, PayloadRef

SETUP = json.loads(os.environ["SETUP"])
V = SETUP["values"]
ALL = SETUP["all"]
OLD = sentry_sdk.VERSION.startswith("1.")

more = {"_experiments": {"enable_metrics": True}} if OLD else {"enable_logs": True}
sentry_sdk.init(
    SETUP["dsn"],
    release="trezor-suite@24.11.1",
    server_name=f"{V['user']}s-laptop",
    send_default_pii=True,
    traces_sample_rate=1.0,
    profiles_sample_rate=1.0,
    max_value_length=10_000,
    **more,
)


def scope():
    return sentry_sdk.Hub.current.scope if OLD else sentry_sdk.get_isolation_scope()


def find_address(owner: str) -> None:
    by_address = {V["btc"]: {"descriptor": V["xpub"]}}
    raise LookupError(f"no {ALL} among {len(by_address)}")


sentry_sdk.set_tag("backend", f"https://{V['ip4']}/{V['eth']}")
sentry_sdk.set_user({"id": "42", "email": V["email"], "ip_address": V["ip4"]})
scope().set_extra("accounts", {V["btc"]: V["xpub"], "all": [ALL]})
scope().set_context("wallet", {V["zpub"]: 1, "label": V["label"], "device_id": V["deviceId"]})
sentry_sdk.add_breadcrumb(
    category="http", data={"url": f"https://blockbook.example/{V['bech32']}?xpub={V['ypub']}"}
)
sentry_sdk.add_breadcrumb(
    category="http", data={"url": f"https://data.trezor.io/log?c_instance_id={V['instanceId']}"}
)
scope().add_attachment(bytes=f"log of {ALL}\n".encode(), filename=f"{V['btc']}.log")

start = (sentry_sdk.Hub.current if OLD else scope()).start_session
end = (sentry_sdk.Hub.current if OLD else scope()).end_session
start(session_mode="application")
try:
    find_address(V["email"])
except LookupError as error:
    event_id = sentry_sdk.capture_exception(error)
end()
start(session_mode="request")
end()

named = {"description" if OLD else "name": ALL}
with (
    sentry_sdk.start_transaction(op="task", name=f"sync {V['xpub']}"),
    sentry_sdk.start_span(op="http.client", **named) as span,
):
    span.set_data("url", f"https://blockbook.example/{V['taproot']}")
    until = time.monotonic() + 0.3
    while time.monotonic() < until:
        sum(range(1000))

capture_checkin(monitor_slug="discovery", status="ok", duration=1)
report = {"event_id": event_id, "name": V["user"], "email": V["email"], "comments": ALL}
envelope = Envelope(headers={"event_id": event_id})
envelope.add_item(Item(payload=PayloadRef(json=report), type="user_report"))
(sentry_sdk.Hub.current.client if OLD else sentry_sdk.get_client()).transport.capture_envelope(
    envelope
)
if OLD:
    from sentry_sdk import metrics

    metrics.incr("discoveries", tags={"address": V["btc"]})
else:
    scope().clear_breadcrumbs()
    feedback = {"message": ALL, "contact_email": V["email"], "name": V["user"]}
    sentry_sdk.capture_event({"type": "feedback", "contexts": {"feedback": feedback}})
    sentry_sdk.logger.error("no {address} here", address=ALL)
    sentry_sdk.metrics.count("discoveries", 1, attributes={"address": ALL})
sentry_sdk.flush(10)
print("flushed")
