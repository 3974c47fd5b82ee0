"""`./wharf bench flow`: its options. What is measured, and how, is in devkit.benchmarks.flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from devkit.benchmarks.delivery import Advance, Delivery, Files, HtmlFile, JsonFile, Pairs, Write, numbers
from devkit.benchmarks.flow_report import report_of
from devkit.benchmarks.flow_rounds import PACED_SECONDS, Scope, measure_rounds
from devkit.benchmarks.flow_stage import BASELINES
from devkit.benchmarks.machine import machine
from devkit.services import PROCESSES_MAX

if TYPE_CHECKING:
    from devkit.benchmarks.figures import Report
    from devkit.benchmarks.ground import Ground

NONE = "none"


def main(
    orders: Annotated[int, typer.Option(min=20, help="Of a run; a slower way gets fewer.")] = 40_000,
    pairs: Pairs = 5,
    baselines: Annotated[str, typer.Option(help="b0 and b1, either, or none.")] = "b0,b1",
    processes: Annotated[str, typer.Option(help="Of each service, for the curve.")] = "1,2,4",
    rates: Annotated[str, typer.Option(help="Orders a second at which latency is measured, or none.")] = "50,2500",
    paced_seconds: Annotated[float, typer.Option(min=0.1, help="How long at each rate.")] = PACED_SECONDS,
    warm_up: Annotated[int, typer.Option(min=0, help="Orders before anything is measured.")] = 20_000,
    *,
    hot: Annotated[bool, typer.Option("--hot/--no-hot", help="One item that everybody wants.")] = True,
    all_services: Annotated[
        bool, typer.Option("--all-services/--no-all-services", help="With notifications, removals, snapshots of the stock.")
    ] = True,
    json_file: JsonFile = None,
    html_file: HtmlFile = None,
    write: Write = False,
) -> None:
    """Orders a second from placed to reserved to known, CPU an order, latency; beside the usual ways.

    All processes, Kafka, PostgreSQL and the load generator share the machine. A run that is not right ends it with status 1.
    """
    scope = Scope(
        orders,
        rounds=pairs,
        warm_up=warm_up,
        baselines=_names(baselines),
        processes=_listed(processes),
        rates=_listed(rates),
        paced_seconds=paced_seconds,
        hot=hot,
        all_services=all_services,
    )
    if max(scope.processes, default=1) > PROCESSES_MAX:
        raise typer.BadParameter(f"a service has {PROCESSES_MAX} processes at most")

    async def measure(place: Ground, advance: Advance) -> Report:
        return report_of(await measure_rounds(place, scope, advance), machine(place.stack))

    Delivery("flow", Files(json_file, html_file, write), scope.work).run(measure)


def _names(text: str) -> list[str]:
    found = [] if text == NONE else text.split(",")
    if unknown := set(found) - BASELINES.keys():
        raise typer.BadParameter(
            f"no baseline is called {', '.join(sorted(unknown))}; there are {', '.join(BASELINES)} or none"
        )
    return found


def _listed(text: str) -> tuple[int, ...]:
    return () if text == NONE else numbers(text)
