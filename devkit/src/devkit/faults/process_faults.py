"""What can befall the processes of the services: killed, paused, dying at a named point, coming and going."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from devkit.faults.crashing import PASSES_VARIABLE, POINT_VARIABLE, SERVICE_VARIABLE
from devkit.faults.scene import meanwhile, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from devkit.faults.crashing import Point
    from devkit.faults.scene import Fault, Scene
    from devkit.faults.stand import Stand
    from devkit.services import ServiceProcess

CRASHING = "devkit.faults.crashing"
PASSES = {"committed": (5, 40), "unanswered": (5, 40), "published": (5, 40), "handed over": (2, 15)}
"""At the how-manieth passing of its point a process dies, drawn between."""
CRASHES_MIN, CRASHES_SECONDS_MAX = 2, 90.0
"""A cell in which nothing has crashed would show nothing."""
STORM_SECONDS = 1.5
"""Between one coming or going and the next."""


def killed(*services: str) -> Fault:
    """The oldest process of each is killed at once; another one starts at the end."""

    @asynccontextmanager
    async def fault(scene: Scene) -> AsyncIterator[None]:
        for service in services:
            scene.stand.running(service)[0].child.kill()
        try:
            yield
        finally:
            for service in services:
                scene.stand.start(service)

    return fault


def paused(service: str) -> Fault:
    """The oldest process stands still, and goes on at the end as if nothing had been."""

    @asynccontextmanager
    async def fault(scene: Scene) -> AsyncIterator[None]:
        process = scene.stand.running(service)[0].child.process
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)

    return fault


def crashing(service: str, point: Point) -> Fault:
    """Processes of the service die at the point, one after the other; at the end one starts that does not."""

    @asynccontextmanager
    async def fault(scene: Scene) -> AsyncIterator[None]:
        stand = scene.stand
        await stand.stop(stand.running(service)[0])
        crashes: list[ServiceProcess] = []
        try:
            async with meanwhile(_die_again_and_again(scene, service, point, crashes)):
                yield
                await until(lambda: len(crashes) >= CRASHES_MIN, seconds_max=CRASHES_SECONDS_MAX)
        finally:
            for process in stand.running(service):
                process.child.kill()
            stand.start(service)
            scene.remarks.append(f"{len(crashes)} crashes")

    return fault


def storm(*services: str) -> Fault:
    """Processes of the services come and go all the time; each that goes has to end well."""

    def fault(scene: Scene) -> AbstractAsyncContextManager[None]:
        return meanwhile(_come_and_go(scene, services))

    return fault


async def only_one_each(stand: Stand) -> None:
    """Stop processes beyond the first of each service, in order. Raises StandError when one does not end well."""
    for service in stand.services.dsns:
        for process in stand.running(service)[1:]:
            await stand.stop(process)


async def _die_again_and_again(scene: Scene, service: str, point: Point, crashes: list[ServiceProcess]) -> None:
    low, high = PASSES[point]
    while True:
        passes = scene.dice.randint(low, high)
        settings = {SERVICE_VARIABLE: service, POINT_VARIABLE: point, PASSES_VARIABLE: str(passes)}
        process = scene.stand.start(service, settings=settings, module=CRASHING)
        await asyncio.to_thread(process.child.process.wait)
        if process.child.process.returncode == -signal.SIGKILL:
            crashes.append(process)
        else:
            return  # fallen, not crashed: that is found by itself


def _listens(process: ServiceProcess) -> bool:
    """One that is still being loaded does not know signals yet, and can't end well by them."""
    return '"event":"listening"' in process.child.output()


async def _come_and_go(scene: Scene, services: Sequence[str]) -> None:
    stand, turns = scene.stand, 0
    while True:
        service = services[turns % len(services)]
        more = stand.running(service)
        if len(more) > 1 and _listens(more[-1]) and scene.dice.random() < len(more) / 4:
            await stand.stop(more[-1])
        else:
            stand.start(service)
        turns += 1
        await asyncio.sleep(STORM_SECONDS)
