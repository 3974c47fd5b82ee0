"""Where a demo plays: the services as processes of this machine on embedded parts, or as containers."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

from devkit.compose.containers import containers
from devkit.services import prepare
from devkit.stack import open_stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkit.deployment import Deployment
    from devkit.runs import Run


class StackKind(StrEnum):
    """What runs the services and their parts."""

    EMBEDDED = "embedded"
    COMPOSE = "compose"


@contextmanager
def deployed(run: Run, kind: StackKind) -> Iterator[Deployment]:
    """All services with a driven clock, started and not ready yet: there was no tick.

    Raises ComposeError, ProcessFailedError or KafkaError when the stack does not come up.
    """
    if kind is StackKind.COMPOSE:
        with containers(run, clock="driven", wait=False) as services:
            yield services
    else:
        processes = asyncio.run(prepare(run, open_stack(run), clock="driven"))
        processes.start_all()
        yield processes
