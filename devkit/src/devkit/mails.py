"""The mail server of a run: catches what the services send, in a folder of the run. What it does is in the package `mail`."""

from __future__ import annotations

import signal
import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devkit.mail.folder import MailFolder
from devkit.ports import LOOPBACK, free_ports
from devkit.processes import ProcessFailedError
from devkit.waiting import wait_until

if TYPE_CHECKING:
    from devkit.processes import Child
    from devkit.runs import Run

START_SECONDS = 20.0
FOLDER = "mails"
SENDER = "wharf@example.com"


@dataclass(frozen=True, slots=True)
class CaughtMails:
    """Where mails are handed over, where they lie, and where they are shown."""

    smtp_port: int
    url: str
    folder: MailFolder
    child: Child

    @property
    def settings(self) -> dict[str, str]:
        """For a service that sends mails."""
        return {
            "WHARF_SMTP_HOST": LOOPBACK,
            "WHARF_SMTP_PORT": str(self.smtp_port),
            "WHARF_SMTP_SECURITY": "plaintext",
            "WHARF_MAIL_FROM": SENDER,
        }


def catch_mails(run: Run) -> CaughtMails:
    """Start the catcher; it ends with the run. Raises ProcessFailedError."""
    smtp_port, http_port = free_ports(2)
    folder = MailFolder(run.directory(FOLDER))
    ports = ["--smtp-port", str(smtp_port), "--http-port", str(http_port)]
    child = run.start("mail", [sys.executable, "-m", "devkit.mail", folder.path, *ports], stop_signal=signal.SIGTERM)
    if not wait_until(lambda: not child.is_running() or _listens(smtp_port), timeout_seconds=START_SECONDS):
        raise ProcessFailedError(f"the mail catcher stays silent:\n{child.log_tail()}")
    if not child.is_running():
        raise ProcessFailedError(f"the mail catcher ended:\n{child.log_tail()}")
    return CaughtMails(smtp_port, f"http://{LOOPBACK}:{http_port}", folder, child)


def _listens(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True
