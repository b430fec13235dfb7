"""A small wallet app in Python: it fails, and its SDK says so.

SETUP in the environment, as JSON: `dsn`, `consent` (true, false or null), and `values` to plant.
"""

import json
import os
from typing import Any

import sentry_sdk


def add_request(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
    event["request"] = {
        "url": f"https://{VALUES['ip4']}/api/{VALUES['btc']}",
        "query_string": f"descriptor={VALUES['xpub']}",
        "headers": {"X-Forwarded-For": VALUES["ip4"], "Cookie": f"who={VALUES['email']}"},
        "data": {"path": f"{VALUES['home']}/wallet.dat"},
    }
    return event


def read_balance(owner: str) -> None:
    by_address = {VALUES["btc"]: {"descriptor": VALUES["xpub"], "balance": 3}}
    raise ValueError(f"the device went away after {len(by_address)} of 2 calls")


def find_address(owner: str) -> None:
    address = VALUES["eth"]
    raise LookupError(f"no {address} in {VALUES['home']}/cache for {VALUES['xpub']}")


SETUP = json.loads(os.environ["SETUP"])
VALUES = SETUP["values"]

sentry_sdk.init(
    dsn=SETUP["dsn"],
    release="trezor-suite@24.11.1",
    environment="test",
    send_default_pii=True,
    server_name=f"{VALUES['user']}s-laptop",
    before_send=add_request,
)
if SETUP["consent"] is not None:
    sentry_sdk.set_tag("allowReport", SETUP["consent"])
sentry_sdk.set_tag("backend", f"https://{VALUES['ip4']}/api")
sentry_sdk.set_user({"id": "42", "email": VALUES["email"], "ip_address": VALUES["ip4"]})
sentry_sdk.get_global_scope().set_extra("accounts", {VALUES["btc"]: VALUES["xpub"]})
sentry_sdk.add_breadcrumb(category="wallet", message=f"discovered {VALUES['btc']}")
sentry_sdk.add_breadcrumb(category="file", message=f"opened {VALUES['home']}/suite.log")
for fail in (read_balance, find_address):
    try:
        fail(f"{VALUES['email']} at {VALUES['ip4']}")
    except (ValueError, LookupError) as error:
        sentry_sdk.capture_exception(error)
sentry_sdk.flush(10)
print("flushed")
