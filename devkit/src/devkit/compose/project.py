"""A compose project of docker-compose.yml under a name and on ports of its own: built, started, asked, taken down.

What runs in it as services of Wharf is in containers.py.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devkit import checkout

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BUILD_SECONDS_MAX = 900.0
UP_SECONDS_MAX = 240.0
COMMAND_SECONDS_MAX = 120.0
SHOWN_LINES_MAX = 30
# Variables of somebody else's project, or of another run of ours, are none of this one's.
_FOREIGN = ("WHARF_", "COMPOSE_")


class ComposeError(Exception):
    """Docker is not there or refused; the text has the end of what it said."""


@dataclass(frozen=True, slots=True)
class Project:
    """`variables` are those of docker-compose.yml. All that Docker says goes to `log`, which gets the containers' logs, too."""

    name: str
    variables: Mapping[str, str]
    log: Path

    def build(self) -> None:
        """The images, with what is in the cache. Raises ComposeError."""
        self.run("build", seconds=BUILD_SECONDS_MAX)

    def up(self, *options: str) -> None:
        """Start everything in its order; returns when the last container has been started. Raises ComposeError."""
        self.run("up", "--detach", "--no-build", *options, seconds=UP_SECONDS_MAX)

    def stop(self, *services: str) -> dict[str, int]:
        """Ask these to stop and wait for it; the exit status of each container by its name. Raises ComposeError."""
        self.run("stop", *services)
        found = self.run("ps", "--all", "--quiet", *services).split()
        told = self._docker("inspect", "--format", "{{.Name}} {{.State.ExitCode}}", *found)
        statuses = (line.split() for line in told.splitlines())
        return {name.removeprefix(f"/{self.name}-"): int(status) for name, status in statuses}

    def logs(self, service: str) -> str:
        """The end of what it wrote."""
        return self.run("logs", "--no-log-prefix", "--tail", str(SHOWN_LINES_MAX), service)

    def down(self) -> None:
        """Take away containers, volumes and the network; the images stay. Raises ComposeError."""
        self.run("logs", "--no-color", "--timestamps")
        self.run("down", "--volumes", "--remove-orphans", "--timeout", "5")

    def run(self, *arguments: str, seconds: float = COMMAND_SECONDS_MAX) -> str:
        """What a command of compose answers. Raises ComposeError."""
        return self._docker("compose", "--project-name", self.name, "--env-file", os.devnull, *arguments, seconds=seconds)

    def _docker(self, *arguments: str, seconds: float = COMMAND_SECONDS_MAX) -> str:
        foreign = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        try:
            done = subprocess.run(  # noqa: S603 - words of our own
                ["docker", *arguments],  # noqa: S607 - wherever it is installed
                cwd=checkout.ROOT,
                env={**foreign, **self.variables, "COMPOSE_PROGRESS": "plain", "COMPOSE_ANSI": "never"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
                start_new_session=True,  # Ctrl-C reaches it through us
            )
        except FileNotFoundError as error:
            raise ComposeError("there is no docker command: Docker with Compose v2 must be installed") from error
        except subprocess.TimeoutExpired as error:
            raise ComposeError(f"docker {' '.join(arguments)}: no end after {seconds:g} s") from error
        with self.log.open("a") as log:
            log.write(f"$ docker {' '.join(arguments)}\n{done.stdout}{done.stderr}")
        if done.returncode:
            raise ComposeError(f"docker {' '.join(arguments)}:\n{_end(done.stdout + done.stderr)}")
        return done.stdout


def _end(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-SHOWN_LINES_MAX:])
