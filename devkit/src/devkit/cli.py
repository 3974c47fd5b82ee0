"""The command line: which commands there are. What they do is in devkit.commands, imported when one is called."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from collections.abc import Mapping

# A line each: the module devkit.commands.<name>. Quick help needs the sentence here.
COMMANDS = {
    "demo": "Replay a real shop's month through the services; check that every unit is accounted for.",
    "up": "Run the stack; print the addresses and a token per role. Ctrl-C stops it.",
    "status": "How the services of the running stack do.",
    "send": "Publish any message of the contracts by hand.",
    "watch": "Follow the topics, a line a record.",
    "parked": "List, show, retry or discard what is parked or in quarantine.",
    "verify": "Check that every unit and every order of the running stack is accounted for.",
    "bench": "Measure speed and cost: the flow of orders beside the usual ways, deadlines, HTTP, starts, growth.",
    "simulate": "Run all services by seeds in one process, with crashes and repetitions; check what they promise.",
    "faults": "Kill, pause and flood the real services under load; check that nothing is lost or done twice.",
    "test": "Run all tests; options go on to pytest.",
    "check": "Check format, lint, types and import rules; run the unit, contract and tidy tests. Under a minute.",
    "smoke": "Start Kafka and PostgreSQL, pass a record and a row, stop them; say how long each took.",
    "documents": "Write schemas, OpenAPI, AsyncAPI and their pages anew, from the code.",
    "lock": "Write requirements.lock anew from the pinned versions.",
}
# Options that a command does not know go on to the program behind it.
_PASSES_OPTIONS_ON = {"test"}


class CommandTable(TyperGroup):
    """Imports a command's module when that command is called, and none for the list of all of them. A module has a function
    `main`, or commands of its own in `app`.

    Typer keeps the types of its contexts and commands to itself, hence the open ones.
    """

    package = "devkit.commands"
    sentences: Mapping[str, str] = COMMANDS

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.sentences)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - click's signature
        if cmd_name not in self.sentences:
            return None
        module = import_module(f"{self.package}.{cmd_name}")
        if hasattr(module, "app"):
            return typer.main.get_command(module.app)
        passes_on = cmd_name in _PASSES_OPTIONS_ON
        single = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        settings = {"allow_extra_args": passes_on, "ignore_unknown_options": passes_on}
        single.command(cmd_name, context_settings=settings)(module.main)
        return typer.main.get_command(single)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl(list(self.sentences.items()))


app = typer.Typer(cls=CommandTable, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.callback(no_args_is_help=True)
def wharf() -> None:
    """Wharf: message-driven fulfillment on real Kafka and PostgreSQL."""


def main() -> None:
    """Run the command that the arguments name."""
    app(prog_name="./wharf")
