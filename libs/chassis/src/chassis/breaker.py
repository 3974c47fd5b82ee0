"""Stops intake when too much fails at once: a broken release shall not park a whole shop."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from chassis.outcomes import Failed, Outcome, Parked
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

    def note(self, subjects: Sequence[Subject], outcomes: Sequence[Outcome]) -> None:
        pairs = zip(subjects, outcomes, strict=True)
        self.recent.extend(subject if isinstance(outcome, Parked | Failed) else None for subject, outcome in pairs)
        failed = [subject for subject in self.recent if subject is not None]
        objects, sellers = set(failed), {subject.seller_id for subject in failed}
        too_many = len(failed) > FAILED_SHARE_MAX * len(self.recent)
        self.open |= too_many and len(objects) >= FAILED_OBJECTS_MIN and len(sellers) >= FAILED_SELLERS_MIN
