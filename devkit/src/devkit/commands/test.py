"""`./wharf test`: all tests, in the process that pytest takes over."""

from __future__ import annotations

import os
import sys

import typer  # noqa: TC002 - typer reads the annotation when it makes the command

from devkit import checkout


def main(context: typer.Context) -> None:
    """Run all tests. Options and paths go on to pytest, whose exit status is ours.

    With CI=true in the environment a container test that finds no Docker engine fails instead of being skipped.
    """
    os.chdir(checkout.ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *context.args])  # noqa: S606 - the same interpreter
