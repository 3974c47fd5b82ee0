"""The images, built once for all tests of this folder, and one stack of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devkit.compose.containers import Containers, containers
from devkit.compose.project import Project
from devkit.runs import Run
from devkit.services import TOPICS_READ

from support.containers import require_engine
from support.embedded import unique_name


@pytest.fixture(scope="session")
def images(run: Run) -> dict[str, str]:
    """Of the services, by their names."""
    require_engine()
    Project(unique_name("images"), {}, run.logs / "images.log").build()
    return {service: f"wharf-{service}:local" for service in TOPICS_READ}


@pytest.fixture(scope="module")
def stack(images: dict[str, str]) -> Iterator[Containers]:
    """Healthy, on the system's clock, under a name and on ports of its own."""
    assert images
    with Run("compose") as run, containers(run) as stack:
        yield stack
