"""Measures the pages: `make bench-pages`. Twenty tabs of System Health, on a stack of its own.

Figures of a busy machine are figures of that machine: run it alone, and more than once.
"""

import sys
import time
from dataclasses import dataclass, field
from statistics import median

from recovery_lab.stack import private_stack
from recovery_lab.target import load_target
from tests.browser.browser import ROOT, Browser, BrowserError, Tab
from tests.browser.refresher import answer_times_ms
from tests.integration.streamlit_session import run_page
from tests.running import Running

TABS, SESSIONS, ROUNDS = 20, 200, 15
SLICES, SLICE_S = 8, 5.0
REFRESHES_LIMIT_S = 180.0
# Linux' own number for the processor clock of process 1, exact where /proc counts hundredths.
CLOCK = "import time; print(time.clock_gettime(~1 << 3 | 2))"
RUNS = "() => window.runs"


@dataclass
class Table:
    """What was measured, beside its limit."""

    rows: list[tuple[str, float, float, str]] = field(default_factory=list)

    def add(self, what: str, value: float, limit: float, unit: str) -> None:
        """Take a figure down and show it."""
        self.rows.append((what, value, limit, unit))
        mark = "ok" if value <= limit else "OVER"
        print(f"{mark:5} {what:58} {value:8.2f} {unit} (at most {limit:g})", flush=True)

    @property
    def passed(self) -> bool:
        """Tell whether every figure is within its limit."""
        return all(value <= limit for _, value, limit, _ in self.rows)


class Process:
    """The dashboard's process, as its container's /proc shows it."""

    def __init__(self, stack: Running) -> None:
        self._stack = stack

    def _read(self, command: str) -> str:
        return self._stack.compose("exec", "-T", self._stack.application, "sh", "-c", command)

    def cpu_s(self) -> float:
        """Return the processor time used so far."""
        return float(self._read(f"python -ISc '{CLOCK}'"))

    def status(self, name: str) -> int:
        """Return a number of /proc/1/status."""
        return int(self._read(f"sed -n 's/^{name}:[^0-9]*//p' /proc/1/status").split()[0])

    def connections(self) -> int:
        """Return the established connections (state 01), the database's included."""
        return int(self._read("cat /proc/net/tcp /proc/net/tcp6 | grep -c ' 01 ' || true"))


def count(tabs: list[Tab], what: str) -> int:
    """Return how many refreshes the tabs have `asked` for, or `lost`, since they were opened."""
    return sum(tab.call("evaluate", script=RUNS)[what] for tab in tabs)


def window(process: Process, tabs: list[Tab], table: Table) -> None:
    """Measure slices of refreshes in real tabs."""
    each_ms: list[float] = []
    asked, lost = count(tabs, "asked"), count(tabs, "lost")
    for _ in range(SLICES):
        # The same order at both ends: so both spans are equally long, however long a look takes.
        cpu_s, before = process.cpu_s(), count(tabs, "asked")
        time.sleep(SLICE_S)
        cpu_s, after = process.cpu_s() - cpu_s, count(tabs, "asked")
        each_ms.append(1000 * cpu_s / (after - before))
    asked, lost = count(tabs, "asked") - asked, count(tabs, "lost") - lost
    table.add("processor time per refresh, median of slices", median(each_ms), 5, "ms")
    print(f"      {SLICES} slices of {SLICE_S:g} s, {min(each_ms):.1f} to {max(each_ms):.1f} ms")
    table.add("refreshes not ended before the tab's next", lost, 0, "")
    print(f"      {asked} refreshes of {TABS} tabs", flush=True)


def answers(stack: Running, table: Table) -> None:
    """Time the server alone: a browser's drawing would be in the tabs' own figures."""
    for name, in_phase, limit in (("one by one", False, 10), ("all in phase", True, 50)):
        times = answer_times_ms(stack.url, TABS, ROUNDS, in_phase=in_phase)
        table.add(f"answer time of {TABS} sessions, {name}, median", median(times), limit, "ms")
        print(f"      {len(times)} refreshes, slowest {max(times):.0f} ms", flush=True)


def memory(process: Process, tabs: list[Tab], table: Table) -> None:
    """Compare resident memory after the tabs' first 2,000 refreshes with that after 200."""
    resident: list[int] = []
    for wanted in (200, 2000):
        until = time.monotonic() + REFRESHES_LIMIT_S
        while (asked := count(tabs, "asked")) < wanted:
            if time.monotonic() > until:
                raise BrowserError(f"{asked} of {wanted} refreshes in {REFRESHES_LIMIT_S:.0f} s")
            time.sleep(1)
        resident.append(process.status("VmRSS"))
    growth = 100 * (resident[1] / resident[0] - 1)
    table.add("resident memory, 2,000 refreshes over 200", growth, 5, "%")
    print(f"      {resident[0] / 1024:.0f} MiB, then {resident[1] / 1024:.0f} MiB", flush=True)


def leaks(stack: Running, process: Process, table: Table) -> None:
    """Open and close sessions, and count what they left."""
    run_page(stack.url, "orders", 10)
    before = process.status("Threads"), process.connections()
    for number in range(SESSIONS):
        run_page(stack.url, ("system_health", "orders")[number % 2], 10)
    until = time.monotonic() + 30
    left = (1, 1)
    while any(n > 0 for n in left) and time.monotonic() < until:
        time.sleep(1)
        left = process.status("Threads") - before[0], process.connections() - before[1]
    table.add(f"threads left by {SESSIONS} sessions", left[0], 0, "")
    table.add(f"connections left by {SESSIONS} sessions", left[1], 0, "")


def measure(stack: Running, table: Table) -> None:
    """Measure everything."""
    process = Process(stack)
    with Browser(stack.value.environ(), watch=True) as browser:
        tabs = [browser.open("/") for _ in range(TABS)]
        for tab in tabs:
            tab.see("Up since", 30)
        memory(process, tabs, table)
        window(process, tabs, table)
    answers(stack, table)
    leaks(stack, process, table)


def main() -> int:
    """Print the figures; 1 when one is over its limit."""
    table = Table()
    target = load_target(ROOT / "target.toml")
    with private_stack(target, "bench", {"DB_POOL_POLICY": "adopted"}) as stack:
        measure(Running(stack), table)
    return 0 if table.passed else 1


if __name__ == "__main__":
    sys.exit(main())
