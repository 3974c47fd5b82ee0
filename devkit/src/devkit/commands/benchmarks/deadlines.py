"""`./wharf bench deadlines`: its options. What is measured, and how, is in devkit.benchmarks.deadlines."""

from __future__ import annotations

from typing import Annotated

import typer

from devkit.benchmarks.deadline_firings import SETTINGS
from devkit.benchmarks.deadlines import Wanted, measure
from devkit.benchmarks.delivery import Delivery, Files, HtmlFile, JsonFile, Write, numbers


def main(
    pending: Annotated[str, typer.Option(help="How many deadlines wait, for the service alone.")] = "10000,100000,1000000",
    due: Annotated[int, typer.Option(min=1, help="Of these so many come due in an outage; half of them at most.")] = 100_000,
    rate: Annotated[int, typer.Option(min=1, help="So many a second come due while it runs.")] = 200,
    seconds: Annotated[int, typer.Option(min=1, help="For so long.")] = 15,
    pairs: Annotated[int, typer.Option(min=0, help="Rounds beside procrastinate.")] = 5,
    pair_pending: Annotated[int, typer.Option(min=1, help="Deadlines that wait in these.")] = 100_000,
    pair_due: Annotated[int, typer.Option(min=1, help="How many a round fires after an outage.")] = 10_000,
    pair_rate: Annotated[int, typer.Option(min=1, help="And how many a second while somebody looks.")] = 50,
    json_file: JsonFile = None,
    html_file: HtmlFile = None,
    *,
    write: Write = False,
) -> None:
    """Deadlines fired a second and how late, none early, none twice, none lost; beside procrastinate.

    A deadline that is lost, early or fired twice ends it with status 1.
    """
    wanted = Wanted(
        pending=numbers(pending),
        due=due,
        rate=rate,
        seconds=seconds,
        pairs=pairs,
        pair_pending=pair_pending,
        pair_due=pair_due,
        pair_rate=pair_rate,
    )
    delivery = Delivery("deadlines", Files(json_file, html_file, write), wanted.work, SETTINGS)
    delivery.run(lambda place, advance: measure(place, wanted, advance))
