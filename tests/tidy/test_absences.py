"""What must not be in the code, and where the one exception is."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from typing import TYPE_CHECKING

import pytest

from devkit.checkout import ROOT

from support.source import DECISION_PLACES, Module, calls, functions, imports, modules, repository_files, source
from support.style import INDEXES, LOOKS_AT_TIME, MACHINE_PATHS, REASONED, SUPPRESSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

TRANSACTION = "libs/chassis/src/chassis/transaction.py"
CLOCK = "libs/chassis/src/chassis/clock.py"
# Modules that a domain may not take from the standard library: they wait, look at the world, or draw lots.
IMPURE = {"asyncio", "concurrent", "logging", "os", "pathlib", "random", "secrets", "socket", "subprocess", "threading", "time"}
# Started by name: from project.scripts, by `python -m`, by the command line, by Alembic; `schema` is what migrations take.
ENTRY_POINTS = re.compile(r"\w+\.app|chassis\.schema|devkit\.__main__|devkit\.commands\.[\w.]+|.*migrations.*")


@pytest.fixture(scope="module")
def written() -> list[Module]:
    found = source()
    assert len(found) > 20, "there must be something to look at"
    return found


def places(found: Iterator[tuple[Module, ast.AST]]) -> list[str]:
    return [f"{module.place}:{getattr(node, 'lineno', 0)}" for module, node in found]


def test_only_the_transaction_commits(written: list[Module]) -> None:
    ends = [(each, node) for each in written for name, node in calls(each) if name in {"commit", "rollback"}]
    assert any(each.place == TRANSACTION for each, _ in ends)
    # A Kafka consumer commits offsets, which is no transaction of the database.
    others = ((each, node) for each, node in ends if "consumer" not in ast.unparse(node.func))
    assert [place for place in places(others) if not place.startswith(TRANSACTION)] == []


def test_only_the_clock_knows_what_time_it_is(written: list[Module]) -> None:
    asked = [(each, node) for each in written for _, node in calls(each) if LOOKS_AT_TIME.search(ast.unparse(node.func))]
    assert any(each.place == CLOCK for each, _ in asked)
    assert [place for place in places(iter(asked)) if not place.startswith(CLOCK)] == []


def test_only_the_command_line_prints(written: list[Module]) -> None:
    printed = ((each, node) for each in written for name, node in calls(each) if name == "print")
    assert [place for place in places(printed) if not place.startswith("devkit/")] == []


def test_every_subscriber_states_its_group_and_when_it_acknowledges(written: list[Module]) -> None:
    called = ((each, node) for each in written for name, node in calls(each) if name == "subscriber")
    subscribers = [(each, node) for each, node in called if isinstance(node.func, ast.Attribute)]
    assert subscribers
    wanted = {"group_id", "ack_policy"}
    silent = ((each, node) for each, node in subscribers if not wanted <= {str(keyword.arg) for keyword in node.keywords})
    assert places(silent) == []


def test_every_consumer_of_a_service_states_its_group_and_commits_by_itself(written: list[Module]) -> None:
    consumers = [
        (each, node)
        for each in written
        for name, node in calls(each)
        if name == "AIOKafkaConsumer" and not each.place.startswith("devkit/")
    ]
    wanted = {"group_id", "enable_auto_commit", "auto_offset_reset"}
    silent = ((each, node) for each, node in consumers if not wanted <= {str(keyword.arg) for keyword in node.keywords})
    assert places(silent) == []


def test_where_a_consumer_begins_is_said_when_it_is_made() -> None:
    """A seek to either end gives the place that aiokafka was already looking for, if it was: one time in three."""
    everything = modules("services", "libs", "devkit", "tests")
    assert places((each, node) for each in everything for name, node in calls(each) if name.startswith("seek_to_")) == []


def test_a_domain_is_the_standard_library_and_itself(written: list[Module]) -> None:
    domains = [each for each in written if "domain" in each.name.split(".")]
    assert domains
    for each in domains:
        own = each.name.split(".domain")[0] + ".domain"
        taken = {name.split(".")[0] for name in imports(each) if not name.startswith(own)}
        assert taken <= sys.stdlib_module_names - IMPURE, each.place


def test_decisions_and_domains_never_wait(written: list[Module]) -> None:
    pure = [each for each in written if {"domain", *DECISION_PLACES} & set(each.path.parts)]
    assert pure
    waits = (
        (each, node) for each in pure for node in ast.walk(each.tree) if isinstance(node, ast.AsyncFunctionDef | ast.Await)
    )
    assert places(waits) == []


def test_every_module_is_imported_somewhere(written: list[Module]) -> None:
    used = set[str]().union(*(imports(each) for each in written))
    # A package is used with its modules; a module by what is taken from it.
    modules_only = [each for each in written if each.path.name != "__init__.py" and "__main__" not in each.text]
    alone = [each.name for each in modules_only if each.name not in used]
    assert [name for name in alone if not ENTRY_POINTS.fullmatch(name)] == []


def test_suppressions_say_what_they_suppress_and_why() -> None:
    comments = [(each, comment) for each in modules("services", "libs", "devkit", "tests") for comment in _comments(each)]
    assert comments
    wrong = [f"{each.place}: {text}" for each, text in comments if SUPPRESSIONS.search(text) and not REASONED.search(text)]
    assert wrong == []


def test_no_file_names_a_place_of_one_machine() -> None:
    assert _lines_with(MACHINE_PATHS) == []


def test_no_file_names_a_package_index() -> None:
    assert _lines_with(INDEXES) == []
    assert [path.name for path in repository_files() if path.name == "uv.lock"] == []


def test_tests_wait_for_something_and_not_for_some_time() -> None:
    waits = ((each, node) for each in modules("tests") for name, node in calls(each) if name == "sleep" and _is_fixed(node))
    assert places(waits) == []


def test_every_skip_says_why() -> None:
    skips = [(each, node) for each in modules("tests") for name, node in calls(each) if name in {"skip", "skipif", "xfail"}]
    silent = ((each, node) for each, node in skips if not node.args and "reason" not in {item.arg for item in node.keywords})
    assert places(silent) == []


def test_a_test_can_fail() -> None:
    """Each asserts, expects an error, or hands over to a checker that does."""
    tests = [each for each in functions(modules("tests")) if each.node.name.startswith("test_")]
    assert tests
    # A marker in front of the body: assert, raises, or any call of our own that may raise.
    silent = [str(each) for each in tests if not any(isinstance(node, ast.Assert | ast.Call) for node in ast.walk(each.node))]
    assert silent == []


def _is_fixed(call: ast.Call) -> bool:
    return bool(call.args) and isinstance(call.args[0], ast.Constant) and call.args[0].value != 0


def _comments(module: Module) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(module.text).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


def _lines_with(pattern: re.Pattern[str]) -> list[str]:
    found = []
    texts = [path for path in repository_files() if path.suffix not in {".xz", ".gz", ".png", ".svg"}]
    assert len(texts) > 50, "there must be something to read"
    for path in texts:
        lines = path.read_text(errors="replace").splitlines()
        found += [f"{path.relative_to(ROOT)}:{number}" for number, line in enumerate(lines, 1) if pattern.search(line)]
    return found
