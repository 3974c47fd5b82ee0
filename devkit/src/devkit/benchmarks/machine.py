"""What a figure was measured on: the machine, the versions of what ran on it, and how much of it others used meanwhile."""

from __future__ import annotations

import os
import platform
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from devkit import kafka_jars
from devkit.benchmarks.processor_time import tree_seconds
from devkit.stack import KAFKA_VARIABLE

if TYPE_CHECKING:
    from typing import Self

    from devkit.benchmarks.figures import Cell
    from devkit.stack import Stack

CPU_NOTES = Path("/proc/cpuinfo")
GIBIBYTE = 2**30
IDLE_FIELDS = {"idle", "iowait", "steal", "guest", "guest_nice"}
"""Of the machine's time: what nobody used, what was not ours to use, and what user time has in it already."""


def machine(stack: Stack | None = None) -> dict[str, Cell]:
    """Facts to stand beside every figure; with a stack its versions, too."""
    facts: dict[str, Cell] = {
        "CPU": _cpu_model(),
        "cores": _cores(),
        "memory": f"{psutil.virtual_memory().total / GIBIBYTE:.0f} GiB",
        "kernel": platform.release().partition("-")[0],
        "Python": platform.python_version(),
    }
    if stack is not None:
        facts["PostgreSQL"] = stack.postgres.execute("SHOW server_version;").strip()
        facts["Kafka"] = "given from outside" if os.environ.get(KAFKA_VARIABLE) else kafka_jars.VERSION
    return facts


@dataclass(frozen=True, slots=True)
class Neighbors:
    """How many cores processes that are not ours have used since this was made. Ours are this one and all it has started."""

    begin: float
    busy_seconds: float
    own_seconds: float

    @classmethod
    def watch(cls) -> Self:
        return cls(time.monotonic(), _busy_seconds(), tree_seconds(os.getpid()))

    def cores(self) -> float:
        """On average. Never below nothing: the kernel counts the machine's time in coarser steps than that of a process."""
        seconds = time.monotonic() - self.begin
        busy, own = _busy_seconds() - self.busy_seconds, tree_seconds(os.getpid()) - self.own_seconds
        return max(0.0, (busy - own) / seconds) if seconds else 0.0


def _busy_seconds() -> float:
    times = psutil.cpu_times()._asdict()
    return float(sum(seconds for name, seconds in times.items() if name not in IDLE_FIELDS))


def _cpu_model() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", CPU_NOTES.read_text(), re.MULTILINE) if CPU_NOTES.exists() else None
    return found[1] if found else platform.processor() or platform.machine()


def _cores() -> int:
    """Those that we may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
