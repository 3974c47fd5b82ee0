"""Stops intake when too much fails at once: a broken release shall not park a whole shop."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from contracts.envelope import Subject

WINDOW_MESSAGES = 200
FAILED_SHARE_MAX = 0.5
FAILED_OBJECTS_MIN = 20
FAILED_SELLERS_MIN = 3
"""A single object or seller never stops the others (S11)."""


@dataclass(slots=True)
class Breaker:
    """Looks at the last messages of a service; once open, it stays open until the process starts anew."""

    recent: deque[Subject | None] = field(default_factory=lambda: deque(maxlen=WINDOW_MESSAGES))
    open: bool = False

    def note(self, outcomes: Iterable[Subject | None]) -> None:
        """One a message, in order: its object when it failed, None when it did not."""
        self.recent.extend(outcomes)
        failed = [subject for subject in self.recent if subject is not None]
        objects, sellers = set(failed), {subject.seller_id for subject in failed}
        too_many = len(failed) > FAILED_SHARE_MAX * len(self.recent)
        self.open |= too_many and len(objects) >= FAILED_OBJECTS_MIN and len(sellers) >= FAILED_SELLERS_MIN
