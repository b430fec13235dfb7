"""Configuration: `relay.yaml`, the environment and the command line, as frozen `Settings`."""

from relay.config.exposure import exposed_secrets
from relay.config.files import MAX_KEY, read_file
from relay.config.loading import load_settings, parse, read_secret
from relay.config.model import (
    ANY,
    DEFAULT_KEY,
    DEFAULT_PROJECT,
    Admin,
    AdminToken,
    ClientReportSettings,
    ErrorSettings,
    Folder,
    ForwardSettings,
    HashSettings,
    Host,
    Listen,
    Onion,
    ProjectSettings,
    ReloadSettings,
    SpoolSettings,
    Tls,
)
from relay.config.project_section import parse_upstream
from relay.config.runnable import check_runnable
from relay.config.settings import Settings
from relay.config.show import mask_upstream, masked, show
from relay.config.usage_model import UsageApp, UsageBatch, UsageKeep, UsageSettings, UsageStore

__all__ = [
    "ANY",
    "DEFAULT_KEY",
    "DEFAULT_PROJECT",
    "MAX_KEY",
    "Admin",
    "AdminToken",
    "ClientReportSettings",
    "ErrorSettings",
    "Folder",
    "ForwardSettings",
    "HashSettings",
    "Host",
    "Listen",
    "Onion",
    "ProjectSettings",
    "ReloadSettings",
    "Settings",
    "SpoolSettings",
    "Tls",
    "UsageApp",
    "UsageBatch",
    "UsageKeep",
    "UsageSettings",
    "UsageStore",
    "check_runnable",
    "exposed_secrets",
    "load_settings",
    "mask_upstream",
    "masked",
    "parse",
    "parse_upstream",
    "read_file",
    "read_secret",
    "show",
]
