"""The lock files of the image hold what pyproject.toml asks for, and nothing without a hash."""

import re
import tomllib
from importlib import metadata
from typing import Any

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.docs.pages import ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS = ("jetstream", "sentry")
FILES = ("requirements.lock", "requirements-build.lock")
PYTHONS = ("3.11", "3.12", "3.13")


def locked(file: str) -> dict[str, Requirement]:
    """Every entry, by its name; what follows it are hashes."""
    found: dict[str, Requirement] = {}
    for line in (ROOT / file).read_text("utf-8").replace("\\\n", " ").splitlines():
        if not line.startswith("#"):
            text, *hashes = line.split(" --hash=")
            assert hashes
            assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one.strip()) for one in hashes)
            entry = Requirement(text.strip())
            name = canonicalize_name(entry.name)
            assert name not in found
            found[name] = entry
    return found


def version(entry: Requirement) -> Version:
    """The one that it is pinned to."""
    (only,) = entry.specifier
    assert "==" == only.operator
    return Version(only.version)


def environment(python: str, extra: str = "") -> dict[str, str]:
    """Where markers are looked at: Linux, as in the image."""
    here = {key: str(value) for key, value in default_environment().items()}
    return {**here, "python_version": python, "python_full_version": f"{python}.9", "extra": extra}


def wanted() -> list[str]:
    project = PROJECT["project"]
    extras = [one for extra in EXTRAS for one in project["optional-dependencies"][extra]]
    return [*project["dependencies"], *extras]


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("text", wanted())
def test_what_is_asked_for_is_locked(text: str, python: str) -> None:
    """Each dependency, and those of the extras in the image, in a version that it allows."""
    asked = Requirement(text)
    entry = locked("requirements.lock")[canonicalize_name(asked.name)]
    assert asked.specifier.contains(version(entry))
    assert entry.marker is None or entry.marker.evaluate(environment(python))


@pytest.mark.parametrize("text", PROJECT["build-system"]["requires"])
def test_what_builds_is_locked(text: str) -> None:
    """The image's wheel is made by what is written down, too."""
    asked = Requirement(text)
    entry = locked("requirements-build.lock")[canonicalize_name(asked.name)]
    assert asked.specifier.contains(version(entry))


@pytest.mark.parametrize("text", [text for text in wanted() if "[" in text])
def test_extras_of_dependencies_are_locked(text: str) -> None:
    """What a dependency needs for its extra; the rest `pip check` sees as the image is made."""
    asked = Requirement(text)
    entries = locked("requirements.lock")
    needed = map(Requirement, metadata.requires(asked.name) or ())
    names = [
        canonicalize_name(one.name)
        for one in needed
        for extra in asked.extras
        if one.marker is not None and f'"{extra}"' in str(one.marker)
    ]
    assert names
    assert {*names} <= entries.keys()


@pytest.mark.parametrize("file", FILES)
def test_no_place_is_named(file: str) -> None:
    """Where packages come from is whoever builds to say."""
    text = (ROOT / file).read_text("utf-8")
    assert [] == re.findall(r"https?:|--(?:extra-)?index-url|--find-links|@", text)


def test_the_image_takes_nothing_else() -> None:
    """Whatever is fetched has a hash; whatever is installed was fetched or built before."""
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    calls = re.findall(r"\bpip (?:--python \S+ )?(?:install|wheel|download)[^&\n]*", text)
    assert calls
    for call in calls:
        words = call.split()
        assert "--no-deps" in words
        assert "--require-hashes" in words or "--no-index" in words or " . " in f"{call} "
        assert "wheel" not in words or "--no-build-isolation" in words
    assert {*FILES} == set(re.findall(r"-r (\S+)", text))
