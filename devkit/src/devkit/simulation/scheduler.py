"""Who goes on: the event loop of a simulated run, in which the seed picks the next step whenever all tasks wait.

Built on asyncio's own loop with a selector that looks at no file: when nothing is ready, it lets one of the waiting steps go
on. No real time, no I/O, no threads. Knows nothing of what is simulated.
"""

import asyncio
import selectors
from collections import deque
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from heapq import heappop, heappush
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")

STEPS_MAX = 100_000
"""How long one run may take, in steps; what is not quiet by then is unknown, and unknown is red."""


class UnquietError(RuntimeError):
    """The run did not come to rest within its steps."""


class StuckError(RuntimeError):
    """Everything waits for something that will not come."""


@dataclass(slots=True)
class Step:
    """A task that waits for its turn."""

    who: str
    what: str
    turn: "asyncio.Future[None]"


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
    step: int = 0
    _digest: Any = field(default_factory=lambda: blake2b(digest_size=16))
    _waiting: list[Step] = field(default_factory=list)
    _later: list[tuple[int, int, Step]] = field(default_factory=list)
    _background: list[tuple[int, int, Step]] = field(default_factory=list)
    _idle: deque[Step] = field(default_factory=deque)
    _numbered: int = 0

    @property
    def fingerprint(self) -> str:
        """The same for two runs that went the same way."""
        return str(self._digest.hexdigest())

    async def pause(self, who: str, what: str) -> None:
        """Let others go first, or not."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(Step(who, what, turn))
        await turn

    async def wait_steps(self, who: str, steps: int) -> None:
        """Wait for a number of steps, or until nobody else has anything to do."""
        await self._wait_in(self._later, who, steps)

    async def background(self, who: str, steps: int) -> None:
        """Wait for a number of steps that others take. Nobody waits for this one: without it, all is quiet."""
        await self._wait_in(self._background, who, steps)

    async def _wait_in(self, queue: list[tuple[int, int, Step]], who: str, steps: int) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._numbered += 1
        heappush(queue, (self.step + steps, self._numbered, Step(who, "wakes", turn)))
        await turn

    async def idle(self, who: str) -> None:
        """Wait until all others have nothing left to do."""
        turn = asyncio.get_running_loop().create_future()
        self._idle.append(Step(who, "sees all quiet", turn))
        await turn

    def tell(self, who: str, what: str) -> None:
        """Note what happened, for the story and the fingerprint."""
        self._digest.update(f"{who}\0{what}\n".encode())
        if self.story is not None:
            self.story.append(f"{self.step:>6}  {who:<12} {what}")

    def let_one_go_on(self) -> bool:
        """Give one step its turn; False when there is none."""
        self.step += 1
        if self.step > self.steps_max:
            raise UnquietError(f"not quiet after {self.steps_max} steps")
        step = self._next()
        if step is None:
            return False
        self.tell(step.who, step.what)
        step.turn.set_result(None)
        return True

    def _next(self) -> Step | None:
        while self._waiting or self._later or self._idle:
            self._wake_sleepers()
            if self._waiting:
                step = self._take()
            elif self._later:
                self.step = max(self.step, self._later[0][0])
                continue
            else:
                step = self._idle.popleft()
            if not step.turn.done():  # canceled meanwhile
                return step
        return None

    def _wake_sleepers(self) -> None:
        for queue in (self._later, self._background):
            while queue and queue[0][0] <= self.step:
                self._waiting.append(heappop(queue)[2])

    def _take(self) -> Step:
        place = int(self.dice.random() * len(self._waiting))
        last = self._waiting.pop()
        if place == len(self._waiting):
            return last
        step, self._waiting[place] = self._waiting[place], last
        return step


class SeededSelector(selectors.BaseSelector):
    """In the place of the operating system: instead of waiting for files it lets a step go on."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._keys: dict[Any, selectors.SelectorKey] = {}

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if (timeout is None or timeout > 0) and not self._scheduler.let_one_go_on():
            raise StuckError("every task waits for another")
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = selectors.SelectorKey(fileobj, fileobj, events, data)
        self._keys[fileobj] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys


class SeededLoop(asyncio.SelectorEventLoop):
    """Timers of real time would make a run differ from itself: there are none."""

    def time(self) -> float:
        return 0.0


def run(scheduler: Scheduler, main: Coroutine[Any, Any, T]) -> T:
    """Run `main` and all it starts; what still waits when it returns is canceled."""
    with asyncio.Runner(loop_factory=lambda: SeededLoop(SeededSelector(scheduler))) as runner:
        return runner.run(main)
