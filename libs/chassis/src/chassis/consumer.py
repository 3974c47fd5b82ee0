"""aiokafka's consumer without two of its traps: it polls with patience, and a record that can't be read costs nobody another.

aiokafka 0.14 takes what all partitions have in one go and moves on in each. When it meets a record that it can't read, it
raises, and what it had taken of the others is gone; with the next acknowledgment it would be gone for good.
"""

import asyncio
import time
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import ConsumerStoppedError

log = structlog.get_logger()

EMPTY_POLL_MILLISECONDS = 500
"""How long a poll waits for the first record. It ends when one comes."""
CAREFUL_SECONDS = 5.0
"""After an error partitions are polled one by one for so long; it takes a while until what is unreadable comes again."""
CAREFUL_PAUSE_SECONDS = 0.05
"""After such a poll that found nothing."""


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
        careful = self._astray or self._unreadable or time.monotonic() < self._careful_until
        if not (patience and careful):
            try:
                return await super().getmany(*partitions, timeout_ms=patience, max_records=max_records)
            except ConsumerStoppedError:
                raise
            except Exception:
                self._astray = True
                if not patience:
                    raise
        if self._astray:
            await self._go_back()
        return await self._one_by_one(max_records)

    async def _go_back(self) -> None:
        """To the first record that is not acknowledged, everywhere. Raises KafkaError when the broker does not say which."""
        for at in self.assignment():
            committed = await self.committed(at)
            self.seek(at, (await self.beginning_offsets([at]))[at] if committed is None else committed)
        self._astray = False
        self._careful_until = time.monotonic() + CAREFUL_SECONDS

    async def _one_by_one(self, max_records: int | None) -> dict[TopicPartition, list[ConsumerRecord]]:
        """Raises what every partition raises."""
        found: dict[TopicPartition, list[ConsumerRecord]] = {}
        troubles: list[Exception] = []
        held = self.assignment()
        for at in held:
            one_by_one = at in self._unreadable  # so that the position stands at the record that can't be read
            try:
                found |= await super().getmany(at, timeout_ms=0, max_records=1 if one_by_one else max_records)
            except ConsumerStoppedError:
                raise
            except UnicodeDecodeError as error:
                if one_by_one:
                    found[at] = [await self._without_contents(at, error)]
                self._note(at, None if one_by_one else error)
            except Exception as error:  # noqa: BLE001  # whatever keeps one partition from being read
                troubles.append(error)
                self._note(at, error)
            else:
                if at in found and not self._unreadable.get(at, "").startswith("UnicodeDecodeError"):
                    self._note(at, None)
        if troubles and len(troubles) == len(held):
            raise troubles[-1]
        if not found:
            await asyncio.sleep(CAREFUL_PAUSE_SECONDS)
        return found

    def _note(self, at: TopicPartition, error: Exception | None) -> None:
        if error is None:
            self._unreadable.pop(at, None)
        elif self._unreadable.get(at) != repr(error):
            self._unreadable[at] = repr(error)
            log.error("partition_unreadable", topic=at.topic, partition=at.partition, error=repr(error))

    async def _without_contents(self, at: TopicPartition, error: Exception) -> ConsumerRecord:
        """In the place of the record at the partition's position, and on to the next."""
        offset = await self.position(at)
        self.seek(at, offset + 1)
        headers = (("unreadable", str(error).encode(errors="replace")),)
        return ConsumerRecord(at.topic, at.partition, offset, 0, 0, None, None, None, -1, -1, headers)
