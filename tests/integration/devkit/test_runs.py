"""A run ends with everything it started, also when its process is killed; what is left is cleaned up by pid."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import psutil
import pytest

from devkit.kafka import EmbeddedKafka
from devkit.postgres import EmbeddedPostgres
from devkit.processes import stop_recorded
from devkit.runs import Run, sweep

from support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

PARENT = """
import json, sys, time
from pathlib import Path
from devkit.kafka import EmbeddedKafka
from devkit.postgres import EmbeddedPostgres
from devkit.runs import Run

run = Run("parent", Path(sys.argv[1]))
parts = [EmbeddedKafka(run).start().child.pid, EmbeddedPostgres(run).start().child.pid]
print(json.dumps({"run": str(run.path), "parts": parts}), flush=True)
try:
    time.sleep(120)
except KeyboardInterrupt:
    run.close()
"""


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def own_run(runs: Path) -> Iterator[Run]:
    with Run("own", runs) as run:
        yield run


@pytest.fixture
async def parent(runs: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, str(runs), stdout=asyncio.subprocess.PIPE)
    yield process
    if process.returncode is None:
        process.kill()
    await process.communicate()


async def parts_of(parent: asyncio.subprocess.Process) -> list[psutil.Process]:
    assert parent.stdout is not None
    said = json.loads(await parent.stdout.readline())
    parts = [psutil.Process(pid) for pid in said["parts"]]
    return [process for part in parts for process in (part, *part.children(recursive=True))]


def directories_of_run(runs: Path) -> list[str]:
    (run,) = (path for path in runs.iterdir() if path.is_dir())
    return sorted(path.name for path in run.iterdir() if path.is_dir())


def all_gone(processes: list[psutil.Process]) -> bool:
    return not any(process.is_running() for process in processes)


async def test_nothing_stays_after_ctrl_c(parent: asyncio.subprocess.Process, runs: Path) -> None:
    processes = await parts_of(parent)
    parent.send_signal(signal.SIGINT)
    await parent.wait()
    assert all_gone(processes)
    assert directories_of_run(runs) == ["logs"]


async def test_the_parts_of_a_killed_run_end_and_the_next_run_removes_its_data(
    parent: asyncio.subprocess.Process, runs: Path
) -> None:
    processes = await parts_of(parent)
    assert len(processes) > 4  # the broker, the database server and its helpers
    parent.kill()
    await parent.wait()
    await eventually(lambda: all_gone(processes), because=f"some of {processes} run on")
    assert "kafka" in directories_of_run(runs)
    sweep(runs)
    assert directories_of_run(runs) == ["logs"]


async def test_a_run_that_lives_is_left_alone(own_run: Run, runs: Path) -> None:
    data = own_run.directory("data")
    assert sweep(runs) == []
    assert data.exists()


async def test_two_runs_have_their_own_ports_and_data(own_run: Run, postgres: object) -> None:
    server = EmbeddedPostgres(own_run).start().server
    assert server != postgres
    server.create_database("orders")
    assert server.execute("SELECT count(*) FROM pg_database WHERE datname = 'orders';").strip() == "1"


async def test_a_process_that_has_the_pid_of_an_old_child_is_not_touched(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE)
    record = tmp_path / "kafka.json"
    started = psutil.Process(process.pid).create_time()
    record.write_text(f'{{"pid": {process.pid}, "started": {started - 60}, "stop": 15}}')
    assert not stop_recorded(record)
    assert process.returncode is None
    record.write_text(f'{{"pid": {process.pid}, "started": {started}, "stop": 15}}')
    assert stop_recorded(record)
    assert not psutil.pid_exists(process.pid)


async def test_a_restarted_server_has_its_address_and_its_rows(own_run: Run) -> None:
    part = EmbeddedPostgres(own_run).start()
    dsn = part.server.create_database("orders").replace("+asyncpg", "")
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE parcels AS SELECT 7 AS units")
    part.child.kill()
    part.start()
    connection = await asyncpg.connect(dsn)
    assert await connection.fetchval("SELECT units FROM parcels") == 7
    await connection.close()


async def test_a_restarted_broker_has_its_address(own_run: Run) -> None:
    part = EmbeddedKafka(own_run).start()
    address = part.bootstrap
    part.stop()
    assert part.start().bootstrap == address
