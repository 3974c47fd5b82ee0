"""`./wharf test`: all tests, in the process that pytest takes over."""

from __future__ import annotations

import os
import sys

import typer  # noqa: TC002 - typer reads the annotation when it makes the command

from devkit import checkout

AT_ONCE = ("--numprocesses", "2", "--dist", "loadgroup")
"""Half of what tests do is waiting. Which of them share a worker is in tests/conftest.py."""


def main(context: typer.Context) -> None:
    """Run all tests, two at a time. Options and paths go on to pytest, which then runs one test after another.

    The exit status is that of pytest.

    With CI=true in the environment a container test that finds no Docker engine fails instead of being skipped.
    """
    os.chdir(checkout.ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *(context.args or AT_ONCE)])  # noqa: S606 - the same interpreter
