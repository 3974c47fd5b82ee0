"""Runs the checks over a quiet stack and tells what was looked at and what is wrong."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import asyncpg

from devkit.verification import agreement, mail_agreement, removal_agreement
from devkit.verification.checks import CHECKS, SERVICES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from devkit.verification.check import Check

SHOWN_PER_CHECK_MAX = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: over how many things, and each violation in words."""

    name: str
    service: str
    count: int
    violations: tuple[str, ...]


@dataclass(slots=True)
class Report:
    findings: list[Finding] = field(default_factory=list)
    parked: int = 0
    quarantined: int = 0

    @property
    def violations(self) -> list[str]:
        """All of them, each with the check that it breaks; empty when all is well."""
        return [f"{finding.service}: {finding.name}: {text}" for finding in self.findings for text in finding.violations]


async def verify(dsns: Mapping[str, str], now: datetime) -> Report:
    """Check the databases of a stack that is quiet. `dsns` by service; `now` is the stack's time.

    Raises OSError or asyncpg.PostgresError when a database can't be read: then nothing is known.
    """
    report = Report()
    async with AsyncExitStack() as stack:
        databases = {service: await _connect(stack, dsn) for service, dsn in dsns.items()}
        for check in CHECKS:
            report.findings.append(await _find(databases[check.service], check, now))
        report.findings += await _agreements(databases)
        for database in databases.values():
            report.parked += await database.fetchval("SELECT count(*) FROM parked")
            report.quarantined += await database.fetchval("SELECT count(*) FROM quarantine")
    return report


async def _agreements(databases: Mapping[str, asyncpg.Connection]) -> list[Finding]:
    """What must hold between services."""
    orders, inventory, removals, notifications = (databases[service] for service in SERVICES)
    ordered = await agreement.disagreements(orders, inventory)
    removed = await removal_agreement.disagreements(removals, inventory)
    mailed = await mail_agreement.disagreements(orders=orders, removals=removals, notifications=notifications)
    return [
        _finding(agreement.NAME, "orders and inventory", *ordered, must_find=True),
        _finding(removal_agreement.NAME, "removals and inventory", *removed, must_find=False),
        _finding(mail_agreement.NAME, "notifications", *mailed, must_find=False),
    ]


async def _connect(stack: AsyncExitStack, dsn: str) -> asyncpg.Connection:
    database = await asyncpg.connect(dsn.replace("postgresql+asyncpg://", "postgresql://"))
    stack.push_async_callback(database.close)
    return database


async def _find(database: asyncpg.Connection, check: Check, now: datetime) -> Finding:
    count = await database.fetchval(check.count)
    given = [now] if "{now}" in check.violations else []
    rows = await database.fetch(check.violations.replace("{now}", "$1"), *given)
    return _finding(check.name, check.service, count, [row[0] for row in rows], must_find=check.must_find)


def _finding(name: str, service: str, count: int, texts: Sequence[str], *, must_find: bool) -> Finding:
    shown = list(texts[:SHOWN_PER_CHECK_MAX])
    if len(texts) > SHOWN_PER_CHECK_MAX:
        shown.append(f"and {len(texts) - SHOWN_PER_CHECK_MAX} more")
    if must_find and count == 0:
        shown.append("nothing was there to be checked")
    return Finding(name, service, count, tuple(shown))
