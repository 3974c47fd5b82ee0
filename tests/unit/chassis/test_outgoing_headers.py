"""The headers of a fact are kept as `Envelope.headers` spells them."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import orjson
import pytest
from asyncpg.pgproto import pgproto

from chassis.outbox import headers_text
from contracts.envelope import Envelope, Subject

INDIA = timezone(timedelta(hours=5, minutes=30))
INSTANTS = [datetime(2026, 3, 1, 12, 0, 0, micros, zone) for micros in (0, 5, 120_000) for zone in (UTC, INDIA)]


@pytest.mark.parametrize("time", INSTANTS, ids=str)
@pytest.mark.parametrize("uuid", [UUID, pgproto.UUID])
def test_kept_headers_are_the_headers_of_the_envelope(time: datetime, uuid: type[UUID]) -> None:
    subject = Subject("s1", "item", 'a "mug"\\, größer/100%')
    one, other = uuid("018f0000-0000-7000-8000-000000000001"), uuid("018f0000-0000-7000-8000-000000000002")
    envelope = Envelope(
        "/inventory", one, "StockReserved", time, "s1", other, causation_id=other, sequence=7, traceparent="00-a"
    )

    assert orjson.loads(headers_text(envelope, subject.key)) == envelope.headers(subject)
