"""`python -m devkit.faults.crashing`: a service as it is, but for one port behind which the process dies at a named point.

Which service, which point, and at the how-manieth passing, say variables of the environment; the product has no switch for it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any

from chassis.intake import Intake
from chassis.lane import Lane
from chassis.logs import set_up_logs
from chassis.parts import HTTP_LANE, Parts
from chassis.service import Service
from chassis.tracing import tracing_from_environment
from notifications.courier import Courier
from notifications.post import Taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chassis.intake import Record
    from chassis.lane import Wait
    from chassis.outbox import Outgoing as Fact
    from chassis.outcomes import Outcome, Received
    from chassis.relay import Sender, Sent
    from notifications.post import Answer, Outgoing, Post

SERVICE_VARIABLE, POINT_VARIABLE, PASSES_VARIABLE = "FAULTS_SERVICE", "FAULTS_POINT", "FAULTS_PASSES"


class Point(StrEnum):
    """Where the process dies."""

    COMMITTED = "committed"
    """A batch of records is in the database, and not acknowledged to the broker."""
    UNANSWERED = "unanswered"
    """Commands over HTTP are in the database, and nobody was answered."""
    PUBLISHED = "published"
    """Facts are with the broker, and not struck from the outbox."""
    HANDED_OVER = "handed over"
    """The mail server has a mail, and nobody was told."""


@dataclass(slots=True)
class Crash:
    passes_left: int

    def passed(self) -> None:
        """As if the power went, at the last of the passes."""
        self.passes_left -= 1
        if self.passes_left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


class CommittedIntake(Intake[Any]):
    crash: Crash

    async def take(self, records: Sequence[Record], wait: Wait) -> None:
        await Intake.take(self, records, wait)
        if records:
            self.crash.passed()


class UnansweredLane(Lane[Any]):
    crash: Crash

    async def run(self, batch: Sequence[Received], wait: Wait, *, patience_seconds: float | None = None) -> list[Outcome]:
        outcomes = await Lane.run(self, batch, wait, patience_seconds=patience_seconds)
        self.crash.passed()
        return outcomes


@dataclass(frozen=True, slots=True)
class PublishedSender:
    inner: Sender
    crash: Crash

    async def send(self, facts: Sequence[Fact]) -> Sequence[Sent]:
        results = await self.inner.send(facts)
        if True in results:
            self.crash.passed()
        return results


@dataclass(frozen=True, slots=True)
class HandedOverPost:
    inner: Post
    crash: Crash

    async def send(self, mail: Outgoing) -> Answer:
        answer = await self.inner.send(mail)
        if isinstance(answer, Taken):
            self.crash.passed()
        return answer

    async def close(self) -> None:
        await self.inner.close()


def wrap(parts: Parts[Any], point: Point, crash: Crash) -> None:
    """Put the crash behind one of the ports of a service that has not started yet. Raises LookupError if it has none such."""
    match point:
        case Point.COMMITTED:
            for consumption in parts.consumptions.values():
                intake = CommittedIntake(consumption.intake.lane, consumption.intake.counts)
                intake.crash = crash
                consumption.intake = intake
        case Point.UNANSWERED:
            inner = parts.lanes[HTTP_LANE]
            lane = UnansweredLane(inner.name, inner.works, inner.hurried, inner.progress)
            lane.crash = crash
            parts.commands.lane = lane
        case Point.PUBLISHED:
            parts.relay.sender = PublishedSender(parts.relay.sender, crash)
        case Point.HANDED_OVER:
            couriers = [worker for worker in parts.workers if isinstance(worker, Courier)]
            if not couriers:
                raise LookupError(f"{parts.plan.desk.service} sends no mails")
            for courier in couriers:
                courier.post = HandedOverPost(courier.post, crash)


def main() -> int:
    """Serve until a signal, or the crash."""
    app = import_module(f"{os.environ[SERVICE_VARIABLE]}.app")
    settings, plan = app.read()
    set_up_logs(plan.desk.service, settings.log_level)

    async def serve() -> int:
        parts: Parts[Any] = Parts(settings, plan, tracing)  # built here: Kafka's clients want a running loop
        wrap(parts, Point(os.environ[POINT_VARIABLE]), Crash(int(os.environ[PASSES_VARIABLE])))
        return await Service(settings, parts).run()

    with tracing_from_environment(plan.desk.service) as tracing, asyncio.Runner() as runner:
        return runner.run(serve())


if __name__ == "__main__":
    sys.exit(main())
