"""The stack of docker-compose.yml and its images, for tests that ask Docker about them."""

from __future__ import annotations

import json
import subprocess
from typing import Any

DOCKER_SECONDS = 60.0


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of Docker; standard error follows standard output in its `stdout`."""
    return subprocess.run(
        ["docker", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DOCKER_SECONDS,
        check=False,
    )


def inspect(name: str) -> dict[str, Any]:
    """What Docker knows of a container or an image."""
    found: list[dict[str, Any]] = json.loads(docker("inspect", name).stdout)
    return found[0]


def run_python(image: str, program: str, *options: str) -> Any:
    """Run a program in a container of the image, alone and unable to change it; the JSON that it printed."""
    alone = ("--rm", "--network=none", "--read-only", "--cap-drop=ALL", "--entrypoint=python")
    told = docker("run", *alone, *options, image, "-c", program)
    assert told.returncode == 0, told.stdout
    return json.loads(told.stdout)
