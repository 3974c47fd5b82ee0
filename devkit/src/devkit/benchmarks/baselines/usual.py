"""B0, the usual way: a FastStream handler a message; in it an ORM session, a commit, the facts published, the acknowledgment.
What a crash between commit and publishing would lose is lost.

Run in the place of a service's own `app`, which WHARF_SERVICE names.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import orjson
import uvloop
from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage  # noqa: TC002 - FastStream reads the annotation
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from chassis.clock import SystemClock
from chassis.transaction import Transaction
from devkit.benchmarks.baselines.decision import Part, decide, named_part, received_from, setting, tell_ready
from devkit.benchmarks.baselines.objects import ObjectRows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contracts.envelope import Message

POOL_CONNECTIONS = 8
LOG = logging.getLogger("usual")
"""Says what goes wrong; a line a message would cost a tenth of the rate."""


async def serve(part: Part) -> None:
    """Until a signal."""
    # Documents go in and come out as text, as the stores want them: nothing is parsed twice.
    engine = create_async_engine(setting("DATABASE"), pool_size=POOL_CONNECTIONS, json_serializer=str, json_deserializer=str)
    broker = KafkaBroker(setting("KAFKA"), acks="all", linger_ms=0, logger=LOG)
    sessions = async_sessionmaker(engine, expire_on_commit=False, autoflush=False)
    for topic, types in part.reads.items():
        _subscribe(broker, topic, types, part, sessions)
    app = FastStream(broker, logger=LOG)

    @app.after_startup
    async def tell() -> None:
        tell_ready()

    await app.run()
    await engine.dispose()


def _subscribe(
    broker: KafkaBroker, topic: str, types: Sequence[type[Message]], part: Part, sessions: async_sessionmaker[AsyncSession]
) -> None:
    wanted, clock = {kind.__name__ for kind in types}, SystemClock()
    subscriber: Any = broker.subscriber(
        topic,
        group_id=f"{part.desk.service}.{topic}",
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR,
        decoder=_bytes,
        no_reply=True,
    )

    @subscriber  # type: ignore[untyped-decorator]  # FastStream's subscribers are called untyped
    async def handle(body: bytes, message: KafkaMessage) -> None:
        record: Any = message.raw_message
        if message.headers["ce_type"] not in wanted:
            return
        received = received_from(record.headers, body, part, clock.now())
        async with sessions.begin() as session:
            facts = await decide(Transaction(ObjectRows(session), part.tables), part, received)
        for fact in facts:
            headers = orjson.loads(fact.headers)
            await broker.publish(fact.body.encode(), fact.topic, key=fact.key.encode(), headers=headers)


async def _bytes(message: KafkaMessage) -> bytes:
    """The rules' own types decode the body."""
    return message.body


if __name__ == "__main__":
    uvloop.run(serve(named_part()))
