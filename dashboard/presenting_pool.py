"""What System Health says about the pool: its figures, its workers, its last read, its policy."""

from dashboard.db_connector import Policy
from dashboard.executor import Workers
from dashboard.language import Words, marked
from dashboard.pool_stats import PoolStats
from dashboard.presenting import cause
from dashboard.reads import LastRead

OPTION_MEANINGS: dict[str, str] = {
    "pool_pre_ping": marked("asks a connection whether it lives before each use"),
    "pool_recycle": marked(
        "replaces connections older than this many seconds (by age, not by idle time)"
    ),
    "pool_timeout": marked("waits at most this many seconds for a free connection"),
    "pool_use_lifo": marked("takes the connection used last, so that spare ones may go"),
    "connect_args": marked("gives up soon on a server that does not answer"),
}


def pool_told(stats: PoolStats, say: Words) -> str:
    """Return the pool's figures as a table."""
    figures = {
        say("In use"): stats.checked_out,
        say("Idle"): stats.checked_in,
        say("Connects"): stats.connects_total,
        say("Invalidations"): stats.invalidations_total,
    }
    rows = (figures, ["---:"] * len(figures), map(str, figures.values()))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def workers_told(workers: Workers, say: Words) -> str:
    """Name the workers that hang, and for how long; nothing where none does."""
    if not workers.stuck:
        return ""
    names = ", ".join(f"`{name}` ({since_s:.0f} s)" for name, since_s in workers.stuck.items())
    if workers.all_stuck:
        return say(
            "**All {total} workers hang** in reads that nobody waits for any more: {names}. "
            "No read is served until one of them ends; the runbook says what to do.",
            total=workers.total,
            names=names,
        )
    return say(
        "{count} of {total} workers hang in reads that nobody waits for any more: {names}.",
        count=len(workers.stuck),
        total=workers.total,
        names=names,
    )


def read_end_told(last: LastRead | None, say: Words) -> str:
    """Say when the latest read ended, and why it failed."""
    if last is None:
        return say("Nobody has read through the pool yet: open Orders.")
    if last.trouble is None:
        return say("The last read through the pool was good, at {at}.", at=say.at(last.at))
    why = cause(last.trouble, say)
    return say(
        "The last read through the pool failed, at {at}: {why}.", at=say.at(last.at), why=why
    )


def policy_told(policy: Policy, say: Words) -> str:
    """Name the policy and list its settings beyond SQLAlchemy's defaults, each with its effect."""
    shown_as = say(policy.shown_as)
    head = say("Policy in force: **{name}** ({shown_as})", name=policy.name, shown_as=shown_as)
    lines = [
        f"- `{name}={value}`: {say(OPTION_MEANINGS[name])}"
        for name, value in policy.engine_options.items()
    ]
    if policy.disposes_on_failed_check:
        lines.append("- " + say("closes the whole pool when a check fails"))
    if policy.pins_one_connection:
        lines.append("- " + say("keeps one connection for ever, without a pool"))
    if policy.retries_reads:
        lines.append("- " + say("reads again, within one deadline, while the database is away"))
    if policy.waits_outages_out:
        lines.append("- " + say("reads wait, within one deadline, until the database is back"))
    return "\n".join([head, "", *(lines or ["- " + say("no option: SQLAlchemy's defaults")])])
