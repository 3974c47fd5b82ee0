"""What an error of the database means for the batch, and what the driver's errors become."""

from __future__ import annotations

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from chassis.failures import Failure, StorageError, VersionConflictError, failure_of, wants_smaller_batch
from chassis.postgres import storage_error, translated


@pytest.mark.parametrize(
    ("sqlstate", "failure"),
    [
        ("22003", Failure.CULPRIT),
        ("22021", Failure.CULPRIT),
        ("23505", Failure.CULPRIT),
        ("08006", Failure.PASSING),
        ("40001", Failure.PASSING),
        ("40P01", Failure.PASSING),
        ("53300", Failure.PASSING),
        ("54001", Failure.PASSING),
        ("55P03", Failure.PASSING),
        ("57P01", Failure.PASSING),
        ("58030", Failure.PASSING),
        ("42P01", Failure.FATAL),
        ("25P02", Failure.FATAL),
        ("XX000", Failure.FATAL),
    ],
)
def test_an_error_is_classified_by_its_sqlstate(sqlstate: str, failure: Failure) -> None:
    assert failure_of(StorageError(sqlstate)) is failure


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (VersionConflictError("item", 2, 1), Failure.PASSING),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"), Failure.CULPRIT),
        (ConnectionRefusedError(), Failure.PASSING),
        (TimeoutError(), Failure.PASSING),
        (KeyError("a bug"), Failure.FATAL),
    ],
)
def test_an_error_without_sqlstate_is_classified_by_its_kind(error: Exception, failure: Failure) -> None:
    assert failure_of(error) is failure


@pytest.mark.parametrize("sqlstate", ["53200", "53300", "54000", "55P03", "57014"])
def test_limits_of_size_and_time_ask_for_a_smaller_batch(sqlstate: str) -> None:
    assert wants_smaller_batch(StorageError(sqlstate))


@pytest.mark.parametrize("error", [StorageError("40P01"), StorageError("57P01"), StorageError("23505"), OSError()])
def test_other_errors_do_not_ask_for_a_smaller_batch(error: Exception) -> None:
    assert not wants_smaller_batch(error)


@pytest.mark.parametrize(
    ("error", "sqlstate"),
    [
        (asyncpg.DeadlockDetectedError("deadlock"), "40P01"),
        (asyncpg.InvalidCachedStatementError("changed"), "55000"),
        (asyncpg.InterfaceError("connection is closed"), "08006"),
        (asyncpg.ConnectionDoesNotExistError("gone"), "08003"),
        (asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress"), "08006"),
        (asyncpg.TooManyConnectionsError("full"), "53300"),
        (PoolTimeoutError("QueuePool limit"), "08006"),
        (ConnectionResetError("reset"), "08006"),
        (TimeoutError("connecting"), "08006"),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"), "22021"),
    ],
)
def test_an_error_of_the_driver_becomes_one_of_the_storage(error: Exception, sqlstate: str) -> None:
    with pytest.raises(StorageError) as raised, translated():
        raise error
    assert raised.value.sqlstate == sqlstate
    assert raised.value.__cause__ is error


def test_an_error_that_the_toolkit_has_wrapped_keeps_its_state() -> None:
    inner = asyncpg.SerializationError("conflict")
    adapted = RuntimeError("wrapped by the toolkit's adapter")
    adapted.__cause__ = inner
    error = storage_error(DBAPIError("COMMIT", None, adapted))
    assert error is not None
    assert error.sqlstate == "40001"


def test_a_connection_that_broke_under_the_toolkit_is_lost() -> None:
    error = storage_error(DBAPIError("COMMIT", None, RuntimeError("?"), connection_invalidated=True))
    assert error is not None
    assert error.sqlstate == "08006"


def test_a_bug_is_not_taken_for_an_error_of_the_storage() -> None:
    with pytest.raises(asyncpg.InterfaceError), translated():
        raise asyncpg.InterfaceError("cannot perform operation: another operation is in progress")
    with pytest.raises(KeyError), translated():
        raise KeyError("a bug")


def test_an_error_of_the_storage_passes_unchanged() -> None:
    conflict = VersionConflictError("item", 2, 1)
    with pytest.raises(VersionConflictError) as raised, translated():
        raise conflict
    assert raised.value is conflict
