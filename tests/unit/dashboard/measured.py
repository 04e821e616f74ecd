"""The measured corpus (docs/runs) as entries of the hand-made one: both are held to one thing."""

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from recovery_lab.report.corpus import Corpus
from recovery_lab.report.corpus import Entry as Measured
from tests.unit.dashboard.corpus import Entry

RUNS = Path(__file__).parents[3] / "docs/runs"
LOST = frozenset({"connection_lost", "terminated", "crashed"})
STOPPED = frozenset({"refused", "unknown_host", "starting_up", "shutting_down", "deadline"})
# What a fault's own errors may be called; what can come besides is that a session was lost, and
# what a loaded machine does to a connect with a limit.
KINDS: Mapping[str, frozenset[str]] = {
    "restart": STOPPED | LOST | {"unreachable"},
    "kill": STOPPED | LOST | {"unreachable"},
    "recovery": STOPPED | LOST | {"unreachable"},
    "crash": frozenset({"starting_up", "deadline"}) | LOST,
    "terminate": LOST,
    "smart": STOPPED | LOST | {"unreachable"},
    "slots": frozenset({"too_many_connections", "deadline"}),
    "freeze": frozenset({"deadline", "unreachable", "connection_lost"}),
    "drop": frozenset({"deadline", "unreachable", "connection_lost"}),
    "reset": frozenset({"refused", "connection_lost", "deadline"}),
    "none": frozenset(),
}


def read() -> list[Measured]:
    """Return what psycopg2 was measured to say; the dashboard has no other driver."""
    paths = sorted([*RUNS.glob("corpus*/corpus.json"), *RUNS.glob("corpus*.json")])
    corpora = [msgspec.json.decode(path.read_bytes(), type=Corpus) for path in paths]
    errors = [one for corpus in corpora for one in corpus.errors]
    return [
        one
        for one in errors
        if one.driver.startswith("psycopg2") and one.error_class not in ("DeadlineError", "OSError")
    ]


def as_entry(one: Measured) -> Entry:
    """Return a measured error as the driver's own."""
    at_end = one.phase in ("commit", "rollback")
    return Entry(
        phase="rollback" if at_end else "connect" if one.phase == "connect" else "query",
        name=one.error_class,
        text=one.text,
        kind="query_failed" if one.innocent else "",
        sqlstate=one.sqlstate or None,
        severity="ERROR" if one.innocent and one.sqlstate else None,
        last=one.said,
    )


def bare(text: str) -> str:
    """Return a text's first line without names, as both corpora have it."""
    first = text.strip().splitlines()[0]
    first = re.sub(r"\((?:\d+\.){3}\d+\)|\(ADDRESS\)", "", first)
    return re.sub(r'"[^"]*"|port (\d+|PORT)', "", first)
