"""`./wharf faults`: services, Kafka and PostgreSQL broken under load; whether anything was lost or done twice."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - typer reads the annotation when it makes the command
from typing import TYPE_CHECKING, Annotated

import typer

from devkit import checkout
from devkit.benchmarks.figures import Report, Table, deliver
from devkit.benchmarks.machine import machine
from devkit.faults.cells import CELLS, chosen
from devkit.faults.results import COLUMNS, markdown, rows
from devkit.faults.run import Plan, play_all
from devkit.figures_page import write_figures
from devkit.progress import progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from devkit.faults.results import Result

SECONDS, SHORT_SECONDS = 60.0, 10.0
RATE, SHORT_RATE = 80.0, 30.0
BACKLOG, SHORT_BACKLOG = 100_000, 2_000
DOCUMENT = checkout.ROOT / "docs" / "faults.md"
VIOLATIONS_SHOWN = 10


def main(
    *,
    cell: Annotated[list[str] | None, typer.Option(help="Only this cell; may be given several times.")] = None,
    seconds: Annotated[float | None, typer.Option(min=5, help="Under load, a cell.")] = None,
    rate: Annotated[float | None, typer.Option(min=1, help="Orders a second; all else that comes belongs to them.")] = None,
    backlog: Annotated[int | None, typer.Option(min=1, help="Orders that pile up in the cell of that name.")] = None,
    seed: Annotated[int, typer.Option(help="From which the load is drawn.")] = 1,
    short: Annotated[bool, typer.Option("--short", help="Fewer cells, fewer seconds, fewer orders.")] = False,
    names: Annotated[bool, typer.Option("--list", help="Only say which cells there are.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write all figures there, too.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Write the table into docs/faults.md.")] = False,
) -> None:
    """Break things under load, mend them, and check that every acknowledged command has had its effect once.

    Ends with 0 when nothing is wrong in any cell, with 1 otherwise.
    """
    if names:
        for one in CELLS:
            typer.echo(f"{one.name:<32} {one.what}")
        return
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it tells of brokers that are gone, which is what we want
    try:
        cells = chosen(tuple(cell or ()), short=short)
    except LookupError as error:
        raise typer.BadParameter(str(error.args[0])) from None
    plan = Plan(
        seconds or (SHORT_SECONDS if short else SECONDS),
        rate or (SHORT_RATE if short else RATE),
        backlog or (SHORT_BACKLOG if short else BACKLOG),
        seed,
    )
    with progress("breaking things", len(cells) * plan.seconds) as advance:
        results = asyncio.run(play_all(cells, plan, Onlooker(advance)))
    _tell(results, plan, json_file, write=write)
    raise typer.Exit(1 if any(result.violations for result in results) else 0)


@dataclass(frozen=True, slots=True)
class Onlooker:
    """Tells of each cell when it is over."""

    advance: Callable[[float], None]

    def passed(self, seconds: float) -> None:
        self.advance(seconds)

    def played(self, result: Result) -> None:
        mark = "wrong" if result.violations else "ok"
        typer.echo(f"{mark:>5}  {result.cell}: {result.acknowledged:,} acknowledged, {len(result.violations)} violations")
        for violation in result.violations[:VIOLATIONS_SHOWN]:
            typer.echo(f"       {violation}")
        if len(result.violations) > VIOLATIONS_SHOWN:
            typer.echo(f"       ... and {len(result.violations) - VIOLATIONS_SHOWN} more; all are with --json")
        if result.violations:
            typer.echo(f"       history: {result.history}")


def _tell(results: Sequence[Result], plan: Plan, json_file: Path | None, *, write: bool) -> None:
    manner = f"{plan.rate:g} orders a second, {plan.seconds:g} seconds a cell, seed {plan.seed}."
    table = Table("Faults", COLUMNS, rows(results), manner)
    facts = machine()
    deliver(Report("faults", facts, [table]), None, None)
    if json_file is not None:
        content = {"machine": facts, "manner": manner, "cells": [result.json() for result in results]}
        json_file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    if write:
        write_figures(DOCUMENT, "faults", markdown(results, facts, manner))
