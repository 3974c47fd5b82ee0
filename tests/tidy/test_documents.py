"""What README and docs promise is there: links lead somewhere, commands are run by a test."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from devkit.checkout import ROOT
from devkit.cli import COMMANDS
from devkit.commands.bench import BENCHMARKS

from support.source import repository_files

if TYPE_CHECKING:
    from pathlib import Path

# Each command that the README prints, and the test that runs it.
RUN_BY = {
    "./wharf demo": "tests/e2e/test_demo.py",
    "./wharf test": ".ci/run",
    "./wharf check": "tests/integration/devkit/test_commands.py",
    "./wharf smoke": "tests/integration/devkit/test_commands.py",
    "./wharf up": "tests/e2e/test_up.py",
    "./wharf status": "tests/e2e/test_up.py",
    "./wharf send": "tests/e2e/test_up.py",
    "./wharf watch": "tests/e2e/test_up.py",
    "./wharf verify": "tests/e2e/test_up.py",
    "./wharf parked": "tests/e2e/test_up.py",
    "./wharf simulate": "tests/simulation/test_command.py",
    "./wharf faults": "tests/faults/test_command.py",
    "./wharf bench flow": "tests/integration/devkit/test_bench_flow.py",
    "./wharf bench growth": "tests/integration/devkit/test_bench_parts.py",
    "./wharf bench deadlines": "tests/integration/devkit/test_bench_parts.py",
    "./wharf --help": "tests/integration/devkit/test_launcher.py",
}
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```(?:sh|bash|shell|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(\./wharf [^`]+)`")
_HEADING = re.compile(r"^#+\s+(.*)$", re.MULTILINE)


def documents() -> list[Path]:
    found = [path for path in repository_files() if path.suffix == ".md"]
    assert ROOT / "README.md" in found
    return found


def test_links_lead_somewhere() -> None:
    links = [(document, target) for document in documents() for target in _LINK.findall(document.read_text())]
    inside = [(document, target) for document, target in links if not re.match(r"\w+:", target)]
    assert [f"{document.name} -> {target}" for document, target in inside if not leads_somewhere(document, target)] == []


def test_the_commands_of_the_readme_are_run_by_a_test() -> None:
    commands = readme_commands()
    assert commands, "the README prints no command in a sh block"
    assert [command for command in commands if not is_run(shlex.split(command, comments=True))] == []


def test_every_command_is_there_when_it_is_called() -> None:
    for table, place in ((COMMANDS, "commands"), (BENCHMARKS, "commands/benchmarks")):
        modules = {path.stem for path in (ROOT / "devkit/src/devkit" / place).glob("*.py")} - {"__init__"}
        assert modules == set(table), place


def readme_commands() -> list[str]:
    """Lines of the README's shell blocks, without what merely enters the directory, and commands inside its sentences."""
    text = (ROOT / "README.md").read_text()
    lines = [line.removeprefix("$ ").strip() for block in _FENCE.findall(text) for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith(("#", "git clone", "cd "))] + _INLINE.findall(text)


def is_run(words: list[str]) -> bool:
    """By a test that names the command itself and each of its options."""
    runner = RUN_BY.get(" ".join(words[:3])) or RUN_BY.get(" ".join(words[:2]))
    if runner is None:
        return False
    text = (ROOT / runner).read_text()
    return words[1] in text and all(word in text for word in words[2:] if word.startswith("--"))


def leads_somewhere(document: Path, target: str) -> bool:
    name, _, anchor = target.partition("#")
    path = (document.parent / name) if name else document
    if not path.exists():
        return False
    return not anchor or path.suffix != ".md" or anchor in anchors(path)


def anchors(path: Path) -> set[str]:
    headings = _HEADING.findall(path.read_text())
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
