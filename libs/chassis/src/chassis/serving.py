"""The HTTP server of a process: how its bytes are read. What is answered is in `web`."""

from contextlib import nullcontext
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES_MAX = 65_536
STOP_SECONDS_MAX = 5.0


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
    """The parser keeps a head, the request's line and headers, for as long as it goes on; here one that is too large ends."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head: list[int] | None = None
        """Sizes of the reads that brought more of the head that is under way."""

    def on_message_begin(self) -> None:
        self._head = []
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head = None
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        head = self._head
        super().data_received(data)
        if head is not None and self._head is head:
            head.append(len(data))
            if sum(head) > HEAD_BYTES_MAX and not self.transport.is_closing():
                self.send_400_response(f"The request's line and headers have more than {HEAD_BYTES_MAX} bytes.")
