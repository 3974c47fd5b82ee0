"""The broker and the database server that a run works with: given by environment, else embedded.

Containers are the third way and belong to the tests (tests/support/containers.py).
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devkit.databases import DatabaseServer
from devkit.kafka import EmbeddedKafka
from devkit.postgres import EmbeddedPostgres

if TYPE_CHECKING:
    from devkit.runs import Run

KAFKA_VARIABLE = "WHARF_KAFKA"
POSTGRES_VARIABLE = "WHARF_POSTGRES"


@dataclass(frozen=True, slots=True)
class Stack:
    """Addresses of the real parts."""

    kafka_bootstrap: str
    postgres: DatabaseServer


def open_kafka(run: Run) -> str:
    """The bootstrap address from WHARF_KAFKA, else that of a broker started for this run."""
    return os.environ.get(KAFKA_VARIABLE) or EmbeddedKafka(run).start().bootstrap


def open_postgres(run: Run) -> DatabaseServer:
    """The server whose administrator's DSN is in WHARF_POSTGRES, else one started for this run."""
    given = os.environ.get(POSTGRES_VARIABLE)
    return DatabaseServer(given) if given else EmbeddedPostgres(run).start().server


def open_stack(run: Run) -> Stack:
    """Both parts, started side by side. They end with the run."""
    with ThreadPoolExecutor(2) as pool:
        kafka, postgres = pool.submit(open_kafka, run), pool.submit(open_postgres, run)
        return Stack(kafka.result(), postgres.result())
