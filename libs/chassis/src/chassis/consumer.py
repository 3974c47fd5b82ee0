"""aiokafka's consumer without two of its traps: it polls with patience, and a record that can't be read costs nobody another.

aiokafka 0.14 takes what all partitions have in one go and moves on in each. When it meets a record that it can't read, it
raises, and what it had taken of the others is gone; with the next acknowledgment it would be gone for good.
"""

import asyncio
import time
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import ConsumerStoppedError, CorruptRecordException, UnsupportedCodecError

log = structlog.get_logger()

EMPTY_POLL_MILLISECONDS = 500
"""How long a poll waits for the first record. It ends when one comes."""
CAREFUL_SECONDS = 5.0
"""After an error partitions are polled one by one for so long; it takes a while until what is unreadable comes again."""
CAREFUL_PAUSE_SECONDS = 0.05
"""After such a poll that found nothing."""
WRITTEN = (UnicodeDecodeError, CorruptRecordException, UnsupportedCodecError)
"""What a record itself is to blame for: a new start would meet it again."""


class PatientConsumer(AIOKafkaConsumer):  # type: ignore[misc]  # published without types
    """FastStream lets a poll wait for as long as it sleeps after an empty one: briefly, and it polls all the time; longer, and
    what comes meanwhile lies there. Ours waits well longer than it is asked to.

    After an error it goes back to what is acknowledged and polls the partitions one by one, until each can be read for a while.
    A record whose header's name is no text is passed on without its contents, so that it is put into quarantine, and so is what
    comes behind it in its batch, which can't be read without it. Any other trouble, as a broken checksum, holds up its own
    partition, whose lag grows.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.trouble: str | None = None
        """Why the last poll failed as a whole."""
        self._unreadable: dict[TopicPartition, str] = {}
        self._assigned: object = None
        """The assignment that this is about."""
        self._astray = False
        """Positions may be ahead of what was passed on."""
        self._careful_until = 0.0

    async def getmany(self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None) -> Any:
        patience = EMPTY_POLL_MILLISECONDS if timeout_ms else 0
        try:
            found = await self._poll(partitions, patience, max_records)
        except ConsumerStoppedError:
            raise
        except Exception as error:
            self.trouble = repr(error)
            raise
        self.trouble = None
        return found

    async def _poll(self, partitions: tuple[TopicPartition, ...], patience: int, max_records: int | None) -> Any:
        if self._assigned is not (assigned := self._subscription.subscription.assignment):
            self._assigned = assigned
            self._unreadable.clear()
        careful = self._astray or self._unreadable or time.monotonic() < self._careful_until
        if not (patience and careful and self.assignment()):
            try:
                return await super().getmany(*partitions, timeout_ms=patience, max_records=max_records)
            except ConsumerStoppedError:
                raise
            except Exception:
                self._astray = True
                if not (patience and self.assignment()):
                    raise
        if self._astray:
            await self._go_back()
        return await self._one_by_one(max_records)

    async def _go_back(self) -> None:
        """To the first record that is not acknowledged, everywhere. Raises KafkaError when the broker does not say which."""
        for at in self.assignment():
            self.seek(at, await self.committed(at) or 0)  # before a topic's first record is out of range: then it is the first
        self._astray = False
        self._careful_until = time.monotonic() + CAREFUL_SECONDS

    async def _one_by_one(self, max_records: int | None) -> dict[TopicPartition, list[ConsumerRecord]]:
        """Raises what every partition raises, unless it is what somebody has written."""
        found: dict[TopicPartition, list[ConsumerRecord]] = {}
        troubles: list[Exception] = []
        held = self.assignment()
        share = max_records and max(1, max_records // len(held))
        for at in held:
            try:
                found |= await self._records_of(at, share)
            except ConsumerStoppedError:
                raise
            except Exception as error:  # noqa: BLE001  # whatever keeps one partition from being read
                troubles.append(error)
                self._note(at, error)
        others = [error for error in troubles if not isinstance(error, WRITTEN)]
        if others and len(troubles) == len(held):
            raise others[-1]
        if not found:
            await asyncio.sleep(CAREFUL_PAUSE_SECONDS)
        return found

    async def _records_of(self, at: TopicPartition, records_max: int | None) -> dict[TopicPartition, list[ConsumerRecord]]:
        """Of a partition that can't be read one at a time, so that its position comes to stand at the record in question."""
        known = self._unreadable.get(at)
        try:
            found: dict[TopicPartition, list[ConsumerRecord]] = await super().getmany(
                at, timeout_ms=0, max_records=1 if known else records_max
            )
        except UnicodeDecodeError as error:
            if not known:
                raise
            del self._unreadable[at]
            return {at: [await self._without_contents(at, error)]}
        if known and found and not known.startswith(UnicodeDecodeError.__name__):
            del self._unreadable[at]
        return found

    def _note(self, at: TopicPartition, error: Exception) -> None:
        if self._unreadable.get(at) != repr(error):
            self._unreadable[at] = repr(error)
            log.error("partition_unreadable", topic=at.topic, partition=at.partition, error=repr(error))

    async def _without_contents(self, at: TopicPartition, error: Exception) -> ConsumerRecord:
        """In the place of the record at the partition's position, and on to the next."""
        offset = await self.position(at)
        self.seek(at, offset + 1)
        headers = (("unreadable", str(error).encode(errors="replace")),)
        return ConsumerRecord(at.topic, at.partition, offset, 0, 0, None, None, None, -1, -1, headers)
