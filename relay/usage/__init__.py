"""Usage events: the gate before the other data that an app sends, and what becomes of it."""
