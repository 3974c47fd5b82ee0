"""`./wharf bench startup`: its options. What is measured, and how, is in devkit.benchmarks.startup."""

from __future__ import annotations

from typing import Annotated

import typer

from devkit.benchmarks.delivery import Delivery, Files, HtmlFile, JsonFile, Write
from devkit.benchmarks.startup import Wanted, measure
from devkit.services import TOPICS_READ


def main(
    services: Annotated[str, typer.Option(help="Which, parted by commas.")] = ",".join(TOPICS_READ),
    rounds: Annotated[int, typer.Option(min=1, help="Starts of each service, warm and cold.")] = 5,
    *,
    cold: Annotated[bool, typer.Option("--cold/--no-cold", help="Also with nothing compiled and no file in memory.")] = True,
    json_file: JsonFile = None,
    html_file: HtmlFile = None,
    write: Write = False,
) -> None:
    """From the execution of each service to ready, to its first message, and from SIGTERM to its end."""
    names = services.split(",")
    if unknown := set(names) - TOPICS_READ.keys():
        raise typer.BadParameter(f"there is no service {', '.join(sorted(unknown))}")
    wanted = Wanted(names, rounds, cold)
    delivery = Delivery("startup", Files(json_file, html_file, write), wanted.work)
    delivery.run(lambda place, advance: measure(place, wanted, advance))
