"""How batches show outside: one log record each, their numbers in the metrics, a span in the trace."""

from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import structlog

from chassis.metrics import Metrics
from chassis.observer import Decided
from chassis.outcomes import Received
from chassis.tracing import Tracing

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class BatchObserver:
    """The observer of a service that runs."""

    metrics: Metrics
    tracing: Tracing

    def during(self, lane: str, batch: Sequence[Received]) -> AbstractContextManager[object]:
        return self.tracing.batch(lane, batch)

    def decided(self, decided: Decided) -> None:
        self.metrics.decided(decided)
        first = decided.batch[0].envelope
        log.info(
            "batch_decided",
            lane=decided.lane,
            messages=len(decided.batch),
            outcomes={kind.__name__: count for kind, count in Counter(map(type, decided.outcomes)).items()},
            seconds=round(decided.seconds, 4),
            tries=decided.tries,
            first_correlation_id=str(first.correlation_id),
            first_traceparent=first.traceparent,
        )
