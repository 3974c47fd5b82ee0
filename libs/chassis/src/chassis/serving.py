"""The HTTP server of a process: how its bytes are read. What is answered is in `web`."""

from contextlib import nullcontext
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES_MAX = 65_536
STOP_SECONDS_MAX = 5.0
UPGRADE = b"\nupgrade:"


def server(app: Starlette) -> uvicorn.Server:
    """Not started. It leaves signals to the service."""
    config = uvicorn.Config(
        app,
        http=BoundedHeads,
        ws="none",
        proxy_headers=False,  # nobody asks for a caller's address
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=int(STOP_SECONDS_MAX),
    )
    made = uvicorn.Server(config)
    made.capture_signals = nullcontext  # type: ignore[assignment,method-assign]  # the service has its own, and exits with 0
    return made


class BoundedHeads(HttpToolsProtocol):
    """The fast parser, with what it lacks.

    It keeps a head, the request's line and headers, and what follows a body in chunks, for as long as they go on: here one that
    is too large ends. And it takes a request that asks for another protocol for one without a body, and its body for the next
    request. Clients that offer HTTP/2 in this way do so with a connection's first request: the other parser reads it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._first: bytearray | None = bytearray()
        """What has come until the connection's first head is complete."""
        self._in_head = False
        self._has_finished = False
        """Whether the last read has finished anything: a head, a piece of a body, a request."""
        self._unfinished_bytes = 0
        """Of the reads since then."""

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # what follows a body is no header of its request
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Raises ValueError, which is answered with 400."""
        if self.parser.should_upgrade():
            raise ValueError("an upgrade is asked for by a connection's first request, if by any")
        self._in_head, self._first, self._has_finished = False, None, True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._has_finished = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._has_finished = True
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        if self._first is not None and self._asks_for_upgrade(self._first, data):
            self._hand_over(self._first)
            return
        self._has_finished = False
        super().data_received(data)
        self._unfinished_bytes = 0 if self._has_finished else self._unfinished_bytes + len(data)
        if self._unfinished_bytes > HEAD_BYTES_MAX and not self.transport.is_closing():
            self.send_400_response(f"The request's line and headers have more than {HEAD_BYTES_MAX} bytes.")

    @staticmethod
    def _asks_for_upgrade(first: bytearray, data: bytes) -> bool:
        """Notes what came. A body that looks so is read by the other parser just as well."""
        start = max(0, len(first) - len(UPGRADE))
        first += data
        return UPGRADE in first[start:].lower()

    def _hand_over(self, read: bytearray) -> None:
        """To the other parser, as if it had been there from the beginning."""
        self._unset_keepalive_if_required()
        self.connections.discard(self)
        other = Staying(self.config, self.server_state, self.app_state, self.loop)
        other.connection_made(self.transport)
        self.transport.set_protocol(other)
        other.data_received(bytes(read))


class Staying(H11Protocol):
    """Reads requests that ask for another protocol, and stays with this one."""

    def _get_upgrade(self) -> bytes | None:
        return None
