"""`./wharf bench memory`: its options. What is measured, and how, is in devkit.benchmarks.memory."""

from __future__ import annotations

from typing import Annotated

import typer

from devkit.benchmarks.delivery import Delivery, Files, HtmlFile, JsonFile, Write
from devkit.benchmarks.memory import measure, work


def main(
    messages: Annotated[int, typer.Option(min=1, help="Orders that wait when the services come.")] = 1_000_000,
    json_file: JsonFile = None,
    html_file: HtmlFile = None,
    *,
    write: Write = False,
) -> None:
    """What each service holds in memory at most while it works off a backlog."""
    delivery = Delivery("memory", Files(json_file, html_file, write), work(messages))
    delivery.run(lambda place, advance: measure(place, messages, advance))
