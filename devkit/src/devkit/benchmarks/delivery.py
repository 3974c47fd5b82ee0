"""What the commands of the benchmarks share: the options for files, and from a measurement to what is printed and written."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import asyncpg
import typer
import uvloop
from aiokafka.errors import KafkaError

from chassis.failures import StorageError
from devkit import checkout
from devkit.benchmarks.figures import Report, deliver
from devkit.benchmarks.ground import BenchmarkError, Ground, ground
from devkit.databases import DatabaseCommandError
from devkit.figures_page import write_figures
from devkit.processes import ProcessFailedError
from devkit.progress import progress

FAILED = 1
DOCUMENT = checkout.ROOT / "docs" / "benchmarks.md"
_TROUBLES = (KafkaError, StorageError, asyncpg.PostgresError, OSError)
"""Of Kafka, PostgreSQL and the system."""
JsonFile: TypeAlias = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write all figures.", dir_okay=False)]
HtmlFile: TypeAlias = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write a page with drawings.", dir_okay=False)
]
Write: TypeAlias = Annotated[bool, typer.Option("--write", help="Write the tables into docs/benchmarks.md.")]
Pairs: TypeAlias = Annotated[int, typer.Option(min=1, help="Rounds, in each of which every way is measured once.")]
Advance: TypeAlias = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Files:
    """Where figures go beside the terminal. `write`: the tables into the documents, too."""

    json: Path | None
    html: Path | None
    write: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    """A benchmark by its name and what came of it. `work` is what its progress counts; `settings` are PostgreSQL's."""

    name: str
    files: Files
    work: float
    settings: Mapping[str, str] = field(default_factory=dict)

    def run(self, measure: Callable[[Ground, Advance], Coroutine[Any, Any, Report]]) -> None:
        """Measure on parts of its own, print and write. Raises typer.Exit or typer.BadParameter."""
        for file in (self.files.json, self.files.html):
            if file is not None and not file.absolute().parent.is_dir():
                raise typer.BadParameter(f"there is no directory for {file}")
        try:
            with ground(self.name, self.settings) as place, progress("measuring", self.work) as advance:
                report = uvloop.run(measure(place, advance))
        except (BenchmarkError, ProcessFailedError, DatabaseCommandError, *_TROUBLES) as error:
            typer.echo(f"bench {self.name} stops: {error}", err=True)
            raise typer.Exit(FAILED) from None
        deliver(report, self.files.json, self.files.html)
        if self.files.write:
            write_figures(DOCUMENT, self.name, report.markdown())


def numbers(text: str) -> tuple[int, ...]:
    """Whole numbers from 1, parted by commas. Raises typer.BadParameter."""
    try:
        found = tuple(int(part) for part in text.split(",") if part)
    except ValueError:
        found = ()
    if not found or min(found) < 1:
        raise typer.BadParameter(f"{text}: whole numbers from 1, parted by commas")
    return found
