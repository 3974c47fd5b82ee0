"""`./wharf up`: the stack with the system's clock, until Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
import time
from typing import TYPE_CHECKING, Annotated

import typer

from chassis.auth import Role
from devkit.processes import ProcessFailedError
from devkit.running import noted
from devkit.runs import Run
from devkit.services import PROCESSES_MAX, prepare
from devkit.stack import open_stack

if TYPE_CHECKING:
    from types import FrameType

    from devkit.running import RunningStack
    from devkit.services import Services

DEMO_SELLER = "seller-1"
WATCH_SECONDS = 0.5


def main(
    processes: Annotated[int, typer.Option(min=1, max=PROCESSES_MAX, help="Processes of each service.")] = 1,
    seller: Annotated[str, typer.Option(help="The seller whose token is printed.")] = DEMO_SELLER,
) -> None:
    """Run Kafka, PostgreSQL, a mail catcher and the services; print addresses and a token per role. Ctrl-C stops all."""
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)  # a shell starts what it puts into the background with Ctrl-C ignored
    try:
        gone, statuses = _serve(processes, seller)
    except KeyboardInterrupt:  # while Kafka or PostgreSQL started
        raise typer.Exit(0) from None
    badly_ended = [f"{name} ended with status {status}" for name, status in statuses.items() if status]
    for line in [gone, *badly_ended]:
        if line:
            typer.echo(line, err=True)
    raise typer.Exit(1 if gone or badly_ended else 0)


def _serve(processes: int, seller: str) -> tuple[str, dict[str, int]]:
    """What went wrong, empty after Ctrl-C, and how the services ended."""
    with Run("up") as run:
        typer.echo("Kafka, PostgreSQL and the services start ...")
        services = asyncio.run(prepare(run, open_stack(run)))
        try:
            services.start_all(processes)
            services.wait_ready()
            with noted(services) as running:
                for line in (*_described(running, seller), "", f"Mails are shown at {services.mails.url}"):
                    typer.echo(line)
                gone = _wait_for_the_end(services)
        except KeyboardInterrupt:
            gone = ""
        except ProcessFailedError as error:
            gone = str(error)
        typer.echo("stopping ...")
        return gone, services.stop()


def _described(running: RunningStack, seller: str) -> list[str]:
    lines = ["", f"Kafka       {running.kafka}"]
    lines += [f"{service:<11} {dsn.replace('+asyncpg', '')}" for service, dsn in running.dsns.items()]
    lines += [f"{name:<11} {url}" for name, url in running.urls.items()]
    lines += ["", "Tokens (Authorization: Bearer ...), for a day:"]
    for role in Role:
        mine = seller if role is Role.SELLER else None
        lines += [f"{role}{f' {seller}' if mine else ''}", f"  {running.token(role, mine)}"]
    return [*lines, "", "In another terminal: ./wharf status, watch, send, parked, verify. Ctrl-C here stops all."]


def _wait_for_the_end(services: Services) -> str:
    """Until Ctrl-C, which raises KeyboardInterrupt; else says which process has gone."""
    while True:
        for process in services.processes:
            if not process.child.is_running():
                return f"{process.name} has gone:\n{process.child.log_tail()}"
        time.sleep(WATCH_SECONDS)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
