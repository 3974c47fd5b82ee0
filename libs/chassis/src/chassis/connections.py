"""What aiokafka's connections do on uvloop when the broker is lost.

uvloop raises a RuntimeError when something is written to a connection that has just ended, where asyncio says nothing. aiokafka
(0.14, its issue 1038) takes that for a bug: the task that met it ends for good, and its topic is taken by nobody any more.
"""

from typing import Any

import aiokafka.conn
from aiokafka.errors import KafkaConnectionError


class EndedConnectionError(KafkaConnectionError):  # type: ignore[misc]  # published without types
    """The connection ended before it was written to. Passes: a new one is made."""


class Connection(aiokafka.conn.AIOKafkaConnection):  # type: ignore[misc]  # published without types
    """One that is lost in the way that aiokafka expects."""

    def send(self, request: Any, expect_response: bool = True) -> Any:  # noqa: FBT001, FBT002  # the library's own
        try:
            return super().send(request, expect_response)
        except RuntimeError as ended:
            self.close(reason=aiokafka.conn.CloseReason.CONNECTION_BROKEN)
            message = f"the connection to {self.host}:{self.port} has ended"
            raise EndedConnectionError(message) from ended


def mend_connections() -> None:
    """From now on all of aiokafka's clients in this process make theirs as `Connection`."""
    aiokafka.conn.AIOKafkaConnection = Connection
