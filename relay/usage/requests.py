"""Reading requests: a path and a query string in, a `UsageRequest` out.

Source: `packages/analytics` of Trezor Suite, which makes the query with URLSearchParams (WHATWG
URL standard, application/x-www-form-urlencoded).
"""
