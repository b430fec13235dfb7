"""Sentry's PII configuration turned into our rules; see docs/import.md."""

from relay.rules.sentry_import.converting import FOLDER, convert
from relay.rules.sentry_import.model import (
    Imported,
    ImportedRule,
    Loss,
    NotPiiConfigError,
)

__all__ = ["FOLDER", "Imported", "ImportedRule", "Loss", "NotPiiConfigError", "convert"]
