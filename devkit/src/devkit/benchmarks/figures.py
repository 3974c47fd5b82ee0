"""What a benchmark has found, and its three forms: tables on a terminal, JSON for programs, a page with drawings.

What the machine is comes from machine.py; what is measured is the benchmarks' affair.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias
from xml.etree.ElementTree import Element, SubElement

from rich.console import Console
from rich.table import Table as RichTable

from devkit.demo.charts import Table as Drawn
from devkit.demo.charts import lines, lying, stacked
from devkit.demo.sheet import add_figure, begun, finished
from devkit.figures_page import markdown_table

if TYPE_CHECKING:
    from pathlib import Path

Cell: TypeAlias = str | int | float
Drawing: TypeAlias = Callable[[Drawn, str], Element]
WIDTH_WITHOUT_TERMINAL = 160
"""Columns, where nobody can say how wide the paper is."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of figures; the first column names the row. `note` says what must be known to read them."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing of whole numbers (`demo.charts`), with its table below it."""

    table: Drawn
    draw: Drawing

    @classmethod
    def bars(cls, title: str, numbers: Mapping[str, float], *, of: str) -> Plot:
        """One bar a name; `of` says what the numbers count."""
        rows = tuple((name, (round(number),)) for name, number in numbers.items())
        return cls(Drawn(title, title, axis="", of=of, columns=(of,), rows=rows), lying)

    @classmethod
    def stacks(cls, title: str, numbers: Mapping[str, Mapping[str, float]], *, of: str, axis: str = "") -> Plot:
        """One bar a name, made of parts that add up; all have the same parts."""
        return cls(_drawn(title, numbers, of=of, axis=axis), stacked)

    @classmethod
    def curves(cls, title: str, numbers: Mapping[str, Mapping[str, float]], *, of: str, axis: str = "") -> Plot:
        """A line a part, over the names."""
        return cls(_drawn(title, numbers, of=of, axis=axis), lines)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a benchmark has to say. `measured` are the single measurements, for who wants to count anew."""

    name: str
    machine: Mapping[str, Cell]
    tables: Sequence[Table]
    plots: Sequence[Plot] = ()
    measured: Mapping[str, Any] = field(default_factory=dict)

    def show(self, console: Console) -> None:
        """On a terminal, or as plain text."""
        console.print(f"[bold]{self.name}[/bold]: " + "; ".join(f"{name} {value}" for name, value in self.machine.items()))
        for table in self.tables:
            console.print(_rich(table))

    def json(self) -> str:
        content = {
            "name": self.name,
            "machine": dict(self.machine),
            "tables": [asdict(table) for table in self.tables],
            "measured": self.measured,
        }
        return json.dumps(content, indent=2, default=str) + "\n"

    def markdown(self) -> str:
        """For a page of the documents."""
        facts = "; ".join(f"{name} {text_of(value)}" for name, value in self.machine.items())
        parts = [f"On: {facts}."]
        for table in self.tables:
            parts += [f"**{table.title}**", markdown_table(table.columns, [map(text_of, row) for row in table.rows])]
            parts += [table.note] if table.note else []
        return "\n\n".join(parts)

    def html(self) -> str:
        """A page that needs nothing beside it."""
        document, main = begun(self.name)
        _add_facts(main, self.machine)
        for number, plot in enumerate(self.plots):
            add_figure(main, plot.table, plot.draw(plot.table, f"drawing-{number}"))
        for table in self.tables:
            _add_table(main, table)
        return finished(document)


def deliver(report: Report, json_file: Path | None, html_file: Path | None) -> None:
    """Print the tables, and write the files that were asked for."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH_WITHOUT_TERMINAL)
    report.show(console)
    for file, text in ((json_file, report.json), (html_file, report.html)):
        if file is not None:
            file.write_text(text(), encoding="utf-8")
            console.print(f"written: {file}")


def text_of(cell: Cell) -> str:
    """Three digits that mean something, or all of a whole number."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int) or abs(cell) >= 100:  # noqa: PLR2004 - three digits
        return f"{cell:,.0f}"
    return f"{cell:#.3g}".rstrip(".")


def _drawn(title: str, numbers: Mapping[str, Mapping[str, float]], *, of: str, axis: str) -> Drawn:
    columns = tuple(next(iter(numbers.values()), {}))
    rows = tuple((name, tuple(round(parts[column]) for column in columns)) for name, parts in numbers.items())
    return Drawn(title, title, axis=axis, of=of, columns=columns, rows=rows)


def _rich(table: Table) -> RichTable:
    shown = RichTable(title=table.title, caption=table.note or None, caption_justify="left", title_justify="left")
    for place, column in enumerate(table.columns):
        shown.add_column(column, justify="right" if place else "left")
    for row in table.rows:
        shown.add_row(*map(text_of, row))
    return shown


def _add_facts(main: Element, facts: Mapping[str, Cell]) -> None:
    SubElement(main, "p").text = "; ".join(f"{name}: {value}" for name, value in facts.items())


def _add_table(main: Element, table: Table) -> None:
    SubElement(main, "h2").text = table.title
    shown = SubElement(main, "table")
    if table.note:
        SubElement(shown, "caption").text = table.note
    titles = SubElement(SubElement(shown, "thead"), "tr")
    for column in table.columns:
        SubElement(titles, "th", {"scope": "col"}).text = column
    body = SubElement(shown, "tbody")
    for first, *others in table.rows:
        line = SubElement(body, "tr")
        SubElement(line, "th", {"scope": "row"}).text = text_of(first)
        for cell in others:
            SubElement(line, "td").text = text_of(cell)
