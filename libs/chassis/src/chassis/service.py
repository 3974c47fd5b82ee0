"""A service's life: put together from its settings and its plan, started in order, stopped in order. What the parts do is
theirs.
"""

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, Generic

import structlog

from chassis import serving
from chassis.broker import start_taking, stop_taking
from chassis.connections import mend_connections
from chassis.desk import S
from chassis.health import Stage
from chassis.lane import IntakeStoppedError
from chassis.logs import set_up_logs
from chassis.parts import Parts, Plan
from chassis.settings import ServiceSettings, SettingsError
from chassis.startup import Startup
from chassis.tracing import Tracing, TracingError, tracing_from_environment
from chassis.web import health_of, web_app

log = structlog.get_logger()

PART_STOP_SECONDS_MAX = 5.0
GARBAGE_THRESHOLD = 200_000
"""Objects made, and not gone again, until the collector looks: more than a batch makes, and nearly all of those go by reference
count. What holds itself, as SQLAlchemy's statements do, fills up to 30 MiB until then."""


def run(settings: ServiceSettings, plan: Plan[Any]) -> int:
    """Serve until a signal or a failure; returns the exit status: 0 after a signal, 1 after a failure, 2 if it can't start."""
    set_up_logs(plan.desk.service, settings.log_level)
    mend_connections()
    try:
        with tracing_from_environment(plan.desk.service) as tracing, asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(_serve(settings, plan, tracing))
    except (SettingsError, TracingError) as error:
        log.critical("cannot_start", problem=str(error))
        return 2


async def _serve(settings: ServiceSettings, plan: Plan[Any], tracing: Tracing) -> int:
    return await Service(settings, Parts(settings, plan, tracing)).run()  # built here: Kafka's clients want a running loop


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415  # absent where it was never built, as on Windows
    except ImportError:
        return None
    return uvloop.new_event_loop


class Service(Generic[S]):
    """One process of a service."""

    def __init__(self, settings: ServiceSettings, parts: Parts[S]) -> None:
        self.settings = settings
        self.parts = parts
        self.health = health_of(parts)
        self.stop_wanted = asyncio.Event()
        self.failure: BaseException | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop_wanted.set)
        self.parts.failed = self.fail
        server = serving.server(web_app(self.parts, self.health))
        listening = socket.create_server((self.settings.http_host, self.settings.http_port), reuse_port=False)
        answering = asyncio.create_task(server.serve([listening]), name="http")
        log.info("listening", host=self.settings.http_host, port=listening.getsockname()[1])
        try:
            await self._until_stop_wanted()
        finally:
            await self._stop()
            server.should_exit = True
            await _bounded("http", answering, serving.STOP_SECONDS_MAX * 2)
            log.info("stopped", failed=self.failure is not None)
        return 0 if self.failure is None else 1

    def fail(self, error: BaseException) -> None:
        """Stop, unready, and tell whoever supervises us."""
        if isinstance(error, IntakeStoppedError):
            return  # unready, and alive: an operator has to look, and a new start would only park more
        if self.failure is None:
            log.critical("failed", exc_info=error)
            self.failure = error
        self.stop_wanted.set()

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """A task for as long as the service lives; what it raises ends the service."""
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._done)
        self._tasks[name] = task

    def _done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)

    async def _until_stop_wanted(self) -> None:
        starting = asyncio.create_task(self._start())
        wanted = asyncio.create_task(self.stop_wanted.wait())
        await asyncio.wait([starting, wanted], return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
        with suppress(asyncio.CancelledError):
            try:
                await starting
            except Exception as error:  # noqa: BLE001  # the process' edge
                self.fail(error)
        await wanted

    async def _start(self) -> None:
        parts = self.parts
        startup = Startup(self.settings, parts, self.health)
        self.spawn("loop_lag", parts.loop_lag.run())
        await startup.database()
        await startup.topics()
        await parts.producer.start()
        if parts.ticks is not None:
            self.spawn("ticks", parts.ticks.run())
            await startup.first_tick()
        self.spawn("pulse", parts.pulse.run())
        self.spawn("commands", parts.commands.run())
        self.spawn("census", parts.census_keeper.run())
        self.spawn("election", parts.election.run())
        await start_taking(parts.broker)
        gc.freeze()
        gc.set_threshold(GARBAGE_THRESHOLD)
        self.health.stage = Stage.RUNNING
        log.info("ready", topics=sorted(parts.consumptions))

    async def _stop(self) -> None:
        """Stop taking, finish what was taken, send what was told, let everything go."""
        parts, bound = self.parts, self.settings.stop_seconds_max
        self.health.stage = Stage.DRAINING
        log.info("stopping", failed=self.failure is not None)
        parts.commands.stop()
        parts.close_lanes()
        await _bounded("consumers", stop_taking(parts.broker), bound + PART_STOP_SECONDS_MAX)
        if "commands" in self._tasks:
            await _bounded("commands", self._tasks["commands"], bound)
        if parts.election.leading:
            await _bounded("patrols", parts.patrols_ended(), bound)
        if parts.election.leading and self.failure is None:
            await _bounded("relay", parts.relay.drained(), bound)
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await _bounded("producer", parts.producer.stop(), PART_STOP_SECONDS_MAX)
        await _bounded("database", parts.engines.dispose(), PART_STOP_SECONDS_MAX)


async def _bounded(part: str, work: Awaitable[Any], seconds: float) -> None:
    """Let a part end; one that does not, or ends badly, stops nobody from stopping."""
    try:
        async with asyncio.timeout(seconds):
            await work
    except Exception as error:  # noqa: BLE001  # the process' edge: what is left behind is delivered or sent again
        log.warning("stopped_badly", part=part, error=repr(error))


def main(read: Callable[[], tuple[ServiceSettings, Plan[Any]]]) -> None:
    """The command of a service: `read` gives its settings and plan. Raises SystemExit."""
    try:
        settings, plan = read()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None
    raise SystemExit(run(settings, plan))
