"""FastStream's broker and its batch subscribers: how they start, wait and stop. What a batch goes through is in `kafka`."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage

from chassis.consumer import PatientConsumer
from chassis.desk import S
from chassis.intake import BATCH_MESSAGES_MAX
from chassis.kafka import REVOKE_SECONDS_MAX, Consumption

PAUSE_MILLISECONDS = 1
"""How long FastStream sleeps after a poll that found nothing."""
FETCH_WAIT_MILLISECONDS = 500
FETCH_BYTES_MAX = 16 * 1024 * 1024
HEARTBEAT_MILLISECONDS = 1_000
"""A rebalance is noticed with the next heartbeat."""


@dataclass(frozen=True, slots=True)
class Timings:
    """Of the consumer group, in milliseconds."""

    session: int = 10_000
    poll_interval_max: int = 300_000


def kafka_broker(bootstrap: str, *, stop_seconds_max: float, security: Any = None) -> KafkaBroker:
    return KafkaBroker(
        bootstrap.split(","),
        consumer_only=True,
        allow_auto_create_topics=False,
        apply_types=False,
        graceful_timeout=stop_seconds_max,
        security=security,
        logger=None,
        ack_policy=AckPolicy.MANUAL,
    )


async def start_taking(broker: KafkaBroker) -> None:
    """Start all its consumers. Raises KafkaError when the broker can't be reached."""
    await broker.connect()
    config: Any = broker.config.broker_config
    config.builder = partial(PatientConsumer, **config.builder.keywords)
    await broker.start()


async def stop_taking(broker: KafkaBroker) -> None:
    """Stop all its consumers: what they were handling is finished, and they leave their groups."""
    for subscriber in broker.subscribers:
        consumer: AIOKafkaConsumer | None = getattr(subscriber, "consumer", None)
        await _unless_canceled(subscriber.stop())
        if consumer is not None:
            await _hang_up(consumer)
    await broker.stop()


async def stop_consumer(consumer: AIOKafkaConsumer) -> None:
    """Stop one that is nobody else's, and close its connections."""
    await _unless_canceled(consumer.stop())
    await _hang_up(consumer)


async def _hang_up(consumer: AIOKafkaConsumer) -> None:
    """Close its connections: where `stop` was left early, nothing else would."""
    await consumer._client.close()  # noqa: SLF001  # has no other name


async def _unless_canceled(stopping: Awaitable[None]) -> None:
    """While a fetch waits to be tried again, aiokafka 0.14 lets out of `stop` the cancellation that it meant for that fetch."""
    try:
        await stopping
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise


def subscribe(broker: KafkaBroker, consumption: Consumption[S], topic: str, group: str, timings: Timings) -> None:
    """Set one batch subscriber up; it begins when the broker starts."""
    subscriber: Any = broker.subscriber(
        topic,
        group_id=group,
        batch=True,
        max_records=BATCH_MESSAGES_MAX,
        batch_timeout_ms=PAUSE_MILLISECONDS,
        ack_policy=AckPolicy.MANUAL,
        no_reply=True,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        fetch_max_wait_ms=FETCH_WAIT_MILLISECONDS,
        fetch_max_bytes=FETCH_BYTES_MAX,
        heartbeat_interval_ms=min(HEARTBEAT_MILLISECONDS, timings.session // 3),
        session_timeout_ms=timings.session,
        rebalance_timeout_ms=timings.session + int(REVOKE_SECONDS_MAX * 1000),
        max_poll_interval_ms=timings.poll_interval_max,
        listener=consumption,
        parser=_parsed,
        decoder=_decoded,
    )
    consumption.subscriber = subscriber
    subscriber(consumption.handle)


async def _parsed(records: tuple[ConsumerRecord, ...]) -> KafkaMessage:
    """FastStream's own parser fails at a header that is no text, and then the batch would be passed over."""
    return KafkaMessage(body=b"", headers={}, message_id="", raw_message=records, consumer=FAKE_CONSUMER)


async def _decoded(message: KafkaMessage) -> Any:
    return message.raw_message
