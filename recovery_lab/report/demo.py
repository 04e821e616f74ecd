"""The demo's table: what the first reads of an idle pool met, and the driver's own words for it."""

import re
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from recovery_lab.folder import read_outage
from recovery_lab.judge.account import Read
from recovery_lab.judge.case import Seen
from recovery_lab.judge.verdict import RunVerdict
from recovery_lab.report.words import outcomes, policy
from recovery_lab.target import Target

_IDS = re.compile(r"\bop=(\S+)")  # of operations, in a line of the application's log


def demo_table(run: Path, verdict: RunVerdict, target: Target) -> Table:
    """Return the table of a run whose outages the application's idle pool meets."""
    pattern = target.application.driver_line if target.application else ""
    table = Table("policy", "first reads after the server was ready", "what the driver said")
    for outage in verdict.outages:
        folder = run / "outages" / outage.name
        log = folder / "application.log"
        first = Seen(*read_outage(folder)).cases[0].first_reads
        said = counted_words(first, log.read_text() if log.exists() else "", pattern)
        table.add_row(policy(outage), outcomes(outage.cells[0].figures.first_reads), said or "-")
    return table


def counted_words(reads: Sequence[Read], log: str, pattern: str) -> str:
    """Return the driver's words, by the log, about the reads that failed, else the answers'."""
    failed = [read for read in reads if read.outcome == "failed"]
    ids = {read.operation_id for read in failed if read.operation_id}
    lines = [line for line in log.splitlines() if ids.intersection(_IDS.findall(line))]
    told = [found[1] for line in lines if pattern and (found := re.search(pattern, line))]
    return "; ".join(dict.fromkeys(told or [f"{read.kind}: {read.message}" for read in failed]))
