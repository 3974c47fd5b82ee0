"""A run: one directory under .wharf/ with data, logs and the records of its processes.

A run holds a lock on its directory while its process lives. Whoever opens the next run finds directories without
that lock, ends what they left behind by pid and start time, and removes their data; some logs stay for a look back.
"""

from __future__ import annotations

import atexit
import fcntl
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from devkit import checkout
from devkit.processes import Child, start_child, stop_recorded

if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator, Mapping, Sequence
    from io import TextIOWrapper
    from types import TracebackType
    from typing import Self

    from devkit.processes import Account

KEPT_LOG_RUNS = 5
_LOCK = "lock"
_OUTSIDE = "outside"


class Run:
    """The directory of one run. A context manager: leaving stops what is still running and removes the data."""

    def __init__(self, kind: str, runs: Path = checkout.RUNS) -> None:
        runs.mkdir(exist_ok=True)
        with _only_one(runs):
            sweep(runs)
            self.path = Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=runs))
            self._lock = (self.path / _LOCK).open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        # The database server runs under another account when we are root, and must get through here.
        self.path.chmod(0o755)
        self.logs = self.path / "logs"
        self.records = self.path / "processes"
        self.logs.mkdir()
        self.records.mkdir()
        self._children: list[Child] = []
        atexit.register(self.close)

    def directory(self, name: str) -> Path:
        """A directory for data, gone with the run."""
        path = self.path / name
        path.mkdir(exist_ok=True)
        return path

    def outside_directory(self) -> Path:
        """A directory outside the checkout, for who may not enter it; gone with the run as well."""
        path = Path(tempfile.mkdtemp(prefix="wharf-"))
        path.chmod(0o755)
        with (self.path / _OUTSIDE).open("a") as noted:
            noted.write(f"{path}\n")
        return path

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        account: Account | None = None,
        stop_signal: signal.Signals,
    ) -> Child:
        """Start a child of this run; its output goes to logs/<name>.log."""
        child = start_child(
            command,
            log=self.logs / f"{name}.log",
            record=self.records / f"{name}.json",
            environment=environment,
            account=account,
            stop_signal=stop_signal,
        )
        self._children.append(child)
        return child

    def close(self) -> None:
        """Stop the children, last started first, and remove the data. Harmless when called again."""
        atexit.unregister(self.close)
        while self._children:
            self._children.pop().stop()
        if not self._lock.closed:
            _remove_data(self.path)
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def sweep(runs: Path) -> list[str]:
    """Clean up after runs whose process is gone; returns the names of processes that were still there."""
    found: list[str] = []
    finished: list[Path] = []
    for path in sorted(runs.iterdir(), key=_changed):
        if not (path / _LOCK).exists():
            continue
        with (path / _LOCK).open() as lock:
            if not _try_lock(lock):
                continue
            found += [record.stem for record in sorted((path / "processes").glob("*.json")) if stop_recorded(record)]
            _remove_data(path)
            finished.append(path)
    for path in finished[:-KEPT_LOG_RUNS]:
        shutil.rmtree(path, ignore_errors=True)
    return found


def _remove_data(path: Path) -> None:
    outside = path / _OUTSIDE
    if outside.exists():
        for line in outside.read_text().splitlines():
            shutil.rmtree(line, ignore_errors=True)
    for entry in path.iterdir():
        if entry.is_dir() and entry.name != "logs":
            shutil.rmtree(entry, ignore_errors=True)


def _changed(path: Path) -> float:
    return path.stat().st_mtime


def _try_lock(lock: TextIOWrapper) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def _only_one(runs: Path) -> Iterator[None]:
    with (runs / "runs.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
