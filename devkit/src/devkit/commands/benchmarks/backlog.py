"""`./wharf bench backlog`: its options. What is measured, and how, is in devkit.benchmarks.backlog."""

from __future__ import annotations

from typing import Annotated

import typer

from devkit.benchmarks.backlog import Wanted, measure
from devkit.benchmarks.delivery import Delivery, Files, HtmlFile, JsonFile, Pairs, Write, numbers


def main(
    large: Annotated[int, typer.Option(min=1, help="Facts that wait in the outbox.")] = 1_000_000,
    small: Annotated[int, typer.Option(min=1, help="Facts that wait in the other.")] = 1_000,
    row_facts: Annotated[str, typer.Option(help="Facts in each row of it.")] = "1,100",
    measured: Annotated[int, typer.Option(min=1, help="Facts to relay in a measurement.")] = 20_000,
    pairs: Pairs = 5,
    json_file: JsonFile = None,
    html_file: HtmlFile = None,
    *,
    write: Write = False,
) -> None:
    """Facts a second from the outbox to Kafka with a large backlog, beside a small one."""
    wanted = Wanted(large, small, numbers(row_facts), measured, pairs)
    delivery = Delivery("backlog", Files(json_file, html_file, write), wanted.work)
    delivery.run(lambda place, advance: measure(place, wanted, advance))
