"""What can befall the parts below the services: the database server, its connections and its rows, the broker."""

from __future__ import annotations

import asyncio
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import psutil

from devkit.benchmarks.ground import connected
from devkit.databases import DatabaseCommandError
from devkit.faults.scene import meanwhile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from devkit.faults.scene import Scene

BACKEND_SECONDS = 1.0
HOT_ROWS = 3
LOCK = """
    SELECT sku FROM item WHERE starts_with(seller_id, $1) AND sku = ANY($2::text[]) ORDER BY seller_id, sku FOR UPDATE"""
TERMINATE = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE application_name LIKE 'wharf-%' AND random() < 0.5;"""


@asynccontextmanager
async def postgres_gone(scene: Scene) -> AsyncIterator[None]:
    """Stopped as in a crash: no session ends in order, and the log has to be read again at the start."""
    postgres = scene.stand.postgres
    postgres.child.process.send_signal(signal.SIGQUIT)
    try:
        yield
    finally:
        await asyncio.to_thread(postgres.stop)
        await asyncio.to_thread(postgres.start)


@asynccontextmanager
async def postgres_paused(scene: Scene) -> AsyncIterator[None]:
    """The server and all its sessions stand still, and go on at the end as if nothing had been."""
    server = psutil.Process(scene.stand.postgres.child.pid)
    server.suspend()  # ahead of its sessions: it opens no other, and what ends stays known
    sessions = server.children(recursive=True)
    try:
        for session in sessions:
            session.suspend()
        yield
    finally:
        for process in (*sessions, server):
            process.resume()


@asynccontextmanager
async def backends_killed(scene: Scene) -> AsyncIterator[None]:
    """Every second one half of the services' connections is cut by the server."""
    cut: list[int] = []
    async with meanwhile(_cut_connections(scene, cut)):
        yield
    scene.remarks.append(f"{sum(cut)} connections cut")
    if not sum(cut):
        scene.troubles.append("no connection was cut")


@asynccontextmanager
async def kafka_gone(scene: Scene) -> AsyncIterator[None]:
    """Killed, and started on the data that it has left."""
    kafka = scene.stand.kafka
    kafka.child.kill()
    try:
        yield
    finally:
        await asyncio.to_thread(kafka.start)


@asynccontextmanager
async def rows_locked(scene: Scene) -> AsyncIterator[None]:
    """Somebody else's transaction holds the items that are sold most."""
    async with connected(scene.stand.services.dsns["inventory"]) as database, database.transaction():
        skus = [f"sku-{number}" for number in range(HOT_ROWS)]
        held = await database.fetch(LOCK, f"{scene.load.clients.cell}.", skus)
        scene.remarks.append(f"{len(held)} rows held")
        if not held:
            scene.troubles.append("there were no rows to hold")
        yield


async def _cut_connections(scene: Scene, cut: list[int]) -> None:
    server = scene.stand.postgres.server
    while True:
        try:
            cut.append(int(await asyncio.to_thread(server.execute, TERMINATE)))
        except DatabaseCommandError as error:
            scene.troubles.append(f"the server refuses its administrator: {error}")
        await asyncio.sleep(BACKEND_SECONDS)
