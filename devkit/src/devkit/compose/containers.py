"""Wharf's services in containers of a project of their own, for the demo and for tests: docker-compose.yml on free ports, with
passwords made for it, gone at the end with all its data.
"""

from __future__ import annotations

import secrets
import signal
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from devkit.compose.project import Project
from devkit.databases import service_dsn
from devkit.deployment import START_SECONDS, is_ready
from devkit.mail.folder import MailFolder
from devkit.ports import LOOPBACK, free_ports
from devkit.processes import ProcessFailedError
from devkit.services import TOPICS_READ, consumer_groups
from devkit.tokens import Issuer
from devkit.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import FrameType
    from typing import Literal

    from devkit.runs import Run

PARTS = ("postgres", "kafka", "mail")
ALL = 0o777
"""The catcher in its container is another user than we are, and writes into our folder."""


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a service; `url` is where it answers."""

    service: str
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Containers:
    """A deployment in containers."""

    project: Project
    issuer: Issuer
    clock: Literal["system", "driven"]
    bootstrap: str
    dsns: Mapping[str, str]
    processes: Sequence[Container]
    mail_folder: MailFolder

    @property
    def groups(self) -> dict[str, str]:
        return consumer_groups()

    def urls(self, service: str) -> list[str]:
        return [container.url for container in self.processes if container.service == service]

    def wait_ready(self, timeout_seconds: float = START_SECONDS) -> None:
        for container in self.processes:
            if not wait_until(partial(is_ready, container.url), timeout_seconds=timeout_seconds):
                raise ProcessFailedError(f"{container.name} did not get ready:\n{self.project.logs(container.service)}")

    def stop(self) -> dict[str, int]:
        return self.project.stop(*(container.service for container in self.processes))


@contextmanager
def containers(run: Run, *, clock: Literal["system", "driven"] = "system", wait: bool = True) -> Iterator[Containers]:
    """Build the images and start the stack; without `wait` it may not be healthy yet, as before a driven clock's first tick.

    Raises ComposeError. At the end, SIGTERM included, all of it but the images is taken away.
    """
    ports = dict(zip((*PARTS, *TOPICS_READ), free_ports(len(PARTS) + len(TOPICS_READ)), strict=True))
    mails = run.directory("mails")
    mails.chmod(ALL)
    passwords = {name: secrets.token_hex(16) for name in ("postgres", *TOPICS_READ)}
    variables = {
        "WHARF_CLOCK": clock,
        "WHARF_MAILS": str(mails),
        **{f"WHARF_{name.upper()}_PORT": str(port) for name, port in ports.items()},
        **{f"WHARF_{name.upper()}_PASSWORD": password for name, password in passwords.items()},
    }
    project = Project(f"wharf-{run.path.name.lower()}", variables, run.logs / "compose.log")
    project.build()
    with _taken_down(project):
        project.up(*(["--wait"] if wait else []))
        project.run("cp", "keys:/keys", str(run.path))
        yield Containers(
            project,
            Issuer.open(run.directory("keys")),
            clock,
            f"{LOOPBACK}:{ports['kafka']}",
            {name: service_dsn(name, passwords[name], host=f"{LOOPBACK}:{ports['postgres']}") for name in TOPICS_READ},
            [Container(name, f"{name}-1", f"http://{LOOPBACK}:{ports[name]}") for name in TOPICS_READ],
            MailFolder(mails),
        )


@contextmanager
def _taken_down(project: Project) -> Iterator[None]:
    """Containers do not end with who started them, so that a polite end of ours must be theirs."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        project.down()
        signal.signal(signal.SIGTERM, before)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
