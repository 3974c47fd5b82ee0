"""Progress of long work: a bar on a terminal, plain lines now and then elsewhere."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LINE_EVERY_SECONDS = 5.0


@contextmanager
def progress(title: str, total: float, unit: str = "") -> Iterator[Callable[[float], None]]:
    """Gives a function to call with the amount done since the last call. With a `unit`, says how many a second."""
    if sys.stdout.isatty():
        with _bar(title, total, unit) as advance:
            yield advance
    else:
        yield _Lines(title, total, unit).advance


@contextmanager
def _bar(title: str, total: float, unit: str) -> Iterator[Callable[[float], None]]:
    from rich.progress import Progress  # noqa: PLC0415 - a quarter of a second, for terminals only

    pace = _Pace(unit)
    with Progress(transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda amount: bar.update(task, advance=amount, description=title + pace.after(amount))


class _Pace:
    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._done = 0.0
        self._begun = time.monotonic()

    def after(self, amount: float) -> str:
        """How fast it has gone so far, to be put behind a title."""
        self._done += amount
        seconds = time.monotonic() - self._begun
        return f", {self._done / seconds:.1f} {self._unit} a second" if self._unit and seconds else ""


class _Lines:
    def __init__(self, title: str, total: float, unit: str) -> None:
        self._title = title
        self._total = total
        self._done = 0.0
        self._pace = _Pace(unit)
        self._next_line = time.monotonic() + LINE_EVERY_SECONDS

    def advance(self, amount: float) -> None:
        self._done += amount
        pace = self._pace.after(amount)
        if time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + LINE_EVERY_SECONDS
            typer.echo(f"{self._title}: {100 * self._done / self._total:.0f} %{pace}")
