"""Figures as they were measured last, in a page of the documents: each between two marks of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class NoPlaceError(LookupError):
    """The page has no marks for these figures."""


def write_figures(page: Path, name: str, text: str) -> None:
    """In the place of what stands between the marks. Raises NoPlaceError."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        message = f"{page.name} has no place for the figures of {name}: {begin} and {end}"
        raise NoPlaceError(message)
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def markdown_table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """The first column names the row."""
    titles = list(columns)
    lines = [titles, ["---", *["---:"] * (len(titles) - 1)], *map(list, rows)]
    return "\n".join(f"| {' | '.join(map(_plain, line))} |" for line in lines)


def _plain(cell: str) -> str:
    """One that ends neither its column nor its line."""
    return " ".join(cell.split()).replace("|", "\\|")
