"""How the body of a command is read."""

import asyncio
import time
from typing import Any

import pytest
from pydantic import BaseModel
from starlette.requests import Request

from chassis import sending
from chassis.problems import ProblemError
from chassis.sending import JsonBody

SCOPE = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", b"application/json")]}


class Coins(BaseModel):
    coins: int


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "BODY_SECONDS_MAX", 0.05)
    monkeypatch.setattr(sending, "BODY_GRACE_SECONDS", 0.05)


async def test_a_body_that_came_while_the_process_stood_still_is_read() -> None:
    arrived = asyncio.Event()

    async def receive() -> Any:
        await arrived.wait()
        return {"type": "http.request", "body": b'{"coins": 5}', "more_body": False}

    reading = asyncio.create_task(JsonBody(Coins)(Request(SCOPE, receive)))
    await asyncio.sleep(0)
    time.sleep(4 * sending.BODY_SECONDS_MAX)  # noqa: ASYNC251  # nothing goes on in this process
    asyncio.get_running_loop().call_soon(arrived.set)  # as a socket is read: ahead of timers, but its reader goes on after them
    assert await reading == Coins(coins=5)


async def test_a_body_that_does_not_come_is_given_up() -> None:
    async def receive() -> Any:
        await asyncio.Event().wait()

    with pytest.raises(ProblemError) as trouble:
        await JsonBody(Coins)(Request(SCOPE, receive))
    assert str(trouble.value) == "body_too_slow"
