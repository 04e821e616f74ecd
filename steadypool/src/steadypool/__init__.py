"""SQLAlchemy engines whose readers do not see a PostgreSQL restart."""

from steadypool.counters import Counters
from steadypool.engine import counters, create_engine
from steadypool.errors import (
    AttemptsError,
    DatabaseLostError,
    DeadlineError,
    DeadSocketError,
    LateError,
    OutageError,
    SteadyError,
)
from steadypool.reads import read
from steadypool.waits import Waits, deadline
from steadypool.writes import (
    NotCommittedError,
    Outcome,
    TransactionId,
    UnknownOutcomeError,
    outcome,
    write,
)

__all__ = [
    "AttemptsError",
    "Counters",
    "DatabaseLostError",
    "DeadSocketError",
    "DeadlineError",
    "LateError",
    "NotCommittedError",
    "OutageError",
    "Outcome",
    "SteadyError",
    "TransactionId",
    "UnknownOutcomeError",
    "Waits",
    "counters",
    "create_engine",
    "deadline",
    "outcome",
    "read",
    "write",
]
