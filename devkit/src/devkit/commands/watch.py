"""`./wharf watch`: follow the topics, a line a record."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from contracts.clock import TICKS
from contracts.registry import TOPICS
from devkit.running import NoStackError, find_stack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SHOWN_LENGTH_MAX = 160
_IN_KEY = {"seller_id", "order_id", "sku"}


def main(
    *,
    topic: Annotated[list[str] | None, typer.Option(help="Only this topic; may be given more than once.")] = None,
    type_name: Annotated[list[str] | None, typer.Option("--type", help="Only this type of message.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="All headers and the body, as one JSON object a line.")] = False,
    beginning: Annotated[bool, typer.Option("--beginning", help="From the first record on, not from now on.")] = False,
) -> None:
    """Follow the topics of the running stack, until Ctrl-C."""
    unknown = sorted(set(topic or []) - set(TOPICS))
    if unknown:
        typer.echo(f"There is no topic {', '.join(unknown)}. There are: {', '.join(sorted(TOPICS))}.", err=True)
        raise typer.Exit(1)
    topics = topic or sorted(set(TOPICS) - {TICKS.name})
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(_follow(find_stack().kafka, topics, set(type_name or ()), as_json=as_json, beginning=beginning))
    except (NoStackError, KafkaError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


async def _follow(bootstrap: str, topics: list[str], types: set[str], *, as_json: bool, beginning: bool) -> None:
    start = "earliest" if beginning else "latest"
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset=start)
    async with consumer:
        async for record in consumer:
            headers = dict(_headers(record.headers))
            if not types or headers.get("ce_type") in types:
                typer.echo(_as_json(record, headers) if as_json else _line(record, headers))


def _headers(given: Any) -> Iterator[tuple[str, str]]:
    for name, value in given:
        yield name, (value or b"").decode(errors="replace")


def _line(record: Any, headers: Mapping[str, str]) -> str:
    """Time, type, key, and of the body what the key does not say."""
    time = headers.get("ce_time", "")[:19]
    key = (record.key or b"").decode(errors="replace")
    return f"{time:<19}  {headers.get('ce_type', '?'):<22} {key}  {_short(record.value)}"


def _short(value: bytes | None) -> str:
    try:
        body = json.loads(value or b"{}")
    except ValueError:
        return f"{len(value or b'')} bytes that are no JSON"
    if isinstance(body, dict):
        body = {name: part for name, part in body.items() if name not in _IN_KEY}
        text = " ".join(f"{name}={part if isinstance(part, str) else json.dumps(part)}" for name, part in body.items())
    else:
        text = json.dumps(body)
    return text if len(text) <= SHOWN_LENGTH_MAX else text[: SHOWN_LENGTH_MAX - 3] + "..."


def _as_json(record: Any, headers: Mapping[str, str]) -> str:
    text = (record.value or b"").decode(errors="replace")
    try:
        body = json.loads(text)
    except ValueError:
        body = text
    place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
    return json.dumps({**place, "key": (record.key or b"").decode(errors="replace"), "headers": headers, "body": body})
