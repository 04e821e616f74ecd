"""How far a read had come when its driver's error was raised, by the functions that raised it.

The standard library alone: errors of other versions of SQLAlchemy and driver are told apart, too.
"""

import traceback
from collections.abc import Mapping

# SQLAlchemy's dialects and results name their steps; the first that was under way tells: a ping
# executes a statement as well, and a pool connects by a function of that name.
STEPS: Mapping[str, str] = {
    "do_ping": "checkout",
    "do_commit": "commit",
    "do_rollback": "rollback",
    "fetchall": "fetch",
    "fetchmany": "fetch",
    "fetchone": "fetch",
    "do_execute": "execute",
    "do_execute_no_params": "execute",
    "connect": "connect",
}


def step_of(error: BaseException) -> str | None:
    """Return connect, checkout, execute, fetch, commit or rollback; None where nothing tells.

    `error` is the driver's own, or SQLAlchemy's TimeoutError: no connection became free.
    """
    if type(error).__name__ == "TimeoutError":
        return "checkout"
    passed = {frame.name for frame in traceback.extract_tb(error.__traceback__)}
    return next((step for name, step in STEPS.items() if name in passed), None)
