"""The stack that is running in this checkout: written down by who started it, found by those who want to look or to send.

One a checkout: the one that was started last. What it consists of is made in stack.py and services.py.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from devkit import checkout
from devkit.tokens import Issuer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chassis.auth import Role
    from devkit.deployment import Deployment

NOTE = "stack.json"
SAME_START_SECONDS = 1.0


class NoStackError(Exception):
    """Nothing runs in this checkout; the text says how to start it."""

    def __init__(self) -> None:
        super().__init__("No stack is running in this checkout. Start one with ./wharf up in another terminal.")


@dataclass(frozen=True, slots=True)
class RunningStack:
    """Where everything is. `urls` of processes by their names, `dsns` by service, `groups` with their topics."""

    pid: int
    started: float
    clock: str
    kafka: str
    urls: Mapping[str, str]
    dsns: Mapping[str, str]
    groups: Mapping[str, str]
    keys: str

    def url(self, service: str) -> str:
        """Of one process of the service. Raises LookupError when it is not running."""
        for name, url in self.urls.items():
            if name.rpartition("-")[0] == service:
                return url
        raise LookupError(service)

    @property
    def services(self) -> list[str]:
        return list(self.dsns)

    def token(self, role: Role, seller_id: str | None = None) -> str:
        return Issuer.open(Path(self.keys)).token(role, seller_id=seller_id)


@contextmanager
def noted(services: Deployment, runs: Path = checkout.RUNS) -> Iterator[RunningStack]:
    """While inside, others find the stack."""
    process = psutil.Process()
    running = RunningStack(
        pid=process.pid,
        started=process.create_time(),
        clock=services.clock,
        kafka=services.bootstrap,
        urls={one.name: one.url for one in services.processes},
        dsns=dict(services.dsns),
        groups=dict(services.groups),
        keys=str(services.issuer.key_set.parent),
    )
    note = runs / NOTE
    draft = runs / f"{NOTE}.{process.pid}"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # it has passwords
        json.dump(asdict(running), file, indent=2)
    draft.replace(note)
    try:
        yield running
    finally:
        if _read(note) == running:
            note.unlink(missing_ok=True)


def find_stack(runs: Path = checkout.RUNS) -> RunningStack:
    """Raises NoStackError, also when what was written down is not running any more."""
    running = _read(runs / NOTE)
    if running is None or not _is_alive(running):
        raise NoStackError
    return running


def _read(note: Path) -> RunningStack | None:
    try:
        return RunningStack(**json.loads(note.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _is_alive(running: RunningStack) -> bool:
    try:
        return abs(psutil.Process(running.pid).create_time() - running.started) < SAME_START_SECONDS
    except psutil.NoSuchProcess:
        return False
