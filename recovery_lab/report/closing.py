"""What the screen says at the end of one outage that the application alone meets."""

from collections.abc import Iterator, Mapping

from recovery_lab.judge.beside import Beside
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.judge.verdict import Cell, OutageVerdict, reasons, worst
from recovery_lab.report import words
from recovery_lab.report.words import outcomes, row, seconds

# What was seen to help in this repository's own runs; a test counts them (docs/runs/every-fault).
STALE = (
    "a pool that asks a connection before it hands it out passed 24 of 24 such outages here "
    "(SQLAlchemy: pool_pre_ping=True; psycopg_pool: check=ConnectionPool.check_connection; Django: "
    "CONN_HEALTH_CHECKS=True): docs/errors.md"
)
BACKED_OFF = (
    "cap the pauses between attempts, or what one attempt may wait for: a user waits on for "
    "either when the database is back"
)
UNBOUNDED = (
    "bound what a read may wait for (tcp_user_timeout, connect_timeout, statement_timeout), and "
    "let it be tried again on a new connection: docs/errors.md"
)
_WORDS = {"failed": "NOT RECOVERED", "inconclusive": "INCONCLUSIVE"}


def closing_lines(outage: OutageVerdict) -> list[str]:
    """Return the lines under the phases: outage, reads, window, what was not judged, verdict."""
    cell, figures = outage.own, outage.own.figures
    server_s, ours_s = outage.server_share_s, figures.recovery_lag_s
    shares = f"server {seconds(server_s)} + ours {seconds(ours_s)}"
    told = {"outage": f"{seconds(words.added(server_s, ours_s))} = {shares}"}
    if cell.job == "idle":  # it is asked late on purpose: it has no lag, and nothing is "ours"
        told["outage"] = f"server {seconds(server_s)}"
    elif not outage.info.login:
        away = f"{seconds(words.added(server_s, ours_s))} for its readers"
        told["outage"] = f"{away}, not split: no login tells when the server was ready"
    for idle in (one for one in outage.owned if one.job == "idle"):
        first = idle.figures.first_reads
        longest = seconds(idle.figures.first_wait_s, "without end" if first.waited else "unknown")
        told["first"] = f"{outcomes(first)}; longest wait {longest}"
    told["reads"] = (
        f"{outcomes(figures.reads)}; after {_since(outage)} {outcomes(figures.after_ready)}"
    )
    if beside := outage.beside.get(cell.contender):
        told["beside"] = "; ".join(_beside(beside, figures.green_s))
    if figures.green_s is not None and not outage.info.daemon:  # of a route held to nothing
        told["green"] = f"the health route, for {seconds(figures.green_s)} while users waited"
    if lags := _lags(outage, cell):
        told["window"] = _window(outage, cell, lags)
    if outage.info.daemon:
        told["process"] = f"{outage.info.application} {_process(outage)}"
    said = dict.fromkeys(said for cell in outage.owned for said in cell.not_judged)
    unjudged = [f"not judged: {words.not_judged(said)}"] if said else []
    return [*(row(*line) for line in told.items()), *unjudged, _verdict(outage), *_next(outage)]


def _since(outage: OutageVerdict) -> str:
    return "ready" if outage.info.login else "the command"


def _process(outage: OutageVerdict) -> str:
    """Say whether the application's process is still the same one."""
    restarted = "RESTARTED" if outage.restarted else "not restarted"
    if outage.restart_asked_s is None:
        return restarted
    after = seconds(outage.restart_lag_s, "not at all")  # told to, by whoever it was
    return (
        f"{restarted}, told to at {seconds(outage.restart_asked_s)}; reads back {after} after that"
    )


def _beside(beside: Beside, green_s: float | None) -> Iterator[str]:
    if beside.opens is not None:
        yield f"{beside.opens} connections opened, at most {beside.opens_worst_s} in a second"
    yield f"at most {beside.log_worst_s} log lines in a second"
    if green_s is not None:
        yield f"green while users wait {seconds(green_s)}"


def _lags(outage: OutageVerdict, cell: Cell) -> dict[str, float | None]:
    """Return what has to be back in the window, and when it was, if it was."""
    lags = {"System Health": outage.health_lag_s} if outage.info.health else {}
    return lags | ({"reads": cell.figures.recovery_lag_s} if cell.job != "idle" else {})


def _window(outage: OutageVerdict, cell: Cell, lags: Mapping[str, float | None]) -> str:
    bounds = f"(target {THRESHOLDS.target_s:g} s, limit {outage.info.limit_s:g} s)"
    which = "both" if len(lags) > 1 else next(iter(lags))
    known = [lag_s for lag_s in lags.values() if lag_s is not None]
    if len(known) < len(lags):
        return f"{which} not back after {_since(outage)} {bounds}"
    return (
        f"{which} back {seconds(max(known))} after {_since(outage)} {bounds}"
        + " · LATE" * cell.late
    )


def _verdict(outage: OutageVerdict) -> str:
    word = worst([cell.verdict for cell in outage.owned])
    if word != "passed":
        why = dict.fromkeys(why for cell in outage.owned for why in reasons(cell))
        return f"{_WORDS[word]}: {'; '.join(why)}"
    if waived := ", ".join(outage.info.waived):
        return f"PASSED, but for what the plan waives: {waived}."
    lag_s = outage.own.figures.recovery_lag_s or 0.0
    if outage.info.login and lag_s > THRESHOLDS.long_wait_s:
        return f"RECOVERED, {seconds(lag_s)} after the server: its users waited on so long."
    return "RECOVERED: nobody had to intervene."


def _next(outage: OutageVerdict) -> Iterator[str]:
    """Yield what to try next, of one's own engine or URL; here the policies are the lab's."""
    if outage.info.daemon:
        return
    broken = {one.rule: one.said for cell in outage.owned for one in cell.failures}
    if "first reads" in broken:
        yield row("next", f"{broken['first reads']}; {STALE}")
    elif "waits end" in broken:
        yield row("next", BACKED_OFF)
    elif broken:
        yield row("next", UNBOUNDED)
