"""A relay in front of Sentry that checks consent, scrubs by rules and forwards only what is clean."""
