"""What the screen says of one outage that the application alone meets, live and at its end."""

from collections.abc import Callable, Iterator

import msgspec

from recovery_lab.judge.case import Case, Seen
from recovery_lab.judge.measures import ended_sessions, lost_said, lost_sessions, server_starts
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.judge.verdict import Cell, OutageVerdict, RunVerdict, reasons
from recovery_lab.outage import OutageInfo
from recovery_lab.record.history import Health, History, Probe, Warmed
from recovery_lab.report.words import added, not_judged, outcomes, ranges, row, seconds, starts

Say = Callable[[str], None]
Phase = tuple[str, float, str]  # its key, its instant on the record's clock, its words
MOST_DOUBTS = 3  # of an outage in a line: what broke it comes first, the rest follows from it
_WORDS = {"failed": "NOT RECOVERED", "inconclusive": "INCONCLUSIVE"}


class Screen:
    """A view that prints each phase of an outage once, when it is known.

    `info` is the outage as planned; a run's repeats differ from it in nothing that is shown.
    """

    def __init__(self, show: Say, name: str, info: OutageInfo, context: str) -> None:
        self._show = show
        self._name = name
        self._info = info
        self._context = context
        self._history = History()
        self._printed: set[str] = set()

    def say(self, text: str) -> None:
        """Print nothing: the phases tell it."""

    def look(self, history: History) -> None:
        """Print what is new; another history is another outage."""
        if history is not self._history:
            self._history, self._printed = history, set()
        if "header" not in self._printed:
            self._printed.add("header")
            self._show(" · ".join(self._header()))
            self._show(row("before", " · ".join(self._before())))
        seen = Seen(self._info, history)
        phases = _phases(seen, Case(seen, *self._info.cells[0]), self._name)
        for key, at, text in sorted(phases, key=lambda phase: phase[1]):
            if key not in self._printed:
                self._printed.add(key)
                self._show(row(f"{at - seen.origin:6.3f} s", text))

    def _header(self) -> Iterator[str]:
        yield self._name
        for probe in [probe for probe in self._history.of(Probe) if probe.ok][:1]:
            yield f"postgres {probe.server_version}"
        for sample in [sample for sample in self._history.of(Health) if sample.policy][:1]:
            yield f"policy {sample.policy}" + f" ({sample.shown_as})" * bool(sample.shown_as)
        yield f"docker context: {self._context}"

    def _before(self) -> Iterator[str]:
        for sample in self._history.of(Health)[-1:]:
            yield f"System Health {sample.status}"
        for warmed in self._history.of(Warmed)[:1]:
            held = f"{len(warmed.backends)} idle pooled connections"
            told = f"{held} (backends {ranges(warmed.backends)})"
            yield told if warmed.backends else f"{warmed.checked_in} reads answered"


def _phases(seen: Seen, case: Case, name: str) -> Iterator[Phase]:
    """Yield each phase known so far. None of them waits for a judging of all that was recorded."""
    if seen.asked_at is None:
        return
    yield "asked", seen.asked_at, f"{name.split(maxsplit=1)[0]} asked"
    # While the server is down only its log tells of lost sessions, one by one; a killed one leaves
    # no word.
    named = {line.pid for line in ended_sessions(seen.history)}
    held = len(case.warm_backends)
    if seen.lost_at is not None and (len(named) == held or seen.ready):
        gone = len(lost_sessions(seen.history))
        which = f"{gone} of {held} sessions lost" if held else "database lost"
        yield "lost", seen.lost_at, f"{which}: {lost_said(seen.history)}"
    if seen.ready is None:
        return
    half_s = (seen.ready.late_at - seen.ready.early_at) / 2
    moved = starts(*server_starts(seen.history))
    told = f"server ready (± {half_s * 1000:.0f} ms; {moved})"
    yield "ready", seen.ready.early_at + half_s, told
    if case.recovered and case.recovered_at is not None:
        same = " through the same pool" * ("pool" in seen.info.capabilities)
        backend = f" (backend {pid})" if (pid := case.recovered.backend_pid) else ""
        yield "read", case.recovered_at, f"first live read{same}{backend}"
    if seen.health_at is not None:
        yield "health", seen.health_at, "System Health up"


def closing_lines(outage: OutageVerdict) -> list[str]:
    """Return the lines under the phases: outage, reads, window, what was not judged, verdict."""
    cell = next(cell for cell in outage.cells if cell.contender == outage.info.application)
    process = "RESTARTED" if outage.restarted else "not restarted"
    told = {
        **(_idle if cell.job == "idle" else _steady)(outage, cell),
        "reads": f"{outcomes(cell.figures.reads)}; "
        f"after ready {outcomes(cell.figures.after_ready)}",
        "window": _window(outage, cell),
        "process": f"{outage.info.application} {process}",
    }
    unjudged = [f"not judged: {not_judged(cell)}"] if cell.not_judged else []
    return [*(row(*line) for line in told.items()), *unjudged, _verdict(cell)]


def _steady(outage: OutageVerdict, cell: Cell) -> dict[str, str]:
    server_s, ours_s = outage.server_share_s, cell.figures.recovery_lag_s
    shares = f"server {seconds(server_s)} + ours {seconds(ours_s)}"
    return {"outage": f"{seconds(added(server_s, ours_s))} = {shares}"}


def _idle(outage: OutageVerdict, cell: Cell) -> dict[str, str]:
    """The idle pool is asked late on purpose: it has no lag, and nothing is "ours"."""
    first = cell.figures.first_reads
    longest = seconds(cell.figures.first_wait_s, "without end" if first.waited else "unknown")
    return {
        "outage": f"server {seconds(outage.server_share_s)}",
        "first": f"{outcomes(first)}; longest wait {longest}",
    }


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


def _verdict(cell: Cell) -> str:
    if cell.verdict == "passed":
        return "RECOVERED: nobody had to intervene."
    return f"{_WORDS[cell.verdict]}: {'; '.join(reasons(cell))}"


def verdict_lines(verdict: RunVerdict) -> Iterator[str]:
    """Yield a line for each outage in doubt and each deciding cell that is not passed."""
    yield from (f"{'missing':<13}{name}: planned, never begun" for name in verdict.missing)
    for outage in verdict.outages:
        shared = list(outage.doubts)
        if shared:
            said = "; ".join(doubt.said for doubt in shared[:MOST_DOUBTS])
            more = f"; {len(shared) - MOST_DOUBTS} more" if len(shared) > MOST_DOUBTS else ""
            yield f"{'inconclusive':<13}{outage.name}: in doubt: {said}{more}"
        for cell in outage.cells:
            own = msgspec.structs.replace(cell, doubts=[d for d in cell.doubts if d not in shared])
            if cell.deciding and cell.verdict != "passed" and (own.failures or not shared):
                name = f"{outage.name} {cell.contender} {cell.job}"
                yield f"{cell.verdict:<13}{name}: {'; '.join(reasons(own))}"
    counted = ", ".join(f"{count} {word}" for word, count in verdict.cells.items())
    total = sum(verdict.cells.values())
    yield f"{verdict.verdict.upper()}: {counted} of {total} cells, {verdict.references} references"
