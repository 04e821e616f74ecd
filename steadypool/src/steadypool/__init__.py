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

__all__ = [
    "AttemptsError",
    "Counters",
    "DatabaseLostError",
    "DeadSocketError",
    "DeadlineError",
    "LateError",
    "OutageError",
    "SteadyError",
    "Waits",
    "counters",
    "create_engine",
    "deadline",
    "read",
]
