"""The size table of docs/style.md: hard lines for each, and what most keep to."""

from __future__ import annotations

import ast
from collections import Counter
from statistics import median, quantiles

import pytest

from support.source import Function, Module, functions, modules, source
from support.style import MOCK

MOST = 95  # percent
FUNCTION_LINES, MOST_FUNCTION_LINES, MEDIAN_FUNCTION_LINES = 60, 35, 10
DECISION_LINES = 25
FILE_LINES, MEDIAN_FILE_LINES = 350, 100
CHASSIS_LINES = 250
TEST_FILE_LINES, MEDIAN_TEST_FILE_LINES = 500, 200
BRANCHES, MOST_BRANCHES = 10, 6
NESTING, MOST_NESTING = 3, 2
PARAMETERS, MOST_PARAMETERS = 6, 4
ALIKE_POSITIONS = 2
MOCKS_PER_1000_LINES = 6


def share(values: list[int]) -> int:
    """The value that 95 of 100 keep to."""
    return int(quantiles(values, n=100, method="inclusive")[MOST - 1])


@pytest.fixture(scope="module")
def written() -> list[Function]:
    found = functions(source())
    assert len(found) > 50, "there must be something to measure"
    return found


@pytest.fixture(scope="module")
def files() -> list[Module]:
    found = [module for module in source() if module.lines > 1]
    assert len(found) > 20, "there must be something to measure"
    return found


@pytest.fixture(scope="module")
def test_files() -> list[Module]:
    found = modules("tests")
    assert len(found) > 5, "there must be something to measure"
    return found


def test_functions_fit_a_screen(written: list[Function]) -> None:
    assert [f"{each}: {each.lines}" for each in written if each.lines > FUNCTION_LINES] == []
    lines = [each.lines for each in written]
    assert share(lines) <= MOST_FUNCTION_LINES
    assert median(lines) <= MEDIAN_FUNCTION_LINES


def test_decisions_are_short_enough_to_say_aloud(written: list[Function]) -> None:
    decisions = [each for each in written if each.is_decision]
    assert decisions
    assert [f"{each}: {each.lines}" for each in decisions if each.lines > DECISION_LINES] == []


def test_files_are_one_subject_long(files: list[Module]) -> None:
    assert [f"{each.place}: {each.lines}" for each in files if each.lines > FILE_LINES] == []
    assert median(each.lines for each in files) <= MEDIAN_FILE_LINES


def test_chassis_modules_stay_small(files: list[Module]) -> None:
    chassis = [each for each in files if each.name.startswith("chassis.")]
    assert chassis
    assert [f"{each.place}: {each.lines}" for each in chassis if each.lines > CHASSIS_LINES] == []


def test_test_files_stay_readable(test_files: list[Module]) -> None:
    assert [f"{each.place}: {each.lines}" for each in test_files if each.lines > TEST_FILE_LINES] == []
    assert median(each.lines for each in test_files) <= MEDIAN_TEST_FILE_LINES


def test_functions_have_few_ways_through(written: list[Function]) -> None:
    assert [f"{each}: {each.branches}" for each in written if each.branches > BRANCHES] == []
    assert share([each.branches for each in written]) <= MOST_BRANCHES


def test_functions_are_flat(written: list[Function]) -> None:
    assert [f"{each}: {each.nesting}" for each in written if each.nesting > NESTING] == []
    assert share([each.nesting for each in written]) <= MOST_NESTING


def test_functions_take_few_parameters(written: list[Function]) -> None:
    """The options of a command are the command line's own table: nobody calls it with all of them."""
    written = [each for each in written if not (each.node.name == "main" and ".commands." in each.module.name)]
    assert [f"{each}: {len(each.parameters)}" for each in written if len(each.parameters) > PARAMETERS] == []
    assert share([len(each.parameters) for each in written]) <= MOST_PARAMETERS


def test_parameters_of_one_type_can_not_be_mixed_up(written: list[Function]) -> None:
    """Of one type no more than two are given by position; protocols of other libraries choose their own."""
    wrong = []
    for each in written:
        given = [*each.node.args.posonlyargs, *each.node.args.args]
        types = Counter(ast.unparse(argument.annotation) for argument in given if argument.annotation)
        wrong += [f"{each}: {count} x {kind}" for kind, count in types.items() if count > ALIKE_POSITIONS]
    assert wrong == []


def test_everything_is_annotated(written: list[Function]) -> None:
    bare = [f"{each} -> {argument.arg}" for each in written for argument in each.parameters if not argument.annotation]
    assert bare + [str(each) for each in written if each.node.returns is None] == []


def test_tests_use_the_real_thing(test_files: list[Module]) -> None:
    total = sum(each.lines for each in test_files)
    mocks = sum(len(MOCK.findall(each.text)) for each in test_files)
    assert 1000 * mocks / total <= MOCKS_PER_1000_LINES
