"""`./wharf verify`: whether every unit and every order of the running stack is accounted for."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import asyncpg
import typer
from aiokafka.errors import KafkaError

from chassis.clock import SystemClock
from devkit.quiet import NotQuietError, Quiet
from devkit.running import NoStackError, find_stack
from devkit.verification.report import verify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkit.quiet import Status
    from devkit.running import RunningStack
    from devkit.verification.report import Report

VIOLATED, UNKNOWN = 1, 2


def main(
    wait_seconds: Annotated[float, typer.Option("--wait", min=0, help="How long to wait until the stack is quiet.")] = 60.0,
) -> None:
    """Wait until nothing is under way, then check all databases: what was looked at, and each violation with its ids.

    Ends with 0 when all is well, with 1 when something is wrong or parked, with 2 when nothing is known because the stack did
    not fall quiet.
    """
    try:
        report = asyncio.run(_verify(find_stack(), wait_seconds))
    except (NoStackError, NotQuietError, KafkaError, OSError, asyncpg.PostgresError) as error:
        typer.echo(f"unknown: {error}", err=True)
        raise typer.Exit(UNKNOWN) from None
    for line in lines_of(report):
        typer.echo(line)
    raise typer.Exit(VIOLATED if report.violations or report.parked else 0)


async def _verify(running: RunningStack, wait_seconds: float) -> Report:
    async with await Quiet.open(running.urls, running.groups, running.kafka) as quiet:
        before = await quiet.wait(timeout_seconds=wait_seconds)
        report = await verify(running.dsns, _time_of(before))
        after = await quiet.wait(timeout_seconds=wait_seconds)
    if _counters(before) != _counters(after):
        raise NotQuietError("somebody sent messages while the databases were read; stop that and try again")
    return report


def _counters(statuses: Mapping[str, Status]) -> list[tuple[int, int, int]]:
    return [status.counters for status in statuses.values()]


def _time_of(statuses: Mapping[str, Status]) -> datetime:
    """The driven clock's, where there is one."""
    ticks = [status.tick for status in statuses.values() if status.tick is not None]
    return max(ticks, default=SystemClock().now()).astimezone(UTC)


def lines_of(report: Report) -> list[str]:
    """For people: a line a check, its violations below."""
    lines = []
    for finding in report.findings:
        mark = "wrong" if finding.violations else "ok"
        lines.append(f"{mark:>5}  {finding.count:>9,}  {finding.service}: {finding.name}")
        lines += [f"{'':>18}{text}" for text in finding.violations]
    lines.append(f"parked: {report.parked}, quarantined: {report.quarantined}")
    lines.append(f"violations: {len(report.violations)}")
    return lines
