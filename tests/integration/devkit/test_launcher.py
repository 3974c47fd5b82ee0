"""`./wharf` makes its environment from python3 alone, once for all who ask, and again when it was left half made."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from devkit import checkout

SETUP_SECONDS = 240.0
# Above what the launcher itself takes, so that a slow machine does not fail and a second set-up does.
AT_ONCE_SECONDS = 3.0


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This tree as Git would give it to somebody else, without an environment."""
    target = tmp_path_factory.mktemp("clone")
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=checkout.ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        source = checkout.ROOT / name
        if source.exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(source.read_bytes())
            (target / name).chmod(source.stat().st_mode)
    return target


def start(clone: Path, *arguments: str) -> subprocess.Popen[str]:
    command = ["python3", str(clone / "wharf"), *arguments]
    environment = {key: value for key, value in os.environ.items() if key not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def said(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    output, progress = process.communicate(timeout=SETUP_SECONDS)
    return process.returncode, output, progress


@pytest.fixture(scope="module")
def first_uses(clone: Path) -> list[tuple[int, str, str]]:
    """Three at once: the first is killed in the middle of its set-up, the others wait for each other."""
    killed = start(clone, "--help")
    assert killed.stderr is not None
    assert "making .venv" in killed.stderr.readline()
    os.killpg(killed.pid, signal.SIGKILL)
    said(killed)
    together = [start(clone, "--help"), start(clone, "--help")]
    return [said(process) for process in together]


def test_a_first_use_after_one_that_was_killed_makes_the_environment(first_uses: list[tuple[int, str, str]]) -> None:
    for status, output, progress in first_uses:
        assert status == 0, progress
        assert "check" in output


def test_of_two_first_uses_at_once_one_makes_the_environment(first_uses: list[tuple[int, str, str]]) -> None:
    makers = [progress for _, _, progress in first_uses if "installing" in progress]
    assert len(makers) == 1


@pytest.mark.usefixtures("first_uses")
def test_a_later_use_starts_at_once_and_says_nothing_of_set_up(clone: Path) -> None:
    begin = time.monotonic()
    status, _, progress = said(start(clone, "--help"))
    assert (status, progress) == (0, "")
    assert time.monotonic() - begin < AT_ONCE_SECONDS


@pytest.mark.usefixtures("first_uses")
def test_a_changed_lock_brings_the_environment_up_to_date(clone: Path) -> None:
    lock = clone / "requirements.lock"
    lock.write_text(lock.read_text() + "# changed\n")
    status, _, progress = said(start(clone, "--help"))
    assert status == 0
    assert "installing" in progress
    assert "making" not in progress
    assert said(start(clone, "--help"))[2] == ""


@pytest.mark.usefixtures("first_uses")
def test_services_import_from_the_clone(clone: Path) -> None:
    code = "import chassis, contracts, devkit, inventory, orders; print(devkit.__path__[0])"
    python = clone / ".venv/bin/python"
    where = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout
    assert Path(where.strip()).is_relative_to(clone)
