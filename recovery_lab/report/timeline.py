"""One outage as a picture: who saw what when; templates/timeline.json is how it looks."""

import json
from collections.abc import Iterator, Mapping
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import vl_convert

from recovery_lab.files import write_whole
from recovery_lab.folder import read_outage
from recovery_lab.judge.account import Read
from recovery_lab.judge.case import Seen
from recovery_lab.judge.verdict import OutageVerdict, RunVerdict
from recovery_lab.outage import OutageInfo
from recovery_lab.record.history import History, Probe

LOOK = Path(__file__).parent / "templates/timeline.json"
FLOOR_MS = 0.5  # the scale is logarithmic
Datum = dict[str, Any]


def write_timelines(run: Path, verdict: RunVerdict) -> None:
    """Draw each outage of a judged run into its timelines/."""
    for outage in verdict.outages:
        kept = read_outage(run / "outages" / outage.name)
        write_timeline(run / "timelines" / f"{outage.name}.svg", outage, *kept)


def write_timeline(path: Path, outage: OutageVerdict, info: OutageInfo, history: History) -> None:
    """Draw one outage into an SVG file."""
    write_whole(path, vl_convert.vegalite_to_svg(chart(outage, info, history)).encode())


def chart(outage: OutageVerdict, info: OutageInfo, history: History) -> dict[str, Any]:
    """Return the picture (Vega-Lite): the server's phases as a lane, and a lane for each cell."""
    seen = Seen(info, history)
    lanes = {f"{c.contender} · {c.job} · {c.label}": c.figures.recovered_s for c in outage.cells}
    points = [
        {"lane": lane, "kind": "read", **_point(read, seen)}
        for lane, case in zip(lanes, seen.cases, strict=True)
        for read in case.reads
    ]
    spec: dict[str, Any] = json.loads(LOOK.read_text())
    spec["title"] = f"{outage.name}: who saw what, in seconds after the fault was asked for"
    spec["params"] = [
        {"name": "begin", "value": min((one["at"] for one in points), default=0.0) - 0.1},
        {"name": "end", "value": max(5.0, seen.end_at - seen.origin)},
    ]
    spec["vconcat"][1]["facet"]["row"]["sort"] = list(lanes)
    spec["datasets"] = {"marks": [*_marks(outage, lanes), *_phases(seen), *points]}
    return spec


def _marks(outage: OutageVerdict, lanes: Mapping[str, float | None]) -> Iterator[Datum]:
    """Yield what stands under and over each lane: the fault, ready, recovery and the lag."""
    ready_s, begin_s, end_s = outage.ready_early_s, *map(outage.steps.get, ("injected", "healed"))
    known = f"ready between {ready_s:.3f} and {outage.ready_late_s:.3f} s" if ready_s else ""
    told = known or "not seen ready"
    yield {"lane": "server", "kind": "told", "at": outage.ready_late_s or 0.0, "text": told}
    for lane, back_s in {"server": None, **lanes}.items():
        yield {"lane": lane, "kind": "fault", "at": begin_s if end_s else None, "until": end_s}
        if ready_s is not None:
            yield {"lane": lane, "kind": "ready", "at": ready_s}
        if ready_s is not None and back_s is not None:
            yield {"lane": lane, "kind": "back", "at": back_s}
            yield {"lane": lane, "kind": "lag", "at": ready_s, "until": back_s}


def _point(read: Read, seen: Seen) -> Datum:
    """Place a read by its wait: a stall's missed reads make a ramp down to its end."""
    # What never ended, and a wait without end, reaches to the record's end.
    ended_at = seen.end_at if read.ended_at is None else read.ended_at
    took_s = ended_at - read.due_at if read.wait_s is None else read.wait_s
    at_s = read.due_at - seen.origin
    return {
        "at": round(at_s, 4),
        "until": round(at_s + took_s, 4),
        "ms": max(FLOOR_MS, round(took_s * 1000, 3)),
        "outcome": read.outcome,
    }


def _phases(seen: Seen) -> Iterator[Datum]:
    """Yield each run of probes: did fresh sessions work?"""
    probes = sorted(seen.history.of(Probe), key=lambda probe: probe.started_at)
    runs = [next(run) for _, run in groupby(probes, key=lambda probe: probe.ok)]
    edges = [run.started_at for run in runs] + [probe.ended_at for probe in probes[-1:]]
    for run, (begin, end) in zip(runs, pairwise(edges), strict=True):
        at, until = begin - seen.origin, end - seen.origin
        yield {"lane": "server", "kind": "phase", "at": at, "until": until, "works": run.ok}
