"""The settings as a whole, and which project a client means.

Law of this file: as in `model`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from relay.config.model import (
    Admin,
    ClientReportSettings,
    ErrorSettings,
    ForwardSettings,
    HashSettings,
    Listen,
    ProjectSettings,
    ReloadSettings,
    SpoolSettings,
)
from relay.config.usage_model import UsageSettings
from relay.consent import ConsentPolicy
from relay.protocol.item_kinds import Policy
from relay.protocol.limits import Limits


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is configured.

    Attributes:
        listen: the ingest port.
        admin: the admin port: metrics, health, dead letters, rules.
        projects: what each project is known by, and where it goes.
        rules: rule files and folders; empty for the rules that ship with the package.
        consent: what counts as consent, for a project that says nothing else.
        items: what happens to each kind of item, for a project that says nothing else.
        limits: sizes after decompression, and counts, for a project that says nothing else.
        spool: where envelopes wait until they are delivered.
        forward: how envelopes go upstream.
        hash: the key of the `hash` redaction.
        client_reports: reports to each upstream about what was lost.
        errors: where this program's own errors go.
        usage: usage events; off unless an app is named.
        reload: how rules are taken up while the relay runs.
        source: the file that was read; empty if there was none.
        places: file (or variable, or option) and line of each value that was given, by its path.
    """

    listen: Listen
    admin: Admin
    projects: tuple[ProjectSettings, ...]
    rules: tuple[str, ...]
    consent: ConsentPolicy
    items: Mapping[str, Policy]
    limits: Limits
    spool: SpoolSettings
    forward: ForwardSettings
    hash: HashSettings
    client_reports: ClientReportSettings
    errors: ErrorSettings
    usage: UsageSettings
    reload: ReloadSettings
    source: str = ""
    places: Mapping[str, tuple[str, int]] = field(default_factory=dict, compare=False, repr=False)

    def find_project(self, project: str, key: str) -> ProjectSettings | None:
        """Return the settings for a client's project and key, or None if they are not known.

        A project that is listed takes only its own keys, even where there is a catch-all: else a
        stranger's key would choose the settings.
        """
        listed = False
        catch_all = None
        for candidate in self.projects:
            if candidate.catch_all:
                catch_all = candidate
            elif candidate.project == project:
                if candidate.key == key:
                    return candidate
                listed = True
        return None if listed else catch_all
