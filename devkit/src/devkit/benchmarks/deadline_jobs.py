"""The usual way to fire deadlines: a deferred job for each, with procrastinate, whose worker takes them one by one and runs
some of them at once. The job changes the row that Wharf's decision about the end of a hold changes.

python -m devkit.benchmarks.deadline_jobs postgresql://…   the worker, until it is asked to stop
"""

from __future__ import annotations

import asyncio
import sys

from procrastinate import App, PsycopgConnector

from chassis.clock import SystemClock

TASK = "hold_ended"
QUEUE = "deadlines"
JOBS_AT_ONCE = 20
CONNECTIONS_MAX = JOBS_AT_ONCE + 4
POLL_SECONDS = 0.5
"""As often as Wharf looks; without being told so it would be every five seconds."""
_HOLD_ENDED = """UPDATE customer_order SET changed_at = %(now)s, revision = revision + 1
    WHERE seller_id = %(seller_id)s AND order_id = %(order_id)s AND status = 'Pending'"""


def jobs_of(dsn: str) -> App:
    """The application with its one task."""
    app = App(connector=PsycopgConnector(conninfo=dsn, min_size=JOBS_AT_ONCE, max_size=CONNECTIONS_MAX))

    @app.task(name=TASK, queue=QUEUE)
    async def end_hold(seller_id: str, order_id: str) -> None:
        await app.connector.execute_query_async(_HOLD_ENDED, seller_id=seller_id, order_id=order_id, now=SystemClock().now())

    return app


async def make_tables(dsn: str) -> None:
    """Procrastinate's own, in an existing database."""
    async with jobs_of(dsn).open_async() as app:
        await app.schema_manager.apply_schema_async()


async def work(dsn: str) -> None:
    """Take jobs until SIGTERM."""
    async with jobs_of(dsn).open_async() as app:
        await app.run_worker_async(queues=[QUEUE], concurrency=JOBS_AT_ONCE, fetch_job_polling_interval=POLL_SECONDS)


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))
