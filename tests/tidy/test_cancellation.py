"""What is canceled ends: no wait in the code that runs as a service may swallow a cancellation."""

from __future__ import annotations

from support.source import calls, source


def test_nothing_waits_with_wait_for() -> None:
    """Python 3.11 loses a cancellation there that comes as the awaited thing ends; `asyncio.timeout` does not."""
    waits = [f"{each.place}:{node.lineno}" for each in source() for name, node in calls(each) if name == "wait_for"]
    assert [place for place in waits if not place.startswith("devkit/")] == []
