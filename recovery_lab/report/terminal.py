"""What the screen says of one outage that the application alone meets, while it goes on."""

from collections.abc import Callable, Iterator

from recovery_lab.judge.case import Seen
from recovery_lab.judge.loss import crashes, ended_sessions, lost_sessions
from recovery_lab.judge.measures import server_starts, since_asked
from recovery_lab.judge.verdict import RunVerdict, reasons
from recovery_lab.outage import OutageInfo
from recovery_lab.record.history import Health, History, Probe, Warmed
from recovery_lab.report import words
from recovery_lab.report.words import row

Say = Callable[[str], None]
MOST_DOUBTS = 3  # of an outage in a line: what broke it comes first, the rest follows from it
Phase = tuple[str, float, str]  # its key, its instant on the record's clock, its words


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
    if seen.info.login:
        half_s = (seen.ready.late_at - seen.ready.early_at) / 2
        about = f"± {half_s * 1000:.0f} ms; start time {_moved(seen)}"
        yield "ready", seen.ready.early_at + half_s, f"server ready ({about})"
    else:
        yield "ready", seen.ready.early_at, f"{name.split(maxsplit=1)[0]} ended"
    if case.recovered and case.recovered_at is not None:
        same = " through the same pool" * ("pool" in seen.info.capabilities)
        backend = f" (backend {pid})" if (pid := case.recovered.backend_pid) else ""
        yield "read", case.recovered_at, f"first live read{same}{backend}"
    if seen.health_at is not None:
        yield "health", seen.health_at, "System Health up"


def _moved(seen: Seen) -> str:
    before, after = server_starts(seen.history)
    moved = f"moved {before[11:19]} -> {after[11:19]}" if before != after else "did not move"
    return moved if before and after else "unknown"


def _last_word(seen: Seen) -> str:
    """Return how a loss showed where no line of the server's tells: by a refusal, or a read."""
    told = [probe.error for probe in since_asked(seen.history) if not probe.ok]
    if not seen.info.login:
        told = [read.message for read in seen.cases[0].in_outage() if read.hurt]
    unread = "server log" not in seen.info.capabilities
    return next(filter(None, told), "no answer") if unread else "the server ended without a word"


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
