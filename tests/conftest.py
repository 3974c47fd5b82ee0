"""The real parts that tests run against, started once a session, and what pytest says at its end."""

from __future__ import annotations

import os
import signal
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from devkit.databases import DatabaseServer
from devkit.kafka import EmbeddedKafka
from devkit.postgres import EmbeddedPostgres
from devkit.runs import Run
from devkit.stack import KAFKA_VARIABLE, POSTGRES_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTAINERS = "containers"
FOLDERS = ("unit", "contract", "integration", "e2e", "faults", "tidy", "simulation", CONTAINERS)


@pytest.fixture(scope="session")
def run() -> Iterator[Run]:
    """The run that all embedded parts of this session belong to."""
    with Run("test") as run:
        yield run


@pytest.fixture(scope="session")
def kafka_bootstrap(request: pytest.FixtureRequest) -> str:
    """host:port of a real broker that the whole session shares: use topics and groups of your own.

    Given by environment, else in a container if a Docker engine answers, else embedded.
    """
    given = os.environ.get(KAFKA_VARIABLE)
    found: str = given or request.getfixturevalue(_part("kafka"))
    return found


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> DatabaseServer:
    """A real database server that the whole session shares, found as the broker is: use databases of your own."""
    given = os.environ.get(POSTGRES_VARIABLE)
    found: DatabaseServer = DatabaseServer(given) if given else request.getfixturevalue(_part("postgres"))
    return found


def _part(name: str) -> str:
    """The fixture that starts it."""
    from support.containers import engine_answers  # noqa: PLC0415 - the client library takes seconds to import

    return f"{name}_in_container" if engine_answers() else f"embedded_{name}"


@pytest.fixture(scope="session")
def embedded_kafka(run: Run) -> str:
    """host:port of a broker on this machine, without Docker."""
    return EmbeddedKafka(run).start().bootstrap


@pytest.fixture(scope="session")
def embedded_postgres(run: Run) -> DatabaseServer:
    """A server on this machine, without Docker."""
    return EmbeddedPostgres(run).start().server


@pytest.fixture(scope="session")
def postgres_dsn(postgres: DatabaseServer) -> Iterator[str]:
    """A database that the session's tests share, as a DSN for asyncpg: use tables or schemas of your own."""
    postgres.drop_database("wharf_tests")
    yield postgres.create_database("wharf_tests")
    postgres.drop_database("wharf_tests")


@pytest.fixture(scope="session")
def kafka_in_container() -> Iterator[str]:
    """host:port of a broker from the official image. Marks its tests as container tests."""
    from support.containers import kafka_container  # noqa: PLC0415 - the client library takes seconds to import

    with kafka_container() as bootstrap:
        yield bootstrap


@pytest.fixture(scope="session")
def postgres_in_container() -> Iterator[DatabaseServer]:
    """A database server from the official image. Marks its tests as container tests."""
    from support.containers import postgres_container  # noqa: PLC0415 - the client library takes seconds to import

    with postgres_container() as server:
        yield server


def pytest_configure() -> None:
    """Tests send Ctrl-C to what they start, and a shell starts what it puts into the background with Ctrl-C ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by its folder, and container tests by the parts that they ask for."""
    for item in items:
        for folder in FOLDERS:
            if folder in item.path.parts:
                item.add_marker(folder)
        if {"kafka_in_container", "postgres_in_container"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(CONTAINERS)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests were skipped and why, so that a green run can't hide them."""
    reasons = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", []))
    terminalreporter.section(f"{sum(reasons.values())} skipped", sep="-")
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count} x {reason}")


def _reason(report: pytest.TestReport) -> str:
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
