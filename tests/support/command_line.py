"""The `./wharf` commands as a user runs them, in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devkit import checkout
from devkit.waiting import wait_until

COMMAND_SECONDS = 60.0
STACK_SECONDS = 120.0
READY_LINE = "Ctrl-C here stops all"


def wharf(*arguments: str, seconds: float = COMMAND_SECONDS) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; standard error follows standard output in its `stdout`."""
    return subprocess.run(
        [sys.executable, "-m", "devkit", *arguments],
        cwd=checkout.ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={name: value for name, value in os.environ.items() if not name.startswith("WHARF_")},
        text=True,
        timeout=seconds,
        check=False,
    )


@contextmanager
def started(log: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command that goes on by itself; interrupted at the end, if the test has not done so."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "devkit", *arguments],
            cwd=checkout.ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={name: value for name, value in os.environ.items() if not name.startswith("WHARF_")},
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(COMMAND_SECONDS)


def says(log: Path, text: str, seconds: float = STACK_SECONDS) -> bool:
    """Whether the command's output has this text before the time is over."""
    return wait_until(lambda: text in log.read_text(errors="replace"), timeout_seconds=seconds)
