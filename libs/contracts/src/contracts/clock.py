"""The driven clock: in demos and tests time comes as ticks, so that a month takes a minute. Not used in production."""

from contracts.envelope import Topic
from contracts.values import Instant, Value

TICKS = Topic("clock.ticks", "devkit", "none", "one partition; the last tick is the time")


class Tick(Value):
    now: Instant
