"""`./wharf send`: publish any message of the contracts by hand."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Annotated

import typer
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from chassis.clock import SystemClock
from contracts.envelope import Envelope
from devkit.running import NoStackError, find_stack
from devkit.wording import WordingError, message_of

if TYPE_CHECKING:
    from contracts.envelope import Message

SOURCE = "/devkit/send"


def main(
    type_name: Annotated[str, typer.Argument(metavar="TYPE", help="A message of the contracts, like PaymentVerified.")],
    fields: Annotated[
        list[str] | None, typer.Argument(metavar="FIELD=VALUE", help="Parts of a field by dots; lists and objects as JSON.")
    ] = None,
    message_id: Annotated[
        str | None, typer.Option("--id", help="The message's id; the same id again has no second effect. Else a new one.")
    ] = None,
) -> None:
    """Publish a message by hand: send PaymentVerified seller_id=seller-1 order_id=123-1234567-1234567."""
    try:
        message = message_of(type_name, fields or [])
        identity = uuid.UUID(message_id) if message_id else uuid.uuid4()
        place = asyncio.run(_publish(find_stack().kafka, message, identity))
    except (WordingError, NoStackError, KafkaError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    except ValueError:
        typer.echo(f"--id: {message_id!r} is not a UUID.", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"id {identity}, key {message.subject.key}, {place}")


async def _publish(bootstrap: str, message: Message, identity: uuid.UUID) -> str:
    envelope = Envelope(
        source=SOURCE,
        id=identity,
        type=type(message).__name__,
        time=SystemClock().now(),
        seller_id=message.seller_id,
        correlation_id=identity,
    )
    subject = message.subject
    headers = [(name, value.encode()) for name, value in envelope.headers(subject).items()]
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        sent = await producer.send_and_wait(
            message.topic.name,
            message.model_dump_json(exclude_none=True).encode(),
            key=subject.key.encode(),
            headers=headers,
        )
    return f"{sent.topic} partition {sent.partition} offset {sent.offset}"
