"""Free TCP ports of this machine, picked by the system."""

from __future__ import annotations

import socket
from contextlib import ExitStack

LOOPBACK = "127.0.0.1"
_given: set[int] = set()
"""By this process, ever: whoever is given one listens on it a while later, and the system may pick it again until then."""


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listened on a moment ago. Another process may take one: start again then."""
    found: set[int] = set()
    with ExitStack() as held:
        while len(found) < count:
            port = held.enter_context(socket.create_server((LOOPBACK, 0))).getsockname()[1]
            if port not in _given:
                found.add(port)
    _given.update(found)
    return sorted(found)
