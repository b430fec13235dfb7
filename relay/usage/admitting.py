"""Consent for usage events: what is taken, what is refused, and what is a decision to opt out."""
