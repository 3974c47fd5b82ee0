"""CPU seconds of processes with all that they have started, by name: services, PostgreSQL, Kafka, the load generator."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from devkit.runs import Run


def tree_seconds(pid: int) -> float:
    """CPU seconds of a process, of those it has started, and of those that ended and were waited for. 0 when it is gone."""
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    return sum(_seconds(process) for process in family)


def pids(run: Run) -> dict[str, int]:
    """The processes that a run has started, by name, as it has written them down: `postgres`, `kafka`, `orders-1` ..."""
    return {record.stem: json.loads(record.read_text())["pid"] for record in sorted(run.records.glob("*.json"))}


@dataclass(frozen=True, slots=True)
class Meter:
    """CPU seconds of process trees since the meter was started."""

    pids: Mapping[str, int]
    begin: Mapping[str, float]

    @classmethod
    def start(cls, watched: Mapping[str, int]) -> Self:
        """`watched`: the pid of each tree's root, by the name under which it is told."""
        return cls(watched, {name: tree_seconds(pid) for name, pid in watched.items()})

    def seconds(self) -> dict[str, float]:
        """By name. A tree that has ended meanwhile has none: its time is not known any more."""
        return {name: max(0.0, tree_seconds(pid) - self.begin[name]) for name, pid in self.pids.items()}


def by_kind(seconds: Mapping[str, float]) -> dict[str, float]:
    """Processes of one service together: `orders-1` and `orders-2` are `orders`."""
    kinds: dict[str, float] = {}
    for name, amount in seconds.items():
        kind, _, number = name.rpartition("-")
        kind = kind if number.isdigit() else name
        kinds[kind] = kinds.get(kind, 0.0) + amount
    return kinds


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)
