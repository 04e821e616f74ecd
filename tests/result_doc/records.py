"""What the result document takes from elsewhere: the engine, the source, the bench, the checks."""

import json
from collections.abc import Mapping, Sequence
from itertools import takewhile
from operator import attrgetter
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import yaml

from dashboard.db_connector import POLICIES, Address, build_engine
from tests.bench.paired import shift
from tests.bench.tables import REFERENCE, SAME, _trips
from tests.result_doc.figures import Figure, Table, spread, text

# Where an engine's pool keeps each option that it was given.
OPTIONS = {
    "pool_pre_ping": "_pre_ping",
    "pool_recycle": "_recycle",
    "pool_timeout": "_timeout",
    "pool_use_lifo": "_pool.use_lifo",
}
CHECKS = ("lint", "verify")
BENCH, NOTICE, VERIFY = "bench.json", "notice.json", "verify.json"
COUNTS = ("tests", "failures", "errors", "skipped")
FAILURE = "실패 사례: "


class Option(NamedTuple):
    """An option of the engine: before the plan, and now."""

    name: str
    attribute: str
    before: object
    now: object


class Comment(NamedTuple):
    """The comment above the plan's options: its lines, its text, and the failure that it tells."""

    first: int
    last: int
    lines: Sequence[str]
    why: str
    failure: str


def options() -> list[Option]:
    """Return the options as real engines have them, made as the dashboard makes its own."""
    address = Address(host="none", port=1, database="none", user="none", password_file=Path("none"))
    before, now = (build_engine(POLICIES[name], address).pool for name in ("naive", "adopted"))
    return [
        Option(name, attribute, attrgetter(attribute)(before), attrgetter(attribute)(now))
        for name, attribute in OPTIONS.items()
    ]


def comment(source: str) -> Comment:
    """Return the comment above the plan's options in `source`."""
    lines = source.splitlines()
    last = next(place for place, line in enumerate(lines) if line.startswith("PLAN_18_03"))
    first = next(place for place in range(last, 0, -1) if not lines[place - 1].startswith("#"))
    block = lines[first:last]
    prose = takewhile(lambda line: not line.startswith("#   "), block)
    why, _, failure = " ".join(line.lstrip("# ") for line in prose).partition(FAILURE)
    return Comment(first + 1, last, block, why.strip(), failure.strip())


def alerts(rules: str) -> Table:
    """Return the alert rules: what each watches, and for how long it may hold."""
    found = [rule for group in yaml.safe_load(rules)["groups"] for rule in group["rules"]]
    rows = [(f"`{r['alert']}`", f"`{r['expr']}`", r.get("for", "-")) for r in found]
    return Table([""] * 3, rows)


def price(runs: Path) -> Mapping[str, Figure | Table]:
    """Return what a policy costs a read when nothing is wrong: all, a ping, and round trips."""
    kept = _read(runs / BENCH)
    if kept is None:
        return dict.fromkeys(("all", "ping", "before", "now"), Figure("no record", (BENCH,)))
    paths, trips = kept["paths"], _trips(kept["paths"])
    rows = [
        (
            Figure("direct" if path["added_s"] is None else "relay", (_ms(path["added_s"]),)),
            Figure("noise") if way == SAME else f"`{way}`",
            f"{median(path['times_us'][way]):.0f}",
            _shift(path, way),
            f"{trips[way]:g}",
        )
        for path in paths
        for way in (SAME, "adopted", "retry")
    ]
    direct = next(path for path in paths if path["added_s"] is None)
    times = f"{BENCH}/paths/times_us"
    return {
        "all": Table(["", "", times, times, f"{BENCH}/paths/trips"], rows),
        "ping": _shift(direct, "adopted")._replace(source=times),
        "before": text(f"{trips[REFERENCE]:g}", f"{BENCH}/paths/trips"),
        "now": text(f"{trips['adopted']:g}", f"{BENCH}/paths/trips"),
    }


def notice(runs: Path) -> Mapping[str, Figure | Table]:
    """Return what more attempts in one health check bring: false alarms, and the time to notice."""
    kept = _read(runs / NOTICE)
    if kept is None:
        return dict.fromkeys(("alarms", "losses"), Figure("no record", (NOTICE,)))
    alarms = [
        (f"`{one['condition']}`", one["way"], Figure("of", (one["alarms"], len(one["took_s"]))))
        for one in kept["checks"]
    ]
    losses = [
        (f"`{one['loss']}`", one["way"], *_noticed(one["noticed_s"]), spread(one["back_s"]))
        for one in kept["losses"]
    ]
    fields = ("noticed_s", "noticed_s", "back_s")
    return {
        "alarms": Table(["", "", f"{NOTICE}/checks/alarms"], alarms),
        "losses": Table(["", "", *(f"{NOTICE}/losses/{field}" for field in fields)], losses),
    }


def _noticed(after_s: Sequence[float | None]) -> tuple[Figure, Figure]:
    """Return after how long the losses were noticed that were, and how many were not."""
    seen = [one for one in after_s if one is not None]
    missed = Figure("of", (len(after_s) - len(seen), len(after_s)))
    return spread(seen) if seen else text("-"), missed


def evidence(runs: Path) -> Table:
    """Return when each check and each bench began, and on which commit."""
    checks = Checks(runs)
    names = [name for name in CHECKS if checks.outcome(name).source]
    rows: list[Sequence[object]] = [
        (f"`make {n}`", checks.outcome(n), *(checks.figure(n, w) for w in ("began", "commit")))
        for n in names
    ]
    for file in (BENCH, NOTICE):
        if kept := _read(runs / file):
            told = kept["began"], f"`{kept['commit']}`" if "commit" in kept else "-"
            rows.append((f"[{file}](../runs/{file})", "-", *told))
    return Table([""] * 4, rows)


def _ms(added_s: float | None) -> str:
    return f"{1000 * (added_s or 0.0):g}"


def _shift(path: Mapping[str, Any], way: str) -> Figure:
    told = shift(path["times_us"][way], path["times_us"][REFERENCE])
    return Figure("shift", tuple(f"{value:+.0f}" for value in told))


class Checks:
    """What `make lint` and `make verify` have come to, as their record tells."""

    def __init__(self, runs: Path) -> None:
        self._kept = _read(runs / VERIFY)

    def figure(self, name: str, *where: str) -> Figure:
        """Return a value of a check's record."""
        if self._kept is None:
            return Figure("no record", (VERIFY,))
        found: Any = self._kept.get(name, {})
        for step in where:
            found = found.get(step, {})
        if found == {}:
            return Figure("not in it", (VERIFY, name))
        return text(found, "/".join((VERIFY, name, *where)))

    def outcome(self, name: str) -> Figure:
        """Return how a check ended; one without a status was broken off."""
        told = self.figure(name, "status")
        ends = {0: "ended well", None: "broken off"}
        return told._replace(kind=ends.get(told.values[0], "ended badly")) if told.source else told

    def parts(self) -> Table | Figure:
        """Return how many tests of each part of `make verify` had which outcome."""
        told = self.figure("verify", "parts")
        if not told.source:
            return told
        rows = [(part, *(counts[c] for c in COUNTS)) for part, counts in told.values[0].items()]
        return Table([told.source, *[""] * len(COUNTS)], rows)

    def doubts(self) -> list[Figure]:
        """Return which checks have not ended well, or are not there."""
        return [
            Figure("check", (name,)) for name in CHECKS if self.outcome(name).kind != "ended well"
        ]


def _read(path: Path) -> Any:
    return json.loads(path.read_text()) if path.exists() else None
