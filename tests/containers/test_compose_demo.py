"""The demo on the stack of docker-compose.yml: as well as on packages, and nothing is left of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.command_line import wharf
from support.stacks import docker

DEMO_SECONDS = 480.0


@pytest.mark.timeout(DEMO_SECONDS + 30)
def test_two_days_of_the_demo_go_through_containers_and_leave_none(images: dict[str, str], tmp_path: Path) -> None:
    assert images
    before = docker("ps", "--all", "--quiet", "--filter", "label=com.docker.compose.project").stdout
    told = wharf("demo", "--stack", "compose", "--days", "2", "--json", str(tmp_path / "totals.json"), seconds=DEMO_SECONDS)
    assert told.returncode == 0, told.stdout
    totals = json.loads((tmp_path / "totals.json").read_text())
    assert totals["violations"] == []
    assert totals["orders.placed"] > 100
    assert docker("ps", "--all", "--quiet", "--filter", "label=com.docker.compose.project").stdout == before
