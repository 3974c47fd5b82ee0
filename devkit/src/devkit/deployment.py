"""Services that run somewhere, as processes of this machine or in containers: what a demo and those who look on need of them.

How they are started is in services.py and in compose/.
"""

from __future__ import annotations

from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devkit.mail.folder import MailFolder
    from devkit.tokens import Issuer

START_SECONDS = 60.0
PROBE_SECONDS = 5.0


class Instance(Protocol):
    """One process of a service; `url` is where it answers."""

    @property
    def service(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def url(self) -> str: ...


class Deployment(Protocol):
    """All services with their parts. `dsns` by service, `groups` are the consumer groups with their topics."""

    @property
    def clock(self) -> str: ...
    @property
    def bootstrap(self) -> str: ...
    @property
    def dsns(self) -> Mapping[str, str]: ...
    @property
    def groups(self) -> Mapping[str, str]: ...
    @property
    def issuer(self) -> Issuer: ...
    @property
    def processes(self) -> Sequence[Instance]: ...
    @property
    def mail_folder(self) -> MailFolder: ...

    def urls(self, service: str) -> list[str]: ...

    def wait_ready(self, timeout_seconds: float = START_SECONDS) -> None:
        """Until all take work. Raises ProcessFailedError with the log of one that does not."""

    def stop(self) -> dict[str, int]:
        """Ask all to stop; the exit status of each, 0 when it ended as it should."""


def is_ready(url: str) -> bool:
    """Whether the process at this address takes work."""
    connection = HTTPConnection(url.removeprefix("http://"), timeout=PROBE_SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
