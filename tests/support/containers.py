"""Kafka and PostgreSQL as containers, for tests that must hold on the images that people deploy.

Without a Docker engine such a test is skipped with a reason; in continuous integration it fails.
"""

from __future__ import annotations

import gc
import os
import warnings
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from devkit.checkout import in_ci
from devkit.databases import DatabaseServer, admin_dsn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

KAFKA_IMAGE = "apache/kafka:4.3.1"
POSTGRES_IMAGE = "postgres:18"
START_SECONDS = 90.0
_CLIENT_PORT = 9092
# What the tests of a session need, who all have their databases on one server.
_SERVER_OPTIONS = ("-c", "max_connections=200", "-c", "max_locks_per_transaction=256", "-c", "shared_buffers=256MB")
_START_SCRIPT = "/tmp/advertise.sh"  # noqa: S108 - inside the container
# An image that was built from read-only files keeps them so, and its own start script then can't write its settings.
_WRITABLE = "chmod -R u+w /opt/kafka/config /etc/kafka/docker || true"


class KafkaContainer(DockerContainer):
    """A broker that tells clients the port which Docker gave it.

    That port is known only once the container runs. So the container waits for a script, and gets it with the port in.
    """

    def __init__(self, image: str = KAFKA_IMAGE) -> None:
        super().__init__(image)
        self.with_exposed_ports(_CLIENT_PORT)
        self.with_command(["sh", "-c", f"while ! test -s {_START_SCRIPT}; do sleep 0.05; done; exec sh {_START_SCRIPT}"])
        # The image drops its own settings as soon as one is given, so all of them are here.
        self.with_envs(
            KAFKA_NODE_ID="1",
            KAFKA_PROCESS_ROLES="broker,controller",
            KAFKA_LISTENERS=f"CLIENTS://:{_CLIENT_PORT},BROKERS://:29092,CONTROLLER://:29093",
            KAFKA_LISTENER_SECURITY_PROTOCOL_MAP="CLIENTS:PLAINTEXT,BROKERS:PLAINTEXT,CONTROLLER:PLAINTEXT",
            KAFKA_INTER_BROKER_LISTENER_NAME="BROKERS",
            KAFKA_CONTROLLER_LISTENER_NAMES="CONTROLLER",
            KAFKA_CONTROLLER_QUORUM_VOTERS="1@localhost:29093",
            KAFKA_AUTO_CREATE_TOPICS_ENABLE="false",
            KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS="0",
            KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS="8",
            KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR="1",
            KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR="1",
            KAFKA_TRANSACTION_STATE_LOG_MIN_ISR="1",
            KAFKA_HEAP_OPTS="-Xms256m -Xmx512m",
        )

    @property
    def bootstrap(self) -> str:
        """host:port for clients on this machine."""
        return f"{self.get_container_host_ip()}:{self.get_exposed_port(_CLIENT_PORT)}"

    def start(self) -> Self:
        """Return once clients are served."""
        super().start()
        advertised = f"CLIENTS://{self.bootstrap},BROKERS://$(hostname):29092"
        script = f"{_WRITABLE}\nexport KAFKA_ADVERTISED_LISTENERS={advertised}\nexec /etc/kafka/docker/run\n"
        self.copy_into_container(script.encode(), _START_SCRIPT)
        LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(int(START_SECONDS)).wait_until_ready(self)
        return self


def engine_answers() -> bool:
    """Whether there is a Docker engine."""
    return not _engine_trouble()


def require_engine() -> None:
    """Skip the test, or fail it in continuous integration, when no Docker engine answers."""
    # The reaper is an image of its own that may not be there; `with` removes our containers.
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    reason = _engine_trouble()
    if reason and in_ci():
        pytest.fail(f"continuous integration needs a Docker engine: {reason}")
    if reason:
        pytest.skip(f"no Docker engine: {reason}")


def _engine_trouble() -> str:
    import docker  # noqa: PLC0415 - only container tests need the client

    trouble = ""
    try:
        with closing(docker.from_env(timeout=5)) as client:
            client.ping()
    except (docker.errors.DockerException, OSError) as error:
        trouble = str(error)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()  # when nobody answers, the client's library leaves its socket to the collector
    return trouble


@contextmanager
def kafka_container() -> Iterator[str]:
    """A broker of our own in a container; gives its bootstrap address."""
    require_engine()
    with KafkaContainer() as broker:
        yield broker.bootstrap


@contextmanager
def postgres_container() -> Iterator[DatabaseServer]:
    """A database server of our own in a container."""
    require_engine()
    container = PostgresContainer(POSTGRES_IMAGE, username="wharf", password="wharf", dbname="postgres", driver=None)
    with container.with_command(["postgres", *_SERVER_OPTIONS]) as server:
        address = f"{server.get_container_host_ip()}:{server.get_exposed_port(5432)}"
        yield DatabaseServer(admin_dsn(user="wharf", password="wharf", address=address))
