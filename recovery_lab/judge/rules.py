"""All promises, in the order in which they are told: to readers, of an application, of a server."""

from collections.abc import Iterator

from recovery_lab.judge import readers, service  # noqa: F401 # they make theirs
from recovery_lab.judge.case import Case
from recovery_lab.judge.rule import CAPABILITIES, RULES, Rule, rule
from recovery_lab.record.history import LogLine

__all__ = ["CAPABILITIES", "HUNG_UP", "RULES", "Rule"]
# SQLSTATEs of FATAL lines that only a client brings, which hangs up or asks for its query's end; an
# observer does on a loaded machine, whatever the fault.
HUNG_UP = ("57014", "08006", "08P01")


@rule("pool whole", "0 connections, 20 s later", lambda case: case.has_pool, needs="pool")
def _pool_broken(case: Case) -> Iterator[str]:
    """The pool has its size, and nothing is checked out when its readers have stopped."""
    if len(case.looks) < 2:  # a doubt
        return
    before, after = case.looks[0], case.looks[-1]
    if after.checked_out:
        yield f"{after.checked_out} connections still checked out at the end"
    if before.size != after.size:
        yield f"the pool's size was {before.size} and is {after.size}"


@rule("server sound", "0 lines", needs="server log")
def _server_failed(case: Case) -> Iterator[str]:
    """The server's log has no PANIC, no FATAL that neither the fault nor a hang-up explains."""
    explained = (*case.seen.effects.explains, *HUNG_UP)
    for line in case.seen.history.of(LogLine):
        fatal = line.severity == "FATAL" and line.sqlstate not in explained
        if fatal or line.severity == "PANIC":
            yield f"server log: [{line.pid}] {line.severity} {line.sqlstate}: {line.message}"
