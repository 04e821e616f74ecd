"""The judge's thresholds as data, each with its reason. Seconds unless the name says otherwise."""

import msgspec


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """What is long, what is late, what is enough."""

    target_s: float = 60.0  # the plan's target, counted from ready: past it marked LATE
    limit_s: float = 120.0  # the plan's limit: past it failed; the cell is censored there
    steady_s: float = 2.0  # ready, recovery and System Health must hold this long
    steady_reads: int = 10  # and recovery over at least this many reads
    settled_s: float = 5.0  # recorded on after every subject has recovered
    release_s: float = 3.0  # the idle pool is asked this long after ready's late end
    long_wait_s: float = 1.0  # a user waits no longer where nothing is wrong
    hung_s: float = 10.0  # a read not ended after this is hung, where no deadline is declared
    grace_s: float = 0.5  # beyond a declared deadline, and beyond a probe's interval
    live_s: float = 3.0  # a liveness probe answers within this
    steady_intervals: int = 3  # checks within which refused new sessions are noticed
    baseline_reads: int = 10  # good reads before the fault, without one that is not
    late_start_s: float = 0.02  # an idle worker that begins later than this: the recorder's fault
    late_start_share: float = 0.05  # of reads that began late: the outage is in doubt
    late_start_share_solo: float = 0.02  # the same where latencies are quoted
    undue_s: float = 1.0  # an open loop is due all the time: a longer pause is a hole in the record
    unseen_s: float = 5.0  # without an answer of the application's probes: nothing was seen
    uncounted_s: float = 2.0  # a contender's connections and costs are read at least this often
    never_back_s: float = 15.0  # a control without reconnects might come back at any retry
    given_up_s: float = 5.0  # one that has closed for good will not


THRESHOLDS = Thresholds()
