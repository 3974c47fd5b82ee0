"""`./wharf status`: how the services of the running stack do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import typer
from aiokafka.errors import KafkaError

from devkit.quiet import NotQuietError, Quiet
from devkit.running import NoStackError, find_stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

    from devkit.quiet import Status
    from devkit.running import RunningStack

PROBE_SECONDS = 5.0
HEADINGS = ("process", "ready", "time", "decided", "lag", "outbox", "due", "parked", "quarantined")


def main() -> None:
    """Show each process: ready or why not, its time, what it has decided, and what waits.

    Ends with 1 when a process is not ready or something is parked.
    """
    try:
        running = find_stack()
        rows, well = asyncio.run(_look(running))
    except (NoStackError, NotQuietError, KafkaError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    for line in _aligned([HEADINGS, *rows]):
        typer.echo(line)
    raise typer.Exit(0 if well else 1)


async def _look(running: RunningStack) -> tuple[list[Sequence[str]], bool]:
    async with await Quiet.open(running.urls, running.groups, running.kafka) as quiet:
        statuses, lags = await quiet.statuses(), dict(await quiet.lags())
        ready = {name: await _readiness(quiet.client, url) for name, url in running.urls.items()}
    rows = [_row(name, status, ready[name], _lag(status.service, lags)) for name, status in statuses.items()]
    return rows, all(text == "yes" for text in ready.values()) and not any(status.parked for status in statuses.values())


async def _readiness(client: httpx.AsyncClient, url: str) -> str:
    answer = await client.get(f"{url}/readyz", timeout=PROBE_SECONDS)
    if answer.is_success:
        return "yes"
    checks = answer.json().get("checks", {})
    failed = [f"{name}: {check['output']}" for name, entries in checks.items() for check in entries if "output" in check]
    return "no, " + "; ".join(failed)


def _lag(service: str, lags: dict[str, int]) -> int:
    return sum(records for group, records in lags.items() if group.startswith(f"{service}."))


def _row(name: str, status: Status, ready: str, lag: int) -> Sequence[str]:
    time = f"{status.tick:%Y-%m-%d %H:%M}" if status.tick else "none yet"
    numbers = (
        status.messages_decided,
        lag,
        status.outbox_rows,
        status.due_deadlines,
        status.parked,
        status.quarantined,
    )
    return (name, ready, time, *(f"{number:,}" for number in numbers))


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
