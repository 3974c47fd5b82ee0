"""`./wharf bench http`: its options. What is measured, and how, is in devkit.benchmarks.placement."""

from __future__ import annotations

from typing import Annotated

import typer

from devkit.benchmarks.delivery import Delivery, Files, HtmlFile, JsonFile, Pairs, Write, numbers
from devkit.benchmarks.placement import Wanted, measure


def main(
    clients: Annotated[str, typer.Option(help="How many there are at once.")] = "1,8,64",
    seconds: Annotated[float, typer.Option(min=0.5, help="How long each measurement lasts.")] = 8.0,
    pairs: Pairs = 5,
    json_file: JsonFile = None,
    html_file: HtmlFile = None,
    *,
    write: Write = False,
) -> None:
    """Orders placed over HTTP a second, and how long they take, beside the same service with one command a transaction."""
    wanted = Wanted(numbers(clients), seconds, pairs)
    delivery = Delivery("http", Files(json_file, html_file, write), wanted.work)
    delivery.run(lambda place, advance: measure(place, wanted, advance))
