"""`./wharf demo`: a shop's month on real Kafka, real PostgreSQL and the services, and whether every unit is accounted for."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003 - typer reads the annotation when it makes the command
from typing import TYPE_CHECKING, Annotated

import typer
from aiokafka.errors import KafkaError

from devkit.compose.project import ComposeError
from devkit.demo.invoices import book_of, days_of
from devkit.demo.page import page
from devkit.demo.run import Manner, replay
from devkit.demo.sales import SalesFileError, read_sales
from devkit.demo.sending import DemoError
from devkit.demo.stage import StackKind, deployed
from devkit.processes import ProcessFailedError
from devkit.progress import progress
from devkit.quiet import NotQuietError
from devkit.running import noted
from devkit.runs import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from devkit.demo.invoices import Book
    from devkit.demo.report import Totals

FAILED, UNKNOWN = 1, 2
_DATE = "%Y-%m-%d"
_BEGINNINGS = {
    StackKind.EMBEDDED: "Kafka, PostgreSQL and the services start ...",
    StackKind.COMPOSE: "Images are built, then their containers start ...",
}


def main(
    *,
    data: Annotated[
        Path | None, typer.Option(help="A file of sales with the columns of the packaged one: csv, gz or xz.", dir_okay=False)
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Replay so many days only.")] = None,
    first: Annotated[datetime | None, typer.Option("--from", formats=[_DATE], help="Begin with this day.")] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Stop at each instant instead of each hour: two runs end alike. Slower.")
    ] = False,
    duplicate: Annotated[
        float, typer.Option(min=0, max=1, metavar="P", help="Send this share of all inbound messages twice.")
    ] = 0.0,
    stack: Annotated[
        StackKind, typer.Option(help="What runs it: packages of Kafka and PostgreSQL, or docker-compose.yml.")
    ] = StackKind.EMBEDDED,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the totals there, too.")] = None,
    html_file: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page with drawings of what came of it.")
    ] = None,
) -> None:
    """Replay a real shop's month through the services, then check that every unit is accounted for.

    Ends with 0 when nothing is wrong, with 1 when something is, with 2 when the stack did not fall quiet.
    """
    logging.getLogger("aiokafka").setLevel(logging.ERROR)  # it warns of what it tries again: topics are very new
    try:
        _check_places(json_file, html_file)
        book = _book(data, first, days)
        totals, badly_ended = _replay(book, Manner(exact, duplicate), stack)
    except (SalesFileError, DemoError, ComposeError, ProcessFailedError, KafkaError) as error:
        typer.echo(f"The demo stops: {error}", err=True)
        raise typer.Exit(FAILED) from None
    except NotQuietError as error:
        typer.echo(f"Unknown: {error}", err=True)
        raise typer.Exit(UNKNOWN) from None
    for line in totals.table():
        typer.echo(line)
    if json_file is not None:
        json_file.write_text(json.dumps(totals.json(), indent=2) + "\n")
    if html_file is not None:
        html_file.write_text(page(totals), encoding="utf-8")
    for line in badly_ended:
        typer.echo(line, err=True)
    raise typer.Exit(0 if totals.all_well and not badly_ended else FAILED)


def _check_places(*files: Path | None) -> None:
    """Before the work, not after it. Raises DemoError."""
    for file in files:
        if file is not None and not file.absolute().parent.is_dir():
            raise DemoError(f"there is no directory for {file}")


def _book(data: Path | None, first: datetime | None, days: int | None) -> Book:
    begin = first.replace(tzinfo=UTC) if first else None
    book = book_of(days_of(read_sales(data), first=begin, days=days))
    if not book.invoices:
        raise DemoError("the file has no orders in these days")
    return book


def _replay(book: Book, manner: Manner, kind: StackKind) -> tuple[Totals, list[str]]:
    """The totals, and which processes did not stop as they should."""
    typer.echo(
        f"{len(book.invoices):,} orders with {sum(len(one.lines) for one in book.invoices):,} lines, "
        f"{len(book.credits)} cancellation invoices, {len(book.corrections)} corrections of stock"
    )
    typer.echo(_BEGINNINGS[kind])
    with Run("demo") as run, deployed(run, kind) as services:
        with noted(services), progress("replaying", 2 * len(book.invoices)) as advance:
            totals = asyncio.run(replay(book, services, manner, _mover(advance)))
        return totals, _badly_ended(services.stop())


def _mover(advance: Callable[[float], None]) -> Callable[[datetime, int, int], None]:
    """An order counts when it is placed and when it has ended."""
    done = 0

    def moved(_now: datetime, placed: int, still_open: int) -> None:
        nonlocal done
        now_done = 2 * placed - still_open
        advance(now_done - done)
        done = now_done

    return moved


def _badly_ended(statuses: Mapping[str, int]) -> list[str]:
    return [f"{name} ended with status {status}" for name, status in statuses.items() if status]
