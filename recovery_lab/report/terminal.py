"""What the screen says of one outage that the application alone meets, live and at its end."""

from collections.abc import Callable, Iterator

from recovery_lab.judge.beside import Beside
from recovery_lab.judge.case import Seen
from recovery_lab.judge.loss import crashes, ended_sessions, lost_sessions
from recovery_lab.judge.measures import server_starts, since_asked
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.judge.verdict import Cell, OutageVerdict, RunVerdict, reasons, worst
from recovery_lab.outage import OutageInfo
from recovery_lab.record.history import Health, History, Probe, Warmed
from recovery_lab.report import words
from recovery_lab.report.words import outcomes, row, seconds

Say = Callable[[str], None]
MOST_DOUBTS = 3  # of an outage in a line: what broke it comes first, the rest follows from it
Phase = tuple[str, float, str]  # its key, its instant on the record's clock, its words
_WORDS = {"failed": "NOT RECOVERED", "inconclusive": "INCONCLUSIVE"}


class Screen:
    """Prints each phase of an outage once, when it is known."""

    def __init__(self, show: Say, name: str, info: OutageInfo, context: str = "") -> None:
        self._show = show
        self._name = name
        self._info = info  # as planned; repeats differ in nothing that is shown
        self._context = context
        self._history = History()
        self._printed: set[str] = set()

    def look(self, history: History) -> None:
        """Print what is new; another history is another outage."""
        if history is not self._history:
            self._history, self._printed = history, set()
            self._show(" · ".join(self._header()))
            self._show(row("before", " · ".join(self._before())))
        seen = Seen(self._info, history)
        for key, at, text in sorted(_phases(seen, self._name), key=lambda phase: phase[1]):
            if key not in self._printed:
                self._printed.add(key)
                self._show(row(f"{at - seen.origin:6.3f} s", text))

    def _header(self) -> Iterator[str]:
        yield self._name
        for probe in [probe for probe in self._history.of(Probe) if probe.ok][:1]:
            yield f"postgres {probe.server_version}"
        for sample in [sample for sample in self._history.of(Health) if sample.policy][:1]:
            yield f"policy {words.policy(sample)}"
        if self._context:
            yield f"docker context: {self._context}"

    def _before(self) -> Iterator[str]:
        for sample in self._history.of(Health)[-1:]:
            yield f"System Health {sample.status}"
        warmed = [w for w in self._history.of(Warmed) if w.contender == self._info.application]
        if backends := sorted(pid for one in warmed for pid in one.backends):
            held = f"{len(backends)} idle pooled connections"
            yield f"{held} (backends {words.ranges(backends)})"
        elif warmed:
            yield f"{warmed[0].checked_in} reads answered"


def _phases(seen: Seen, name: str) -> Iterator[Phase]:
    """Yield each phase known so far. None of them waits for a judging of all that was recorded."""
    if seen.asked_at is None:
        return
    yield "asked", seen.asked_at, f"{name.split(maxsplit=1)[0]} asked"
    # While it is down only the server's log tells of lost sessions, one by one; killed, nothing.
    case, ended = seen.cases[0], ended_sessions(seen.history)
    own = {pid for one in seen.cases if one.is_application for pid in one.warm_backends}
    held, gone = len(own), len(lost_sessions(seen.history, seen.effects))
    if seen.lost_at is not None and (len({line.pid for line in ended}) == held or seen.ready):
        which = f"{gone} of {held} sessions lost" if held else "database lost"
        told = [*ended, *crashes(seen.history)]
        said = told[0].message if told else _last_word(seen)
        yield "lost", seen.lost_at, f"{which}: {said}"
    if seen.ready is None:
        return
    half_s = (seen.ready.late_at - seen.ready.early_at) / 2
    before, after = server_starts(seen.history)
    moved = f"moved {before[11:19]} -> {after[11:19]}" if before != after else "did not move"
    start = f"start time {moved if before and after else 'unknown'}"
    yield "ready", seen.ready.early_at + half_s, f"server ready (± {half_s * 1000:.0f} ms; {start})"
    if case.recovered and case.recovered_at is not None:
        same = " through the same pool" * ("pool" in seen.info.capabilities)
        backend = f" (backend {pid})" if (pid := case.recovered.backend_pid) else ""
        yield "read", case.recovered_at, f"first live read{same}{backend}"
    if seen.health_at is not None:
        yield "health", seen.health_at, "System Health up"


def _last_word(seen: Seen) -> str:
    """Return how a loss showed where no line of the server's tells: the first refusal."""
    refusals = [probe.error for probe in since_asked(seen.history) if not probe.ok]
    unread = "server log" not in seen.info.capabilities
    return refusals[0] if unread and refusals else "the server ended without a word"


def closing_lines(outage: OutageVerdict) -> list[str]:
    """Return the lines under the phases: outage, reads, window, what was not judged, verdict."""
    cell, figures = outage.own, outage.own.figures
    server_s, ours_s = outage.server_share_s, figures.recovery_lag_s
    shares = f"server {seconds(server_s)} + ours {seconds(ours_s)}"
    told = {"outage": f"{seconds(words.added(server_s, ours_s))} = {shares}"}
    if cell.job == "idle":  # it is asked late on purpose: it has no lag, and nothing is "ours"
        told["outage"] = f"server {seconds(server_s)}"
    for idle in (one for one in outage.owned if one.job == "idle"):
        first = idle.figures.first_reads
        longest = seconds(idle.figures.first_wait_s, "without end" if first.waited else "unknown")
        told["first"] = f"{outcomes(first)}; longest wait {longest}"
    told["reads"] = f"{outcomes(figures.reads)}; after ready {outcomes(figures.after_ready)}"
    if beside := outage.beside.get(cell.contender):
        told["beside"] = "; ".join(_beside(beside, figures.green_s))
    told["window"] = _window(outage, cell)
    if outage.info.daemon:
        told["process"] = f"{outage.info.application} {_process(outage)}"
    said = dict.fromkeys(said for cell in outage.owned for said in cell.not_judged)
    unjudged = [f"not judged: {words.not_judged(said)}"] if said else []
    return [*(row(*line) for line in told.items()), *unjudged, _verdict(outage)]


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


def _window(outage: OutageVerdict, cell: Cell) -> str:
    bounds = f"(target {THRESHOLDS.target_s:g} s, limit {outage.info.limit_s:g} s)"
    lags = {"System Health": outage.health_lag_s, "reads": cell.figures.recovery_lag_s}
    if cell.job == "idle":
        del lags["reads"]
    elif outage.info.health is None:
        del lags["System Health"]
    which = "both" if len(lags) > 1 else next(iter(lags))
    known = [lag_s for lag_s in lags.values() if lag_s is not None]
    if len(known) < len(lags):
        return f"{which} not back after ready {bounds}"
    return f"{which} back {seconds(max(known))} after ready {bounds}" + " · LATE" * cell.late


def _verdict(outage: OutageVerdict) -> str:
    word = worst([cell.verdict for cell in outage.owned])
    if word != "passed":
        why = dict.fromkeys(why for cell in outage.owned for why in reasons(cell))
        return f"{_WORDS[word]}: {'; '.join(why)}"
    if waived := ", ".join(outage.info.waived):
        return f"PASSED, but for what the plan waives: {waived}."
    return "RECOVERED: nobody had to intervene."


def verdict_lines(verdict: RunVerdict) -> Iterator[str]:
    """Yield a line for each outage in doubt and each deciding cell that is not passed."""
    yield from (f"{'missing':<13}{name}: planned, never begun" for name in verdict.missing)
    for outage in verdict.outages:
        shared = [f"in doubt: {doubt.said}" for doubt in outage.doubts]
        if shared:
            said = "; ".join(doubt.said for doubt in outage.doubts[:MOST_DOUBTS])
            more = f"; {len(shared) - MOST_DOUBTS} more" if len(shared) > MOST_DOUBTS else ""
            yield f"{'inconclusive':<13}{outage.name}: in doubt: {said}{more}"
        for cell in outage.cells:
            if cell.deciding and cell.verdict != "passed" and (cell.failures or not shared):
                own = "; ".join(why for why in reasons(cell) if why not in shared)
                yield f"{cell.verdict:<13}{outage.name} {cell.contender} {cell.job}: {own}"
    counted = ", ".join(f"{count} {word}" for word, count in verdict.cells.items())
    total = sum(verdict.cells.values())
    yield f"{verdict.verdict.upper()}: {counted} of {total} cells, {verdict.references} references"
