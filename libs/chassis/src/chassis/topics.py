"""Kafka topics: made on purpose, never by side effect, and looked at before a service starts. Their meaning: in contracts."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, for_code

from contracts.envelope import Topic

REQUEST_MILLISECONDS_MAX = 10_000
SAFE_REPLICATION_MIN = 3
SAFE_IN_SYNC_MIN = 2
TOPIC_EXISTS = 36
"""Kafka's error code."""


class TopicsError(RuntimeError):
    """The broker's topics are not as this service needs them; the text says which and why."""


@dataclass(frozen=True, slots=True)
class TopicShape:
    """How topics are made. `retention` must be longer than the longest outage to survive."""

    partitions: int = 6
    replication: int = 1
    in_sync: int = 1
    retention: timedelta = timedelta(days=14)
    partitions_of: Mapping[str, int] = field(default_factory=dict)
    """Topics with another number of partitions."""

    def new(self, topic: Topic) -> NewTopic:
        settings = {
            "min.insync.replicas": str(self.in_sync),
            "unclean.leader.election.enable": "false",
            "cleanup.policy": "compact" if topic.compacted else "delete",
            "retention.ms": str(int(self.retention / timedelta(milliseconds=1))),
        }
        return NewTopic(
            topic.name,
            num_partitions=self.partitions_of.get(topic.name, self.partitions),
            replication_factor=self.replication,
            topic_configs=settings,
        )


async def ensure_topics(bootstrap: str, topics: Collection[Topic], shape: TopicShape, **security: Any) -> list[str]:
    """Make those that are missing; returns their names. The partitions of a topic that exists are never changed, since keys
    would move. Raises KafkaError.
    """
    async with _admin(bootstrap, security) as admin:
        present = set(await admin.list_topics())
        missing = [topic for topic in topics if topic.name not in present]
        if not missing:
            return []
        answer = await admin.create_topics([shape.new(topic) for topic in missing])
        for name, code, *rest in answer.topic_errors:
            if code not in {0, TOPIC_EXISTS}:
                raise for_code(code)(f"topic {name}: {rest}")
        return [topic.name for topic in missing]


async def check_topics(
    bootstrap: str, names: Collection[str], *, production: bool, retention: timedelta, **security: Any
) -> None:
    """Raises TopicsError when one is missing or, in production, could lose records; KafkaError when the broker is away."""
    async with _admin(bootstrap, security) as admin:
        missing = sorted(set(names) - set(await admin.list_topics()))
        if missing:
            raise TopicsError(f"topics are missing: {', '.join(missing)}")
        if production:
            replication = {
                found["topic"]: min(len(at["replicas"]) for at in found["partitions"])
                for found in await admin.describe_topics(list(names))
            }
            settings = await _settings(admin, names)
            problems = [
                problem for name in sorted(names) for problem in _problems(name, replication[name], settings[name], retention)
            ]
            if problems:
                raise TopicsError("; ".join(problems))


def _problems(name: str, replication: int, settings: Mapping[str, str], retention: timedelta) -> Sequence[str]:
    problems = []
    if replication < SAFE_REPLICATION_MIN:
        problems.append(f"{name} has {replication} replicas, not {SAFE_REPLICATION_MIN}")
    if int(settings["min.insync.replicas"]) < SAFE_IN_SYNC_MIN:
        problems.append(f"{name} has min.insync.replicas below {SAFE_IN_SYNC_MIN}")
    if settings["unclean.leader.election.enable"] != "false":
        problems.append(f"{name} allows unclean leader election")
    kept_milliseconds = int(settings["retention.ms"])
    compacted = "compact" in settings["cleanup.policy"]
    if not compacted and 0 <= kept_milliseconds < retention / timedelta(milliseconds=1):
        problems.append(f"{name} keeps records for {kept_milliseconds} ms, less than {retention}")
    return problems


async def _settings(admin: AIOKafkaAdminClient, names: Collection[str]) -> dict[str, dict[str, str]]:
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    (answer,) = await admin.describe_configs(asked)
    found: dict[str, dict[str, str]] = {}
    for code, message, _, name, entries in answer.resources:
        if code:
            raise for_code(code)(f"topic {name}: {message}")
        found[name] = {entry[0]: entry[1] for entry in entries}
    return found


@asynccontextmanager
async def _admin(bootstrap: str, security: Mapping[str, Any]) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap.split(","), request_timeout_ms=REQUEST_MILLISECONDS_MAX, **security)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


__all__ = ["KafkaError", "TopicShape", "TopicsError", "check_topics", "ensure_topics"]
