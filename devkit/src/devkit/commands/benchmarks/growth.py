"""`./wharf bench growth`: its options. What is measured, and how, is in devkit.benchmarks.growth."""

from __future__ import annotations

from typing import Annotated

import typer

from devkit.benchmarks.delivery import Delivery, Files, HtmlFile, JsonFile, Pairs, Write
from devkit.benchmarks.growth import Wanted, measure
from devkit.benchmarks.growth_rows import Past


def main(
    inbox: Annotated[int, typer.Option(min=1, help="Messages in each inbox.")] = 5_000_000,
    orders: Annotated[int, typer.Option(min=1, help="Orders there are, each with a deadline and a reservation.")] = 1_000_000,
    measured: Annotated[int, typer.Option(min=1, help="New orders of a measurement.")] = 10_000,
    pairs: Pairs = 7,
    json_file: JsonFile = None,
    html_file: HtmlFile = None,
    *,
    write: Write = False,
) -> None:
    """The flow's heart, placed to reserved to known, on tables of years beside empty ones."""
    wanted = Wanted(Past(inbox, orders), measured, pairs)
    delivery = Delivery("growth", Files(json_file, html_file, write), wanted.work)
    delivery.run(lambda place, advance: measure(place, wanted, advance))
