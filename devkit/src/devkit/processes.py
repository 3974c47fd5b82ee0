"""Child processes: started with a log file, gone when their parent is gone, stopped by pid and never by name.

Which children a run has is kept in runs.py; what they are in kafka.py, postgres.py and their like.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

STOP_SECONDS = 20.0
STALE_STOP_SECONDS = 3.0
KILLED_SECONDS_MAX = 5.0
# Clocks of the kernel and of psutil agree to a hundredth; a pid that is used again is younger by far more.
SAME_START_SECONDS = 1.0
_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of <sys/prctl.h>
# Linux sends that signal when the *thread* ends that started the child, so one thread starts them all and stays.
_SPAWNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


class ProcessFailedError(Exception):
    """A child ended or stayed silent where it should have come up; the message carries the end of its log."""


class PortTakenError(ProcessFailedError):
    """Somebody else has the port that the child was told to listen on."""


@dataclass(frozen=True, slots=True)
class Child:
    """A running child process."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    log_start: int
    stop_signal: signal.Signals

    @property
    def pid(self) -> int:
        return self.process.pid

    def is_running(self) -> bool:
        return self.process.poll() is None

    def stop(self, timeout_seconds: float = STOP_SECONDS) -> int:
        """Ask it to stop, kill it when it does not; returns its exit status (negative: ended by that signal)."""
        if self.is_running():
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(timeout_seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.wait()

    def kill(self) -> None:
        """End it as a crash would, with everything it started."""
        _kill_tree(self.pid)
        self.process.wait()

    def output(self) -> str:
        """What it wrote since this start; a restarted child continues the log of the one before."""
        return self.log.read_bytes()[self.log_start :].decode(errors="replace")

    def log_tail(self, lines: int = 30) -> str:
        """The end of its output."""
        return "\n".join(self.output().splitlines()[-lines:])


@dataclass(frozen=True, slots=True)
class Account:
    """The unprivileged account that a child runs under when we are root."""

    user_id: int
    group_id: int


def start_child(
    command: Sequence[str | Path],
    *,
    log: Path,
    record: Path,
    environment: Mapping[str, str] | None = None,
    account: Account | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> Child:
    """Start a process in a session of its own, so that Ctrl-C reaches it through us and in our order.

    `record` names the file that lets a later run find it, see `stop_recorded`.
    """
    log_start = log.stat().st_size if log.exists() else 0
    process = _SPAWNER.submit(_spawn, command, log, environment, account, stop_signal).result()
    record.write_text(json.dumps({"pid": process.pid, "started": _start_time(process.pid), "stop": int(stop_signal)}))
    return Child(record.stem, process, log, log_start, stop_signal)


def _spawn(
    command: Sequence[str | Path],
    log: Path,
    environment: Mapping[str, str] | None,
    account: Account | None,
    stop_signal: signal.Signals,
) -> subprocess.Popen[bytes]:
    parent = os.getpid()
    linux = ctypes.CDLL(None) if sys.platform == "linux" else None

    def follow_parent() -> None:
        if linux is not None:
            linux.prctl(_SET_PARENT_DEATH_SIGNAL, int(stop_signal))
        if os.getppid() != parent:
            os._exit(1)

    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - the commands are ours
            [os.fspath(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if environment is None else dict(environment),
            cwd="/",
            user=account.user_id if account else None,
            group=account.group_id if account else None,
            extra_groups=[] if account else None,
            start_new_session=True,
            preexec_fn=follow_parent,  # noqa: PLW1509 - calls only what is loaded before the fork
        )


def stop_recorded(record: Path) -> bool:
    """End the process that an earlier run left behind; False when it is gone or its pid names another one now."""
    try:
        noted = json.loads(record.read_text())
        process = psutil.Process(noted["pid"])
        if abs(process.create_time() - noted["started"]) > SAME_START_SECONDS:
            return False
        process.send_signal(noted["stop"])
    except (OSError, ValueError, KeyError, psutil.NoSuchProcess):
        return False
    try:
        process.wait(STALE_STOP_SECONDS)
    except psutil.TimeoutExpired:
        _kill_tree(process.pid)
    return True


def _kill_tree(pid: int) -> None:
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(family[1:], timeout=KILLED_SECONDS_MAX)  # a server's children may hold what its next start wants


def _start_time(pid: int) -> float:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return 0.0
