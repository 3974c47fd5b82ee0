"""A container's health check tells ready from not ready, and why not."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from devkit.ports import LOOPBACK, free_ports


@contextmanager
def answering(status: int, body: bytes) -> Iterator[int]:
    """A service that always gives this answer; its port."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with HTTPServer((LOOPBACK, 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def probe(port: int) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "WHARF_HTTP_PORT": str(port)}
    return subprocess.run(
        [sys.executable, "-m", "chassis.probe"], env=environment, capture_output=True, text=True, timeout=30, check=False
    )


def test_a_service_that_is_ready_is_healthy() -> None:
    with answering(200, b"{}") as port:
        told = probe(port)
    assert (told.returncode, told.stderr) == (0, "")


@pytest.mark.parametrize("status", [503, 404])
def test_one_that_is_not_is_not_and_its_own_words_are_kept(status: int) -> None:
    with answering(status, b"waits for the database") as port:
        told = probe(port)
    assert (told.returncode, told.stderr.strip()) == (1, f"{status} waits for the database")


def test_one_that_does_not_answer_is_not_healthy() -> None:
    (port,) = free_ports(1)
    told = probe(port)
    assert told.returncode == 1
    assert "no answer" in told.stderr
