"""What a service answers over HTTP: health, metrics and status for those who run it, and its own routes for everybody else."""

from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from chassis.census import take_census
from chassis.clock import DrivenClock
from chassis.health import Health
from chassis.http import http_app
from chassis.operator import router as operator_router
from chassis.parts import Parts
from chassis.postgres import translated

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def web_app(parts: Parts[Any], health: Health) -> Starlette:
    """Raises SettingsError when the keys for tokens can't be used."""
    api = http_app(parts.plan.desk.service, [*parts.plan.routers, operator_router], parts.edge())

    async def metrics(_request: Request) -> Response:
        return Response(parts.metrics.text(), media_type=METRICS_TYPE)

    async def status(_request: Request) -> Response:
        return Response(orjson.dumps(await status_of(parts)), media_type="application/json")

    return Starlette(routes=[*health.routes(), Route("/metrics", metrics), Route("/status", status), Mount("/", api)])


def health_of(parts: Parts[Any]) -> Health:
    async def database() -> str | None:
        with translated():
            async with parts.engines.transactions.connect() as connection:  # slow questions keep nobody from deciding
                await connection.exec_driver_sql("SELECT 1")
        return None

    async def relay() -> str | None:
        if parts.election.leading:
            return parts.relay.progress.waiting_because and "facts can't be sent"
        return None if parts.election.reachable else "no part in the election"

    async def lanes() -> str | None:
        waiting = sorted(name for name, lane in parts.lanes.items() if lane.progress.waiting_because)
        return f"waiting: {', '.join(waiting)}" if waiting else None

    async def breaker() -> str | None:
        return "too much has failed lately" if parts.works.breaker.open else None

    checks = {"database": database, "kafka": parts.pulse.trouble, "relay": relay, "lanes": lanes, "breaker": breaker}
    return Health(checks, parts.watch.stalls)


async def status_of(parts: Parts[Any]) -> dict[str, Any]:
    """For the driver of the driven clock, which waits until all is quiet. `busy` is read on both sides of the counting: what
    was under way at any moment of it shows.
    """
    clock = parts.clock
    started = clock.started if isinstance(clock, DrivenClock) else True
    if not started:
        return {"service": parts.plan.desk.service, "tick": None, "busy": 1}
    tick, busy = clock.now(), _busy(parts)
    census = await take_census(parts.engines.questions, parts.plan.tables, tick, parts.plan.work_columns)
    lanes = [lane.progress for lane in parts.lanes.values()]
    return {
        "service": parts.plan.desk.service,
        "tick": tick,
        "busy": busy + _busy(parts),
        "messages_decided": sum(lane.messages for lane in lanes),
        "repeated": sum(lane.repeated for lane in lanes),
        "facts_sent": parts.relay.progress.sent,
        "outbox_rows": census.outbox_rows,
        "due_deadlines": census.due_deadlines,
        "due_work": census.due_work,
        "next_due_at": census.next_due_at,
        "parked": census.parked,
        "quarantined": census.quarantined,
    }


def _busy(parts: Parts[Any]) -> int:
    batches = sum(lane.progress.batches_under_way for lane in parts.lanes.values())
    taken = sum(consumption.taking for consumption in parts.consumptions.values())
    return batches + taken + parts.commands.waiting_messages + parts.relay.progress.sending
