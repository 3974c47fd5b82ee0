"""The topics of a stack for development: one broker, one replica. In production who runs the brokers makes them."""

from __future__ import annotations

from chassis.topics import TopicShape, ensure_topics
from contracts.clock import TICKS
from contracts.registry import TOPICS

PARTITIONS = 6


async def make_topics(bootstrap: str, partitions: int = PARTITIONS) -> list[str]:
    """Those of all services that are missing; returns their names. Raises KafkaError."""
    shape = TopicShape(partitions=partitions, partitions_of={TICKS.name: 1})
    return await ensure_topics(bootstrap, list(TOPICS.values()), shape)
