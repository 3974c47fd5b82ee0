"""The HTTP server on a real socket: what comes in pieces, in a row, or without an end."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from itertools import chain, repeat

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chassis.serving import HEAD_BYTES_MAX, server

ANSWER_SECONDS_MAX = 20.0


async def echo(request: Request) -> Response:
    return Response(f"{len(await request.body())} bytes, {len(request.headers)} headers")


@pytest.fixture
async def port() -> AsyncIterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = server(Starlette(routes=[Route("/echo", echo, methods=["POST"])]))
        answering = asyncio.create_task(serving.serve([listening]))
        yield listening.getsockname()[1]
        serving.should_exit = True
        await answering


async def said(port: int, pieces: Iterable[bytes]) -> str:
    """All that the server answers until it hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writing = asyncio.create_task(write(writer, pieces))
    try:
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            return (await reader.read()).decode()
    except ConnectionError:
        return "hung up"
    finally:
        writing.cancel()
        writer.close()


async def write(writer: asyncio.StreamWriter, pieces: Iterable[bytes]) -> None:
    with suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)


def post(content: bytes, *headers: bytes) -> bytes:
    lines = [b"POST /echo HTTP/1.1", b"Host: here", b"Content-Length: %d" % len(content), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + content


CLOSE = b"Connection: close"
START = b"POST /echo HTTP/1.1\r\nHost: here\r\n"


async def test_a_request_that_comes_in_pieces_is_answered(port: int) -> None:
    request = post(b"x" * 1000, CLOSE)
    answer = await said(port, (request[:10], request[10:60], request[60:600], request[600:]))
    assert answer.endswith("1000 bytes, 3 headers")


async def test_long_bodies_and_the_heads_between_them_are_taken(port: int) -> None:
    both = post(b"x" * (HEAD_BYTES_MAX * 2)) + post(b"y" * (HEAD_BYTES_MAX * 3), CLOSE)
    middle = HEAD_BYTES_MAX * 2 + 90
    answer = await said(port, (both[:middle], both[middle:]))
    assert f"{HEAD_BYTES_MAX * 2} bytes" in answer
    assert answer.endswith(f"{HEAD_BYTES_MAX * 3} bytes, 3 headers")


async def test_a_head_without_an_end_is_cut(port: int) -> None:
    answer = await said(port, chain([START + b"X-Endless: "], repeat(b"a" * 8_192)))
    assert answer.startswith("HTTP/1.1 400") or answer == "hung up"


async def test_endless_headers_are_cut(port: int) -> None:
    answer = await said(port, chain([START], repeat(b"X-More: 1\r\n" * 900)))
    assert answer.startswith("HTTP/1.1 400") or answer == "hung up"


async def test_what_is_no_request_is_refused(port: int) -> None:
    assert (await said(port, [b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"])).startswith("HTTP/1.1 400")
