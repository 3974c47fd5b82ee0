"""Asks the service of this container whether it is ready: a health check that needs no shell and no other program.

    python -m chassis.probe

Ends with 0 when it takes work, else with 1 and why not. Imports nothing of ours: it runs every few seconds.
"""

import os
import sys
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

ANSWER_SECONDS_MAX = 4.0
SHOWN_BYTES_MAX = 1000


def trouble(port: int, path: str = "/readyz") -> str:
    """Why the service at this port is not ready; empty when it is."""
    connection = HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS_MAX)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read(SHOWN_BYTES_MAX).decode(errors="replace")
    except (OSError, HTTPException) as error:
        return f"no answer: {error!r}"
    finally:
        connection.close()
    return "" if answer.status == HTTPStatus.OK else f"{answer.status} {text}"


def main() -> None:
    """The port is the service's own setting."""
    sys.exit(trouble(int(os.environ.get("WHARF_HTTP_PORT", "8080"))) or 0)


if __name__ == "__main__":
    main()
