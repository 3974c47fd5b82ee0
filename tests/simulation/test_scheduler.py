"""The scheduler: one step at a time, chosen by the seed, and never for ever."""

import asyncio
from random import Random

import pytest

from devkit.simulation.scheduler import Bell, Scheduler, StuckError, UnquietError, run


async def walk(scheduler: Scheduler, name: str, steps: int, order: list[str]) -> None:
    for _ in range(steps):
        await scheduler.pause(name, "walks")
        order.append(name)


async def race(scheduler: Scheduler) -> str:
    order: list[str] = []
    tasks = [asyncio.create_task(walk(scheduler, name, 5, order)) for name in "abc"]
    await scheduler.idle("referee")
    assert all(task.done() for task in tasks)
    return "".join(order)


def raced(seed: int) -> str:
    scheduler = Scheduler(Random(seed))
    return run(scheduler, race(scheduler))


def test_the_seed_decides_who_goes_on() -> None:
    assert raced(1) == raced(1)
    assert len({raced(seed) for seed in range(10)}) == 10


def test_who_waits_for_steps_goes_on_when_there_is_nothing_else_to_do() -> None:
    scheduler = Scheduler(Random(1))

    async def wait() -> int:
        await scheduler.wait_steps("waiter", 1_000)
        return scheduler.step

    assert run(scheduler, wait()) >= 1_000


def test_all_is_quiet_although_something_waits_in_the_background() -> None:
    scheduler = Scheduler(Random(1))

    async def course() -> bool:
        waiting = asyncio.ensure_future(scheduler.background("fault", 1_000))
        await scheduler.idle("referee")
        return waiting.done()

    assert run(scheduler, course()) is False


def test_what_a_callback_raises_is_kept() -> None:
    scheduler = Scheduler(Random(1))

    async def course() -> None:
        asyncio.get_running_loop().call_exception_handler({"message": "a callback", "exception": ValueError("broken")})

    run(scheduler, course())
    assert scheduler.failures == ["a callback: ValueError('broken')"]


def test_who_still_waits_at_the_end_is_canceled() -> None:
    scheduler, canceled = Scheduler(Random(1)), []

    async def patient() -> None:
        try:
            await Bell().heard()
        finally:
            canceled.append(True)

    async def course() -> None:
        waiting = asyncio.ensure_future(patient())
        await scheduler.pause("course", "lets the other begin")
        assert not waiting.done()

    run(scheduler, course())
    assert canceled == [True]


def test_waiting_for_nobody_is_told() -> None:
    with pytest.raises(StuckError):
        run(Scheduler(Random(1)), Bell().heard())


def test_a_run_that_never_rests_is_told() -> None:
    scheduler = Scheduler(Random(1), steps_max=100)

    async def restless() -> None:
        while True:
            await scheduler.pause("restless", "goes on")

    with pytest.raises(UnquietError):
        run(scheduler, restless())
