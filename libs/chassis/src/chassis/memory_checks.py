"""CHECK constraints without a database: an SQLAlchemy expression becomes a function of a row. Knows the operators that our
tables use and refuses others, rather than guess.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from sqlalchemy import BigInteger, Table
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import (
    AsBoolean,
    BinaryExpression,
    BindParameter,
    ColumnClause,
    ExpressionClauseList,
    False_,
    Grouping,
    Null,
    True_,
    UnaryExpression,
)
from sqlalchemy.sql.visitors import iterate

from chassis.failures import OUT_OF_RANGE, StorageError

Term: TypeAlias = Callable[[Sequence[Any]], Any]
"""Its value for a row; None is SQL's NULL."""


def term(table: Table, expression: Any) -> Term:
    """Raises TypeError for an expression that this module does not know."""
    match expression:
        case BindParameter(value=value):
            return lambda _row: value
        case Null() | True_() | False_():
            constant = {Null: None, True_: True, False_: False}[type(expression)]
            return lambda _row: constant
        case ColumnClause(name=name):
            return operator.itemgetter(table.c.keys().index(name))
        case Grouping(element=element):
            return term(table, element)
        case ExpressionClauseList(operator=combine, clauses=clauses):
            return _many(combine, [term(table, clause) for clause in clauses], _bits(table, expression))
        case BinaryExpression(operator=compare, left=left, right=right):
            return _two(compare, term(table, left), term(table, right), _bits(table, expression))
        case AsBoolean() | UnaryExpression():
            return _one(expression.operator, term(table, expression.element))
        case _:
            raise _unknown(expression)


def _many(combine: Any, terms: list[Term], bits: int) -> Term:
    if combine is operators.and_:
        return lambda row: _all(each(row) for each in terms)
    if combine is operators.or_:
        return lambda row: _not(_all(_not(each(row)) for each in terms))
    if combine is operators.add:
        total, *others = terms
        for each in others:
            total = _two(operators.add, total, each, bits)
        return total
    raise _unknown(combine)


COMPARISONS = {operators.eq, operators.ne, operators.lt, operators.le, operators.gt, operators.ge}


def _two(compare: Any, left: Term, right: Term, bits: int) -> Term:
    if compare in COMPARISONS:
        return lambda row: _strict(compare, left(row), right(row))
    if compare in {operators.add, operators.sub}:
        return lambda row: _in_range(_strict(compare, left(row), right(row)), bits)
    if compare is operators.is_:
        return lambda row: left(row) is right(row)
    if compare is operators.is_not:
        return lambda row: left(row) is not right(row)
    if compare is operators.in_op:
        return lambda row: _strict(lambda value, among: value in among, left(row), right(row))
    if compare is operators.not_in_op:
        return lambda row: _strict(lambda value, among: value not in among, left(row), right(row))
    raise _unknown(compare)


def _one(change: Any, only: Term) -> Term:
    if change in {operators.inv, operators.is_false}:
        return lambda row: _not(only(row))
    if change is operators.is_true:
        return only
    raise _unknown(change)


def _all(values: Any) -> bool | None:
    """SQL's AND: false wins over unknown, and ends the evaluation."""
    result: bool | None = True
    for value in values:
        if value is False:
            return False
        result = None if value is None else result
    return result


def _not(value: bool | None) -> bool | None:  # noqa: FBT001  # the operand
    return None if value is None else not value


def _strict(function: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    return None if left is None or right is None else function(left, right)


def _bits(table: Table, expression: Any) -> int:
    columns = {part.name for part in iterate(expression) if isinstance(part, ColumnClause)}
    return 64 if any(isinstance(table.c[name].type, BigInteger) for name in columns) else 32


def _in_range(value: int | None, bits: int) -> int | None:
    if value is not None and not -(1 << bits - 1) <= value < 1 << bits - 1:
        raise StorageError(OUT_OF_RANGE, "integer out of range")
    return value


def _unknown(expression: Any) -> TypeError:
    return TypeError(f"a check constraint in memory has no {expression!r}: rewrite it, or teach this module")
