"""The judge's thresholds as data, each with its reason."""

import msgspec


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds unless the name says otherwise."""

    target_s: float = 60.0  # the plan's target, counted from ready: past it marked late
    limit_s: float = 120.0  # the plan's limit: past it failed; the cell is censored there
    settled_s: float = 5.0  # recorded on after every subject has recovered
    release_s: float = 3.0  # the idle pool is asked this long after ready's late end
    baseline_ops: int = 10  # good operations before the fault, without one that is not
    late_start_share: float = 0.05  # of operations started over 20 ms late: the recorder's fault
    late_start_share_solo: float = 0.02  # the same where latencies are quoted
    late_start_s: float = 0.02  # an idle worker started later than this: the recorder's fault
    spacing_share: float = 0.2  # of the target: wider apart, recovery is not resolved


THRESHOLDS = Thresholds()

# FATAL lines that a fault or a session's own end brings by itself, by SQLSTATE (PostgreSQL,
# appendix A). Any other FATAL, and each PANIC, fails the cell.
EXPECTED_FATAL: frozenset[str] = frozenset(
    {
        "57P01",  # admin_shutdown: a session is ended by a fast shutdown
        "57P02",  # crash_shutdown: another process of the server died
        "57P03",  # cannot_connect_now: starting up, shutting down or recovering
        "57014",  # query_canceled: so the server ends a login that a client left half-way
        "08006",  # connection_failure: the client is gone
        "08P01",  # protocol_violation: a probe hung up in the middle of its login
    }
)
