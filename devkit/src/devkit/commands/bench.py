"""`./wharf bench`: what the services cost and how fast they are. What each benchmark does is in devkit.benchmarks."""

from __future__ import annotations

import typer

from devkit.cli import CommandTable

# A line each: the module devkit.commands.benchmarks.<name> has a function `main`.
BENCHMARKS = {
    "flow": "Orders from placed to reserved to known: how many a second, what each costs, how long; beside the usual ways.",
    "deadlines": "Deadlines fired a second and how late; beside procrastinate.",
    "http": "Orders placed over HTTP, beside one command a transaction.",
    "startup": "From exec to ready to the first message, and from SIGTERM to the end.",
    "growth": "The flow's heart on tables of years, beside empty ones.",
    "backlog": "Facts from the outbox to Kafka with a large backlog, beside a small one.",
    "memory": "What each service holds in memory at most while it works off a backlog.",
}


class BenchmarkTable(CommandTable):
    package = "devkit.commands.benchmarks"
    sentences = BENCHMARKS


app = typer.Typer(cls=BenchmarkTable, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.callback(no_args_is_help=True)
def bench() -> None:
    """Measure speed and cost side by side; each prints tables and writes --json and --html."""
