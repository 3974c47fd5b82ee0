"""The parts of a running service and how they are joined. Building them starts nothing; when they start and stop is in
`service`.
"""

import asyncio
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic

from fastapi import APIRouter
from sqlalchemy import Column

from chassis.batches import BatchObserver
from chassis.breaker import Breaker
from chassis.broker import Timings, kafka_broker, subscribe
from chassis.clock import Clock, DrivenClock, SystemClock
from chassis.commands import Commands
from chassis.desk import Desk, S
from chassis.edge import Edge
from chassis.election import Election
from chassis.engines import Engines
from chassis.gate import Gate
from chassis.intake import Intake
from chassis.kafka import Consumption
from chassis.lane import Lane, Works
from chassis.leading import due_watch, lead
from chassis.metrics import Counted, Metrics
from chassis.pruning import Pruner
from chassis.relay import Relay
from chassis.sender import KafkaSender, kafka_producer
from chassis.settings import ServiceSettings
from chassis.snapshots import Find, Publisher
from chassis.tables import ServiceTables
from chassis.ticks import TickReader
from chassis.tracing import Tracing
from chassis.transaction import PostgresTransactions
from chassis.vitals import CensusKeeper, FetchWatch, KafkaPulse, LoopLag, Watch
from chassis.worker import Duty, Patrol
from contracts.clock import TICKS
from contracts.registry import TOPICS

HTTP_LANE = "http"
DEADLINES_LANE = "deadlines"


@dataclass(frozen=True, slots=True)
class Plan(Generic[S]):
    """What a service brings. `schema_revision` is the newest migration that its code expects."""

    desk: Desk[S]
    tables: ServiceTables
    schema_revision: str
    routers: Sequence[APIRouter] = ()
    find_snapshots: Find | None = None
    duties: Sequence[Duty[S]] = ()

    @property
    def topics_read(self) -> list[str]:
        """Those with messages that the service decides."""
        return sorted({kind.topic.name for kind in self.desk.rules if hasattr(kind, "topic")})

    @property
    def work_columns(self) -> list[Column[Any]]:
        """Instants at which a worker has something to do."""
        return [duty.due for duty in self.duties]

    def topic_names(self, *, ticks: bool) -> Collection[str]:
        """All that must exist for the service to start."""
        told = {name for name, topic in TOPICS.items() if topic.owner == self.desk.service}
        return {*self.topics_read, *told, *([TICKS.name] if ticks else [])}


class Parts(Generic[S]):
    """Everything a service is made of. `failed` is told what ends the service; whoever runs it sets it."""

    def __init__(self, settings: ServiceSettings, plan: Plan[S], tracing: Tracing) -> None:
        self.settings, self.plan = settings, plan
        self.failed: Callable[[BaseException], None] = _nobody_listens
        self.closing = asyncio.Event()
        self.engines = Engines.of(settings, plan.desk.service)
        self.clock: Clock = DrivenClock() if settings.clock == "driven" else SystemClock()
        self.metrics = Metrics()
        self.loop_lag = LoopLag()
        self.census_keeper = CensusKeeper(self.engines.questions, plan.tables, self.clock, plan.work_columns)
        self._join_kafka(settings, plan)
        self.works = Works(
            transactions=self.transactions,
            clock=self.clock,
            desk=plan.desk,
            gate=Gate(settings.batches_at_once),
            breaker=Breaker(),
            committed=self._committed,
            jitter=random.random,
            observer=BatchObserver(self.metrics, tracing),
        )
        self._join_lanes(settings, plan)
        self._join_vitals(settings)

    def close_lanes(self) -> None:
        """Nothing more is taken; a batch that waits is given up."""
        self.closing.set()
        for patrol in self.patrols:
            patrol.knock()

    async def patrols_ended(self) -> None:
        """Returns once no deadline and no worker is under way; to be awaited after `close_lanes`."""
        for patrol in self.patrols:
            await patrol.ended()
        for worker in self.workers:
            await worker.close()

    def _join_kafka(self, settings: ServiceSettings, plan: Plan[S]) -> None:
        options = settings.kafka_options()
        self.transactions = PostgresTransactions(self.engines.transactions, plan.tables)
        self.producer = kafka_producer(settings.kafka, **options)
        sender = KafkaSender(self.producer)
        self.relay = Relay(self.transactions, sender)
        self.publisher: Publisher | None = None
        if plan.find_snapshots is not None:
            self.publisher = Publisher(plan.desk.service, self.engines.questions, plan.find_snapshots, sender, self.clock)
        self.ticks: TickReader | None = None
        if isinstance(self.clock, DrivenClock):
            self.ticks = TickReader(settings.kafka, options, self.clock, self._ticked)
        self.broker = kafka_broker(settings.kafka, stop_seconds_max=settings.stop_seconds_max, security=settings.kafka_access())

    def _join_lanes(self, settings: ServiceSettings, plan: Plan[S]) -> None:
        self.lanes = {name: Lane(name, self.works) for name in (*plan.topics_read, DEADLINES_LANE)}
        self.lanes[HTTP_LANE] = Lane(HTTP_LANE, self.works, hurried=True)
        self.commands = Commands(self.lanes[HTTP_LANE])
        self.due = due_watch(self.lanes[DEADLINES_LANE], settings.due_poll_seconds, self.closing)
        self.lanes |= {duty.name: Lane(duty.name, self.works) for duty in plan.duties}
        self.workers = [duty.make(self.lanes[duty.name]) for duty in plan.duties]
        self.beside = [Patrol(worker.work, settings.due_poll_seconds, self.closing) for worker in self.workers]
        self.patrols = [self.due, *self.beside]
        self.pruner = Pruner(self.transactions, self.clock, settings.inbox_retention)
        leading = [self.relay.run, self.pruner.run, *(patrol.run for patrol in self.patrols)]
        leading += [self.publisher.run] if self.publisher else []
        self.election = Election(self.engines.questions, partial(lead, *leading), self._knocked)
        timings = Timings(settings.kafka_session_seconds * 1000, settings.kafka_poll_interval_max_seconds * 1000)
        self.consumptions: dict[str, Consumption[S]] = {}
        for topic in plan.topics_read:
            consumption: Consumption[S] = Consumption(Intake(self.lanes[topic]), self._failed, self.closing)
            subscribe(self.broker, consumption, topic, f"{plan.desk.service}.{topic}", timings)
            self.consumptions[topic] = consumption

    def _join_vitals(self, settings: ServiceSettings) -> None:
        progress = {name: lane.progress for name, lane in self.lanes.items()}
        self.pulse = KafkaPulse(self.producer)
        fetches = FetchWatch(self.consumptions)
        self.watch = Watch(progress, self.relay.progress, fetches, self.pulse, settings.stalled_seconds)
        counted = Counted(
            lanes=progress,
            intakes={topic: consumption.intake.counts for topic, consumption in self.consumptions.items()},
            relay=self.relay.progress,
            lags=lambda: {topic: consumption.lag_records() for topic, consumption in self.consumptions.items()},
            stored=self.census_keeper.rows,
            loop_lag_seconds=lambda: self.loop_lag.seconds,
        )
        self.metrics.watch(counted)

    def edge(self) -> Edge:
        """What the HTTP routes stand on. Raises SettingsError."""
        return Edge(self.settings.verifier(), self.commands, self.works, self.engines.questions, self.plan.tables)

    def _committed(self) -> None:
        self.election.tell()

    def _knocked(self) -> None:
        """In the leader: something was committed, here or in another process."""
        self.relay.knock()
        if self.publisher is not None:
            self.publisher.knock()
        for patrol in self.patrols if self.ticks is not None else self.beside:
            patrol.knock()  # the driver of a clock waits until nothing is due, so deadlines are looked for, too

    def _failed(self, error: BaseException) -> None:
        self.failed(error)

    def _ticked(self) -> None:
        for patrol in self.patrols:
            patrol.knock()


def _nobody_listens(error: BaseException) -> None:
    raise RuntimeError("a part failed before its service ran") from error
