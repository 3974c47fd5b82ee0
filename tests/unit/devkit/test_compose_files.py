"""Each service is in the stack of docker-compose.yml, with an image made like all others, its database and its migrations."""

from __future__ import annotations

import re

import pytest

from devkit.checkout import ROOT
from devkit.services import TOPICS_READ

COMPOSE = (ROOT / "docker-compose.yml").read_text()
DATABASES = ROOT / "devkit/src/devkit/compose/databases.sh"
SERVICES = sorted(TOPICS_READ)


def dockerfile(service: str) -> str:
    return (ROOT / "services" / service / "Dockerfile").read_text()


def block(name: str) -> str:
    """A service's lines in docker-compose.yml."""
    found = re.search(rf"^  {name}:\n((?:    .*\n|\n)+)", COMPOSE, re.MULTILINE)
    assert found, f"docker-compose.yml has no {name}"
    return found[1]


@pytest.mark.parametrize("service", SERVICES)
def test_the_images_of_all_services_are_made_alike(service: str) -> None:
    assert dockerfile(service).replace(service, "orders") == dockerfile("orders")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_after_its_parts_and_its_migrations(service: str) -> None:
    lines = block(service)
    assert f"dockerfile: services/{service}/Dockerfile" in lines
    for part, state in {
        "kafka": "service_healthy",
        "topics": "service_completed_successfully",
        "keys": "service_completed_successfully",
        f"{service}-migrations": "service_completed_successfully",
    }.items():
        assert f"{part}: {{condition: {state}}}" in lines
    assert "postgres: {condition: service_healthy}" in block(f"{service}-migrations")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_a_database_and_a_role_with_a_password_of_its_own(service: str) -> None:
    assert re.search(rf"^for service in .*\b{service}\b", DATABASES.read_text(), re.MULTILINE)
    assert f"WHARF_{service.upper()}_PASSWORD: " in block("postgres")
    assert f"//{service}:${{WHARF_{service.upper()}_PASSWORD:-dev-{service}}}@postgres:5432/{service}" in COMPOSE


def test_what_docker_publishes_is_on_this_machine_alone_and_may_be_moved() -> None:
    ports = re.findall(r'ports: \["(.*)"\]', COMPOSE)
    assert len(ports) == COMPOSE.count("ports:") >= 2 + len(SERVICES)
    assert [port for port in ports if not re.fullmatch(r"127\.0\.0\.1:\$\{WHARF_[A-Z]+_PORT:-\d+\}:\d+", port)] == []


def test_every_password_that_stands_in_the_file_is_one_that_services_refuse_outside_of_dev_mode() -> None:
    passwords = re.findall(r"_PASSWORD:-([^}]*)\}", COMPOSE)
    assert passwords
    assert [password for password in passwords if not password.startswith("dev-")] == []
