"""Sentry's ingest protocol: pure functions over bytes, no socket, clock or log anywhere."""
