"""Every dependency is pinned, locked with hashes, and declared by who imports it."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import packages_distributions
from typing import Any

import pytest

from devkit import kafka_jars
from devkit.checkout import ROOT

from support.source import imports, modules

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_LOCKED = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def members() -> dict[str, dict[str, Any]]:
    """Every distribution of the workspace with its project table, by its directory."""
    found = sorted(path for pattern in ("libs/*", "services/*", "devkit") for path in ROOT.glob(f"{pattern}/pyproject.toml"))
    assert len(found) > 4
    return {str(path.parent.relative_to(ROOT)): tomllib.loads(path.read_text())["project"] for path in found}


def normalized(requirement: str) -> str:
    name = _NAME.match(requirement)
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name.group()).lower()


def all_requirements() -> list[str]:
    root = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = [*root["dependency-groups"]["dev"], *(line for project in members().values() for line in project["dependencies"])]
    return [line for line in listed if not line.startswith("wharf-")]


def test_every_dependency_has_one_version() -> None:
    assert [line for line in all_requirements() if "==" not in line] == []


def test_the_lock_holds_what_is_pinned() -> None:
    """Red after a change of a pyproject file: `./wharf lock` writes the lock anew."""
    locked = dict(_LOCKED.findall((ROOT / "requirements.lock").read_text()))
    pins = {normalized(line): line.split(";")[0].split("==")[1].strip() for line in all_requirements()}
    assert {name: locked.get(name) for name in pins} == pins


def test_every_line_of_the_lock_has_hashes() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    requirements = [line for line in lines if _LOCKED.match(line)]
    assert len(requirements) > 50
    assert [line for line in requirements if not line.endswith("\\")] == []


@pytest.mark.parametrize("directory", members())
def test_a_distribution_declares_what_it_imports(directory: str) -> None:
    """An image that installs a service with its declared dependencies alone must have all of them."""
    declared = {normalized(line) for line in members()[directory]["dependencies"]} | {normalized(members()[directory]["name"])}
    # Of our libs everything may be taken that they declare: a service uses FastAPI through the chassis' choice.
    for project in members().values():
        if normalized(project["name"]) in declared:
            declared |= {normalized(line) for line in project["dependencies"]}
    owners = packages_distributions()
    top = directory.split("/", maxsplit=1)[0]
    written = [each for each in modules(top) if each.path.is_relative_to(ROOT / directory / "src")]
    assert written
    taken = {name.split(".")[0] for each in written for name in imports(each)}
    missing = {name for name in taken if name in owners and not declared & {normalized(owner) for owner in owners[name]}}
    assert missing == set()


def test_the_brokers_jars_are_pinned_in_one_version() -> None:
    versions = {line.split(":")[2] for line in kafka_jars.pinned() if line.startswith("org.apache.kafka:")}
    assert versions == {kafka_jars.VERSION}


def test_a_jar_of_another_version_is_noticed() -> None:
    found = {name: (ROOT, checksum) for name, checksum in kafka_jars.pinned().items()}
    kafka_jars.check(found, kafka_jars.pinned())
    name = f"org.apache.kafka:kafka-clients:jar:{kafka_jars.VERSION}".replace(":jar", "")
    found[name.replace(kafka_jars.VERSION, "4.0.0")] = found.pop(name)
    with pytest.raises(kafka_jars.JarsDifferError, match="kafka-clients"):
        kafka_jars.check(found, kafka_jars.pinned())
