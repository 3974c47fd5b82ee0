"""Every message and topic there is, found by name. Who reads which type decides by the header `ce_type`."""

from types import ModuleType

from contracts import clock, inventory, notifications, orders, payments, removals, warehouse
from contracts.envelope import Deadline, Message, OwnReport, Topic

MODULES: tuple[ModuleType, ...] = (orders, payments, inventory, removals, warehouse, notifications)


def _messages(module: ModuleType) -> dict[str, type[Message]]:
    return {
        name: kind
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, Message) and kind.__module__ == module.__name__ and _is_whole(kind)
    }


def _is_whole(kind: type[Message]) -> bool:
    """Whether `kind` is said itself, and is not only what other messages have in common."""
    return not kind.__subclasses__() and (hasattr(kind, "topic") or issubclass(kind, Deadline | OwnReport))


MESSAGES: dict[str, type[Message]] = {name: kind for module in MODULES for name, kind in _messages(module).items()}
"""By type name; deadlines and a service's own reports too."""

TRAVELING: dict[str, type[Message]] = {
    name: kind for name, kind in MESSAGES.items() if not issubclass(kind, Deadline | OwnReport)
}
"""Those that are published to a topic."""

TOPICS: dict[str, Topic] = {kind.topic.name: kind.topic for kind in TRAVELING.values()} | {clock.TICKS.name: clock.TICKS}
