"""The load generator as its parent sees it: a process that is asked in JSON. What it does is in load.py."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devkit.benchmarks.ground import BenchmarkError

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncIterator

    from devkit.benchmarks.demand import Demand

ANSWER_SECONDS_MAX = 1_200.0
STOP_SECONDS_MAX = 10.0
ANSWER_BYTES_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class LoadGenerator:
    pid: int
    questions: StreamWriter
    answers: StreamReader

    async def ready(self) -> None:
        """Wait until all orders are made."""
        await self._answer()

    async def flood(self, orders: int, backlog: int) -> dict[str, Any]:
        """Send as fast as they are taken, with at most `backlog` under way. Raises BenchmarkError."""
        return await self._ask({"work": "flood", "orders": orders, "backlog": backlog})

    async def pace(self, orders: int, rate: float) -> dict[str, Any]:
        """Send so many a second. Raises BenchmarkError."""
        return await self._ask({"work": "pace", "orders": orders, "rate": rate})

    async def tally(self) -> dict[str, Any]:
        """Read all facts back that the last work has led to, and count. Raises BenchmarkError."""
        return await self._ask({"work": "tally"})

    async def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        self.questions.write(json.dumps(question).encode() + b"\n")
        await self.questions.drain()
        return await self._answer()

    async def _answer(self) -> dict[str, Any]:
        try:
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                line = await self.answers.readline()
        except TimeoutError as error:
            raise BenchmarkError("the load generator does not answer") from error
        if not line:
            raise BenchmarkError("the load generator has ended; what it said is above")
        answer: dict[str, Any] = json.loads(line)
        if "stalled" in answer:
            raise BenchmarkError(f"the flow has stopped: {answer['stalled']}")
        return answer


@asynccontextmanager
async def load_generator(bootstrap: str, demand: Demand) -> AsyncIterator[LoadGenerator]:
    """Ends when left; by itself when we are gone, since nobody asks any more."""
    spec = {"bootstrap": bootstrap, "taste": demand.taste.value, "run": demand.run, "orders": demand.orders}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "devkit.benchmarks.load",
        json.dumps(spec),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=ANSWER_BYTES_MAX,
    )
    questions, answers = process.stdin, process.stdout
    if questions is None or answers is None:
        raise BenchmarkError("the load generator has no pipes")
    try:
        yield LoadGenerator(process.pid, questions, answers)
    finally:
        questions.close()
        try:
            async with asyncio.timeout(STOP_SECONDS_MAX):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
