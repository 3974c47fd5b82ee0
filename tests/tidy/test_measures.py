"""The measures of the house style measure what they say; a rule that can't see a fault keeps nothing."""

from __future__ import annotations

import ast

import pytest

from devkit.checkout import ROOT

from support.source import Function, Module, calls, functions, imports
from support.style import LOOKS_AT_TIME, REASONED

SAMPLE = '''
import one.two
from three import four

async def walk(self, a: int, b: str, *, c: int = 0) -> None:
    """Has a docstring."""
    for item in range(a):
        if item:
            c += 1
        elif b:
            while c:
                c -= 1
        else:
            c = 1 if b else 2
    match c:
        case 1:
            pass
        case _:
            pass
    try:
        pass
    except ValueError:
        def inner() -> list[int]:
            return [x for x in range(3) if x]
    datetime.datetime.now(UTC)
'''


@pytest.fixture
def module() -> Module:
    return Module(ROOT / "services/orders/src/orders/decisions.py", SAMPLE, ast.parse(SAMPLE))


@pytest.fixture
def walk(module: Module) -> Function:
    return next(each for each in functions([module]) if each.node.name == "walk")


def test_branches_are_counted_without_those_of_inner_functions(walk: Function) -> None:
    # for, if, elif, while, conditional expression, two cases, except
    assert walk.branches == 8


def test_the_conditions_of_comprehensions_are_branches(module: Module) -> None:
    assert [each.branches for each in functions([module]) if each.node.name == "inner"] == [1]


def test_an_elif_is_no_deeper_than_its_if(walk: Function) -> None:
    assert walk.nesting == 3  # for, elif, while


def test_lines_and_parameters_are_those_of_the_definition(walk: Function) -> None:
    assert walk.lines == 21
    assert [argument.arg for argument in walk.parameters] == ["a", "b", "c"]


def test_a_function_beside_the_decisions_is_one(walk: Function) -> None:
    assert walk.is_decision


def test_a_module_has_the_name_that_it_is_imported_by(module: Module) -> None:
    assert module.name == "orders.decisions"
    assert imports(module) == {"one.two", "three", "three.four"}


def test_a_look_at_the_time_is_seen(module: Module) -> None:
    assert [name for name, node in calls(module) if LOOKS_AT_TIME.search(ast.unparse(node.func))] == ["now"]


GOOD = ["# noqa: S603 - ours", "# noqa: S603, S607 - ours", "# type: ignore[attr-defined]  # made at run time"]
BAD = ["# noqa", "# noqa: S603", "# type: ignore", "# type: ignore[attr-defined]", "# noqa: ours"]


@pytest.mark.parametrize("comment", GOOD)
def test_a_suppression_with_code_and_reason_passes(comment: str) -> None:
    assert REASONED.search(comment)


@pytest.mark.parametrize("comment", BAD)
def test_a_suppression_without_code_or_reason_fails(comment: str) -> None:
    assert not REASONED.search(comment)
