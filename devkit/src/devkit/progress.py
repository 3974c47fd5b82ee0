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
def progress(title: str, total: float) -> Iterator[Callable[[float], None]]:
    """Gives a function to call with the amount that has been done since the last call."""
    if sys.stdout.isatty():
        with _bar(title, total) as advance:
            yield advance
    else:
        yield _Lines(title, total).advance


@contextmanager
def _bar(title: str, total: float) -> Iterator[Callable[[float], None]]:
    from rich.progress import Progress  # noqa: PLC0415 - a quarter of a second, for terminals only

    with Progress(transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda amount: bar.advance(task, amount)


class _Lines:
    def __init__(self, title: str, total: float) -> None:
        self._title = title
        self._total = total
        self._done = 0.0
        self._next_line = time.monotonic() + LINE_EVERY_SECONDS

    def advance(self, amount: float) -> None:
        self._done += amount
        if time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + LINE_EVERY_SECONDS
            typer.echo(f"{self._title}: {100 * self._done / self._total:.0f} %")
