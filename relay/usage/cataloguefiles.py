"""The allow-list that a configuration asks for: files in, the list out, held against the settings.

Law of this file: `relay serve` and `relay config check` ask the same function.
"""

from relay.config import Settings
from relay.config.loading import NO_FILE
from relay.errors import ConfigError, Mistake
from relay.rulefiles import read_events
from relay.usage.catalogue import Catalogue, load_catalogue
from relay.usage.event_fields import shown_name
from relay.usage.model import OPT_OUT_TYPES
from relay.yamlio import nearest


def read_catalogue(settings: Settings) -> Catalogue:
    """Read the allow-list: the files of `usage.events`, or the list that ships.

    Raises:
        RuleError: with all mistakes of all its files.
        ConfigError: types that an app may send without consent are not in it, or an attribute has
            the name of the parameter that carries consent.
    """
    catalogue = load_catalogue(read_events(settings.usage.events))
    mistakes = _carrier(settings, catalogue) + tuple(
        _unknown(settings, f"usage.apps.{index}.without_consent", name, catalogue)
        for index, app in enumerate(settings.usage.apps)
        for name in sorted(app.without_consent)
        if catalogue.find(app.name, name) is None
    )
    if mistakes:
        raise ConfigError(mistakes)
    return catalogue


def _carrier(settings: Settings, catalogue: Catalogue) -> tuple[Mistake, ...]:
    """Return what is wrong with the name of the parameter that carries consent.

    An attribute that is true would be a yes, and a decision could not be read.
    """
    query = settings.usage.query
    attributes = (one.attributes for one in catalogue.events.values())
    if not any(query in names for names in (OPT_OUT_TYPES.values(), *attributes)):
        return ()
    file, line = settings.places.get("usage.query", (settings.source or NO_FILE, 1))
    return (Mistake(file, line, f"usage.query: {shown_name(query)} is an attribute of events"),)


def _unknown(settings: Settings, path: str, name: str, catalogue: Catalogue) -> Mistake:
    file, line = settings.places.get(path, (settings.source or NO_FILE, 1))
    hint = nearest(name, catalogue.events) or "see `relay usage events`"
    return Mistake(file, line, f"{path}: no type of events {shown_name(name)}", hint)
