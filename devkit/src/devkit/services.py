"""Wharf's services as processes of a run: databases and topics made for them, started with their settings, asked, stopped.

Used by the demo, by `up` and by tests. The real parts below them are in stack.py; what a service does with its settings in its
own `app`.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
from dataclasses import dataclass, field
from functools import partial
from subprocess import TimeoutExpired
from typing import TYPE_CHECKING

from chassis.migration import upgrade
from contracts import inventory, notifications, orders, payments, removals, warehouse
from devkit import checkout
from devkit.deployment import START_SECONDS, is_ready
from devkit.mails import catch_mails
from devkit.ports import LOOPBACK, free_ports
from devkit.processes import STOP_SECONDS, ProcessFailedError
from devkit.tokens import AUDIENCE, ISSUER, Issuer
from devkit.topics import PARTITIONS, make_topics
from devkit.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from devkit.mail.folder import MailFolder
    from devkit.mails import CaughtMails
    from devkit.processes import Child
    from devkit.runs import Run
    from devkit.stack import Stack

TOPICS_READ = {
    "orders": (orders.COMMANDS, payments.FACTS, warehouse.PROGRESS, inventory.RESERVATIONS),
    "inventory": (orders.FACTS, removals.FACTS, warehouse.STOCK, inventory.COMMANDS),
    "notifications": (orders.FACTS, removals.FACTS, notifications.COMMANDS),
    "removals": (removals.COMMANDS, inventory.RESERVATIONS, inventory.STOCK, warehouse.PROGRESS),
}
"""What each service decides; its consumer groups are called `<service>.<topic>`."""
PROCESSES_MAX = 6
"""Of a service: a partition has one taker."""


@dataclass(frozen=True, slots=True)
class ServiceProcess:
    """One process of a service; `url` is where it answers."""

    service: str
    name: str
    url: str
    child: Child


@dataclass(slots=True)
class Services:
    """Processes of all services, on databases of their own."""

    run: Run
    stack: Stack
    issuer: Issuer
    clock: Literal["system", "driven"]
    dsns: Mapping[str, str]
    mails: CaughtMails
    processes: list[ServiceProcess] = field(default_factory=list)

    def start(self, service: str, *, settings: Mapping[str, str] | None = None, module: str | None = None) -> ServiceProcess:
        """One more process of `service`; `settings` are variables beside or instead of the usual ones. `module` is run in the
        place of the service's own `app`.
        """
        number = 1 + sum(process.service == service for process in self.processes)
        (port,) = free_ports(1)
        name = f"{service}-{number}"
        environment = {**_inherited(), **self._settings(service, port), **(settings or {})}
        program = [sys.executable, "-m", module or f"{service}.app"]
        child = self.run.start(name, program, environment=environment, stop_signal=signal.SIGTERM)
        process = ServiceProcess(service, name, f"http://{LOOPBACK}:{port}", child)
        self.processes.append(process)
        return process

    def start_all(self, processes: int = 1) -> None:
        """So many processes of each service."""
        for service in self.dsns:
            for _ in range(processes):
                self.start(service)

    def wait_ready(self, timeout_seconds: float = START_SECONDS) -> None:
        """Until all take work. Raises ProcessFailedError with the log of one that does not."""
        for process in self.processes:
            ready = wait_until(partial(_ready_or_gone, process), timeout_seconds=timeout_seconds)
            if not ready or not process.child.is_running():
                raise ProcessFailedError(f"{process.name} did not get ready:\n{process.child.log_tail()}")

    def urls(self, service: str) -> list[str]:
        return [process.url for process in self.processes if process.service == service]

    @property
    def mail_folder(self) -> MailFolder:
        return self.mails.folder

    @property
    def bootstrap(self) -> str:
        """Kafka's address, host:port."""
        return self.stack.kafka_bootstrap

    @property
    def groups(self) -> dict[str, str]:
        """Consumer groups with their topics."""
        return consumer_groups()

    def stop(self) -> dict[str, int]:
        """Ask all to stop, at once; the exit status of each, 0 when it ended as it should."""
        for process in self.processes:
            if process.child.is_running():
                process.child.process.send_signal(signal.SIGTERM)
        statuses = {process.name: _ended(process.child) for process in self.processes}
        self.processes.clear()
        return statuses

    def _settings(self, service: str, port: int) -> dict[str, str]:
        return {
            "WHARF_DEV_MODE": "true",
            "WHARF_LOG_LEVEL": "info",
            "WHARF_DATABASE": self.dsns[service],
            "WHARF_KAFKA": self.stack.kafka_bootstrap,
            "WHARF_CLOCK": self.clock,
            "WHARF_HTTP_HOST": LOOPBACK,
            "WHARF_HTTP_PORT": str(port),
            "WHARF_AUTH_KEYS_FILE": str(self.issuer.key_set),
            "WHARF_AUTH_ISSUER": ISSUER,
            "WHARF_AUTH_AUDIENCE": AUDIENCE,
            **self.mails.settings,
        }


def consumer_groups() -> dict[str, str]:
    """Of all services, with their topics."""
    return {f"{service}.{topic.name}": topic.name for service, topics in TOPICS_READ.items() for topic in topics}


async def prepare(
    run: Run, stack: Stack, *, clock: Literal["system", "driven"] = "system", partitions: int = PARTITIONS
) -> Services:
    """Databases at their latest schema, topics, keys for tokens, a mail server; no service yet. The databases end with their
    server.
    """
    dsns = {name: _database(stack, name) for name in TOPICS_READ}
    await migrated(dsns)
    await make_topics(stack.kafka_bootstrap, partitions)
    return Services(run, stack, Issuer.open(run.directory("keys")), clock, dsns, catch_mails(run))


async def migrated(dsns: Mapping[str, str]) -> None:
    """Bring the databases to the services' latest schema."""
    for service, dsn in dsns.items():
        await asyncio.to_thread(upgrade, checkout.ROOT / "services" / service / "alembic.ini", dsn)


def _database(stack: Stack, service: str) -> str:
    return stack.postgres.create_database(f"{service}_{secrets.token_hex(3)}")


def _inherited() -> dict[str, str]:
    """Our environment without settings that are meant for somebody else. Compiled modules are kept: else each start takes
    seconds more.
    """
    foreign = ("WHARF_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}


def _ended(child: Child) -> int:
    """The exit status of one that was asked to stop. It is asked once: a second signal could hit it at its last breath."""
    try:
        return child.process.wait(STOP_SECONDS)
    except TimeoutExpired:
        child.kill()
        return child.process.wait()


def _ready_or_gone(process: ServiceProcess) -> bool:
    if not process.child.is_running():
        return True
    return is_ready(process.url)
