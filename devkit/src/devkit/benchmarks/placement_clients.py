"""Storefronts that place orders over HTTP, each one after another on a connection of its own, as fast as they are answered.

A process of its own, and no HTTP library: on two cores a client that costs as much as the service would measure itself.

python -m devkit.benchmarks.placement_clients JSON   what to do (`Visit`); prints what came of it (`Answers`)
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from statistics import quantiles
from urllib.parse import urlsplit

from devkit.benchmarks.purchases import LINES_MAX, SELLER, purchase

WARM_UP_SECONDS = 1.0
HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"
ANSWER_SECONDS_MAX = 30.0


@dataclass(frozen=True, slots=True)
class Visit:
    """`clients` come to `url` for so many seconds. `name` makes their keys unlike those of all other visits."""

    name: str
    url: str
    token: str
    clients: int
    seconds: float


@dataclass(slots=True)
class Answers:
    """`placed` counts all orders that were taken. Speed and latency (milliseconds) are of those after the warm-up."""

    placed: int = 0
    other: dict[str, int] = field(default_factory=dict)
    rate: float = 0.0
    median: float = 0.0
    late_99: float = 0.0


async def visit(wanted: Visit) -> Answers:
    """Returns when every request has its answer. Raises OSError or TimeoutError when one gets none."""
    loop = asyncio.get_running_loop()
    begin = loop.time() + WARM_UP_SECONDS
    end = begin + wanted.seconds
    statuses: Counter[int] = Counter()
    measured: list[float] = []
    clients = (_client(wanted, number, (begin, end), statuses, measured) for number in range(wanted.clients))
    await asyncio.gather(*clients)
    placed = statuses.pop(HTTPStatus.ACCEPTED, 0)
    other = {str(status): number for status, number in statuses.items()}
    cuts = quantiles(measured, n=100, method="inclusive") if len(measured) > 1 else [*measured, 0.0] * 99
    return Answers(placed, other, len(measured) / wanted.seconds, cuts[49] * 1000, cuts[98] * 1000)


async def _client(
    wanted: Visit, number: int, window: tuple[float, float], statuses: Counter[int], measured: list[float]
) -> None:
    """One connection. What was asked before the window's end is answered after it, and not measured."""
    address = urlsplit(wanted.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    bodies = [_body(line) for line in range(LINES_MAX)]
    asked, begin = 0, time.monotonic()
    while begin < window[1]:
        writer.write(_request(wanted, f"{wanted.name}-{number}-{asked}", bodies[asked % LINES_MAX]))
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            statuses[await _answer(reader)] += 1
        now = time.monotonic()
        if begin >= window[0] and now <= window[1]:
            measured.append(now - begin)
        asked, begin = asked + 1, now
    writer.close()
    await writer.wait_closed()


def _body(number: int) -> bytes:
    order = purchase(number).model_dump(mode="json", exclude={"seller_id", "order_id"}, exclude_none=True)
    return json.dumps(order).encode()


def _request(wanted: Visit, key: str, body: bytes) -> bytes:
    head = (
        f"POST /sellers/{SELLER}/orders HTTP/1.1\r\nHost: orders\r\nAuthorization: Bearer {wanted.token}\r\n"
        f"Idempotency-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _answer(reader: asyncio.StreamReader) -> int:
    """The status; the body is read and dropped."""
    head = await reader.readuntil(HEAD_END)
    place = head.lower().index(LENGTH) + len(LENGTH)
    await reader.readexactly(int(head[place : head.index(b"\r\n", place)]))
    return int(head.split(b" ", 2)[1])


def main() -> None:
    answers = asyncio.run(visit(Visit(**json.loads(sys.argv[1]))))
    sys.stdout.write(json.dumps(asdict(answers)))


if __name__ == "__main__":
    main()
