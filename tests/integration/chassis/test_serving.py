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


H2C = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA")


async def test_a_client_that_offers_another_protocol_is_answered_in_this_one(port: int) -> None:
    request = post(b"x" * 1000, *H2C)
    again = post(b"yy", CLOSE)
    answer = await said(port, (request[:90], request[90:400], request[400:], again))
    assert answer.count("HTTP/1.1 200") == 2
    assert answer.partition("HTTP/1.1 200")[2].partition("HTTP/1.1")[0].endswith("1000 bytes, 5 headers")
    assert answer.endswith("2 bytes, 3 headers")


async def test_a_body_in_chunks_of_such_a_client_is_read(port: int) -> None:
    head = b"\r\n".join([b"POST /echo HTTP/1.1", b"Host: here", b"Transfer-Encoding: chunked", *H2C]) + b"\r\n\r\n"
    answer = await said(port, (head, b"5\r\nhello\r\n", b"0\r\n\r\n", post(b"", CLOSE)))
    assert "5 bytes, 5 headers" in answer
    assert answer.endswith("0 bytes, 3 headers")


@pytest.mark.parametrize("before", [b"", post(b"x")])
async def test_a_body_is_never_the_next_request(port: int, before: bytes) -> None:
    hidden = post(b"hidden", CLOSE)
    pieces = (before, post(hidden, *H2C), post(b"", CLOSE)) if before else (post(hidden, *H2C), post(b"", CLOSE))
    answer = await said(port, pieces)
    assert "6 bytes" not in answer
    assert f"{len(hidden)} bytes" in answer or answer.count("HTTP/1.1 400") == 1


async def test_trailers_without_an_end_are_cut_and_are_no_headers(port: int) -> None:
    head = START + b"Transfer-Encoding: chunked\r\n\r\n"
    answer = await said(port, chain([head + b"5\r\nhello\r\n0\r\nX-Late: 1\r\n"], repeat(b"X-More: 1\r\n" * 900)))
    assert "HTTP/1.1 400" in answer or answer == "hung up"
    short = await said(port, [head + b"5\r\nhello\r\n0\r\nX-Late: 1\r\n\r\n" + post(b"", CLOSE)])
    assert "5 bytes, 2 headers" in short


async def test_a_long_header_that_comes_byte_by_byte_is_taken(port: int) -> None:
    request = post(b"x", b"X-Long: " + b"a" * 3_000, CLOSE)
    assert (await said(port, (request[i : i + 1] for i in range(len(request))))).endswith("1 bytes, 4 headers")
