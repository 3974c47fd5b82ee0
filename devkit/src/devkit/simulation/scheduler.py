"""Who goes on: the event loop of a simulated run, in which the seed picks the next step whenever all tasks wait.

A loop of a few lines in the place of asyncio's: tasks and futures are asyncio's own, and when none of them can go on, a waiting
step may. No real time, no I/O, no threads. Knows nothing of what is simulated.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from hashlib import blake2b
from heapq import heappop, heappush
from random import Random
from typing import Any, TypeAlias, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

STEPS_MAX = 100_000
"""How long one run may take, in steps; what is not quiet by then is unknown, and unknown is red."""


class UnquietError(RuntimeError):
    """The run did not come to rest within its steps."""


class StuckError(RuntimeError):
    """Everything waits for something that will not come."""


Turn: TypeAlias = "asyncio.Future[None]"
Step: TypeAlias = tuple[str, str, Turn]
"""Who waits for its turn, and what it will do then."""
NEVER = 2**63
"""A step that does not come."""


class Bell:
    """Wakes all who wait for it. Ringing while nobody waits is lost: look first, then wait."""

    def __init__(self) -> None:
        self.rung = 0
        """How often; who can't look again and wait at once compares it."""
        self._heard: list[asyncio.Future[None]] = []

    async def heard(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self._heard.append(future)
        await future

    def ring(self) -> None:
        self.rung += 1
        heard, self._heard = self._heard, []
        for future in heard:
            if not future.done():
                future.set_result(None)


@dataclass(slots=True)
class Scheduler:
    """Steps that wait, and the dice that choose among them."""

    dice: Random
    steps_max: int = STEPS_MAX
    story: list[str] | None = None
    """What happened, a line a step, when somebody wants to read it."""
    failures: list[str] = field(default_factory=list)
    """What callbacks and forgotten tasks raised."""
    step: int = 0
    _told: list[str] = field(default_factory=list)
    _waiting: list[Step] = field(default_factory=list)
    _later: list[tuple[int, int, Step]] = field(default_factory=list)
    _background: list[tuple[int, int, Step]] = field(default_factory=list)
    _idle: deque[Step] = field(default_factory=deque)
    _numbered: int = 0
    _wakes_at: int = NEVER
    """When the first sleeper does."""

    @property
    def fingerprint(self) -> str:
        """The same for two runs that went the same way."""
        return blake2b("".join(self._told).encode(), digest_size=16).hexdigest()

    def pause(self, who: str, what: str) -> Turn:
        """Await it to let others go first, or not."""
        turn: Turn = asyncio.Future()
        self._waiting.append((who, what, turn))
        return turn

    def wait_steps(self, who: str, steps: int) -> Turn:
        """Await a number of steps, or that nobody else has anything to do."""
        return self._wait_in(self._later, who, steps)

    def background(self, who: str, steps: int) -> Turn:
        """Await a number of steps that others take. Nobody waits for this one: without it, all is quiet."""
        return self._wait_in(self._background, who, steps)

    def _wait_in(self, queue: list[tuple[int, int, Step]], who: str, steps: int) -> Turn:
        turn: Turn = asyncio.Future()
        self._numbered += 1
        heappush(queue, (self.step + steps, self._numbered, (who, "wakes", turn)))
        self._wakes_at = min(self._wakes_at, self.step + steps)
        return turn

    def idle(self, who: str) -> Turn:
        """Await that all others have nothing left to do."""
        turn: Turn = asyncio.Future()
        self._idle.append((who, "sees all quiet", turn))
        return turn

    def tell(self, who: str, what: str) -> None:
        """Note what happened, for the story and the fingerprint."""
        self._told.append(f"{who}\0{what}\n")
        if self.story is not None:
            self.story.append(f"{self.step:>6}  {who:<16} {what}")

    def let_one_go_on(self) -> None:
        """Give one step its turn. Raises StuckError when there is none, UnquietError after too many."""
        self.step += 1
        if self.step > self.steps_max:
            raise UnquietError(f"not quiet after {self.steps_max} steps")
        who, what, turn = self._next()
        self.tell(who, what)
        turn.set_result(None)

    def _next(self) -> Step:
        while True:
            if self.step >= self._wakes_at:
                self._wake_sleepers()
            if self._waiting:
                step = self._take()
            elif self._later:
                self.step = max(self.step, self._later[0][0])
                continue
            elif self._idle:
                step = self._idle.popleft()
            else:
                raise StuckError("every task waits for another")
            if not step[2].done():  # canceled meanwhile
                return step

    def _wake_sleepers(self) -> None:
        for queue in (self._later, self._background):
            while queue and queue[0][0] <= self.step:
                self._waiting.append(heappop(queue)[2])
        self._wakes_at = min((queue[0][0] for queue in (self._later, self._background) if queue), default=NEVER)

    def _take(self) -> Step:
        waiting = self._waiting
        place, last = int(self.dice.random() * len(waiting)), waiting.pop()
        if place == len(waiting):
            return last
        step, waiting[place] = waiting[place], last
        return step


class SeededLoop(asyncio.AbstractEventLoop):
    """As much of a loop as tasks and futures ask for. What is called soon is called, and can't be taken back."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._ready: deque[tuple[Context, Callable[..., object], tuple[Any, ...]]] = deque()
        self._handle = asyncio.Handle(int, (), self)

    def time(self) -> float:
        return 0.0

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def create_future(self) -> "asyncio.Future[Any]":
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: str | None = None, context: Context | None = None) -> "asyncio.Task[Any]":
        return asyncio.Task(coro, loop=self, name=name, context=context)

    def call_soon(self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None) -> asyncio.Handle:
        self._ready.append((copy_context() if context is None else context, callback, args))
        return self._handle

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self._scheduler.failures.append(f"{context.get('message')}: {context.get('exception')!r}")

    def run_until(self, task: "asyncio.Future[Any]") -> None:
        """Let tasks go on, and one of the waiting steps whenever none can, until this one has ended."""
        ready, let_one_go_on = self._ready, self._scheduler.let_one_go_on
        while not task.done():
            while ready:
                context, callback, args = ready.popleft()
                context.run(callback, *args)
            if not task.done():
                let_one_go_on()

    def end(self) -> None:
        """Cancel all that still waits."""
        tasks = asyncio.all_tasks(self)
        for task in tasks:
            task.cancel()
        if tasks:
            self.run_until(asyncio.gather(*tasks, return_exceptions=True))


def run(scheduler: Scheduler, main: Coroutine[Any, Any, T]) -> T:
    """Run `main` and all it starts; what still waits when it returns is canceled. Raises what it raises, and its own errors."""
    loop = SeededLoop(scheduler)  # type: ignore[abstract]  # most of what loops can do nobody asks for here
    asyncio._set_running_loop(loop)  # noqa: SLF001  # documented as for those who write loops
    try:
        task: asyncio.Task[T] = loop.create_task(main)
        loop.run_until(task)
        return task.result()
    finally:
        loop.end()
        asyncio._set_running_loop(None)  # noqa: SLF001  # as above
