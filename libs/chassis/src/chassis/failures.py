"""What can go wrong with the database, and what that means for the batch. A driver's errors are translated in `postgres`."""

from enum import Enum, auto

DEADLOCK = "40P01"
CONNECTION_LOST = "08006"
BAD_ENCODING = "22021"
BAD_VALUE = "22000"
OUT_OF_RANGE = "22003"
NULL_VALUE = "23502"
NOT_UNIQUE = "23505"
CHECK_FAILED = "23514"
TWICE_IN_ONE_STATEMENT = "21000"
TRANSACTION_FAILED = "25P02"

CULPRIT_CLASSES = frozenset({"22", "23"})
PASSING_CLASSES = frozenset({"08", "40", "53", "54", "55", "57", "58"})
SMALLER_BATCH_CLASSES = frozenset({"53", "54"})
SMALLER_BATCH_STATES = frozenset({"55P03", "57014"})
"""lock not available, query canceled (statement timeout)"""
NOBODYS_FAULT_STATES = frozenset({"53100", "53300"})
"""disk full, too many connections: no message makes these, however often they come while one is decided"""


class Failure(Enum):
    """What an error says about the batch in which it came."""

    CULPRIT = auto()
    """One of the messages causes it, each time: find that one by halving."""

    PASSING = auto()
    """It goes away by itself: roll back, wait, try again."""

    FATAL = auto()
    """Nobody knows what it means, or the code and the schema disagree: stop, unready."""


class StorageError(Exception):
    """The database refused a statement or could not be reached. `constraint` names the one that was violated, if one was."""

    def __init__(self, sqlstate: str, message: str = "", constraint: str | None = None) -> None:
        super().__init__(f"{sqlstate} {message}".rstrip())
        self.sqlstate = sqlstate
        self.constraint = constraint


class VersionConflictError(StorageError):
    """A row was not there with the revision it had been loaded with. A second line of defense: the lock on its root failed."""

    def __init__(self, table: str, expected: int, matched: int) -> None:
        super().__init__("40W01", f"{table}: {matched} of {expected} rows had the revision they were loaded with")


def failure_of(error: BaseException) -> Failure:
    """Classify by SQLSTATE; of errors without one, broken connections pass and bad text has a culprit."""
    if isinstance(error, UnicodeError):
        return Failure.CULPRIT
    if isinstance(error, OSError):  # connection errors and timeouts included
        return Failure.PASSING
    state_class = error.sqlstate[:2] if isinstance(error, StorageError) else ""
    if state_class in CULPRIT_CLASSES:
        return Failure.CULPRIT
    return Failure.PASSING if state_class in PASSING_CLASSES else Failure.FATAL


def may_be_its_fault(error: BaseException) -> bool:
    """Whether one message alone that runs into this limit again and again is to be taken for the culprit."""
    return wants_smaller_batch(error) and isinstance(error, StorageError) and error.sqlstate not in NOBODYS_FAULT_STATES


def wants_smaller_batch(error: BaseException) -> bool:
    """Whether the next try should have half the messages: the batch ran into a limit of size or time."""
    state = error.sqlstate if isinstance(error, StorageError) else ""
    return state[:2] in SMALLER_BATCH_CLASSES or state in SMALLER_BATCH_STATES
