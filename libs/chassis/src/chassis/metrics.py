"""Metrics for Prometheus. What lanes and relay count by themselves is read when somebody asks; only batches are measured as
they go. Labels have few values: never an id, a seller or a type from outside.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from chassis.intake import IntakeCounts
from chassis.observer import Decided
from chassis.progress import Progress
from chassis.relay import RelayProgress

SIZE_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
SECONDS_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60)


@dataclass(frozen=True, slots=True)
class Counted:
    """What there is to count in a service."""

    lanes: Mapping[str, Progress]
    intakes: Mapping[str, IntakeCounts]
    relay: RelayProgress
    lags: Callable[[], Mapping[str, int]]
    """Records behind, by topic."""
    stored: Callable[[], Mapping[str, int]]
    """Rows, as last counted: outbox, deadlines due, parked, quarantined."""
    loop_lag_seconds: Callable[[], float]


@dataclass(slots=True)
class Metrics:
    """One registry a service, so that two in one process, as in tests, don't meet."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    sizes: Histogram = field(init=False)
    seconds: Histogram = field(init=False)

    def __post_init__(self) -> None:
        options: dict[str, Any] = {"labelnames": ["lane"], "registry": self.registry}
        self.sizes = Histogram("wharf_batch_messages", "Messages a batch.", buckets=SIZE_BUCKETS, **options)
        self.seconds = Histogram("wharf_batch_seconds", "Until a batch is committed.", buckets=SECONDS_BUCKETS, **options)

    def watch(self, counted: Counted) -> None:
        self.registry.register(_Reader(counted, self.outcomes))

    def decided(self, decided: Decided) -> None:
        self.sizes.labels(decided.lane).observe(len(decided.batch))
        self.seconds.labels(decided.lane).observe(decided.seconds)
        for kind, count in Counter(map(type, decided.outcomes)).items():
            self.outcomes[decided.lane, kind.__name__.lower()] += count

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self.registry)


@dataclass(eq=False, slots=True)
class _Reader(Collector):
    counted: Counted
    outcomes: Counter[tuple[str, str]]

    def collect(self) -> Iterator[Metric]:
        yield self._messages()
        yield from self._lanes()
        yield from self._relay()
        yield _gauge("wharf_lag_records", "Records behind.", label="topic", values=self.counted.lags().items())
        yield _gauge("wharf_stored_rows", "Rows, as last counted.", label="kind", values=self.counted.stored().items())
        lag = GaugeMetricFamily("wharf_loop_lag_seconds", "How late the event loop was lately, at most.")
        lag.add_metric([], self.counted.loop_lag_seconds())
        yield lag

    def _messages(self) -> Metric:
        family = CounterMetricFamily("wharf_messages", "Messages decided.", labels=["lane", "outcome"])
        for labels, count in self.outcomes.items():
            family.add_metric(labels, count)
        return family

    def _lanes(self) -> Iterator[Metric]:
        lanes, intakes = self.counted.lanes.items(), self.counted.intakes.items()
        yield _counter(
            "wharf_retries", "Tries of batches that failed.", label="lane", values=((name, p.retries) for name, p in lanes)
        )
        yield _counter("wharf_parked", "Messages parked.", label="lane", values=((name, p.parked) for name, p in lanes))
        waiting = ((name, int(p.waiting_because is not None)) for name, p in lanes)
        yield _gauge("wharf_lane_waits", "1 while a lane waits for what passes by itself.", label="lane", values=waiting)
        ignored = ((name, counts.ignored) for name, counts in intakes)
        yield _counter("wharf_ignored", "Records of a type that is not ours.", label="topic", values=ignored)
        quarantined = ((name, counts.quarantined) for name, counts in intakes)
        yield _counter("wharf_quarantined", "Records quarantined.", label="topic", values=quarantined)

    def _relay(self) -> Iterator[Metric]:
        relay = self.counted.relay
        yield _counter("wharf_facts_sent", "Facts acknowledged by Kafka.", label="relay", values=[("outbox", relay.sent)])
        yield _counter(
            "wharf_relay_failures", "Rounds of the relay that failed.", label="relay", values=[("outbox", relay.failures)]
        )


def _counter(name: str, text: str, *, label: str, values: Iterable[tuple[str, int]]) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label])
    for value, count in values:
        family.add_metric([value], count)
    return family


def _gauge(name: str, text: str, *, label: str, values: Iterable[tuple[str, int]]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, count in values:
        family.add_metric([value], count)
    return family
