"""One outage as a picture: who saw what when, readable in black and white."""

from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from recovery_lab.files import write_whole
from recovery_lab.judge.account import Read
from recovery_lab.judge.case import Case, Seen
from recovery_lab.judge.verdict import Cell, OutageVerdict
from recovery_lab.outage import OutageInfo
from recovery_lab.record.history import History, Probe
from recovery_lab.report.words import OUTCOMES

WIDTH, LANE, SERVER = 900, 62, 26
FLOOR_MS, CEILING_MS = 0.5, 20000.0
SHAPES = ["circle", "cross", "square", "triangle-down", "diamond"]  # of OUTCOMES
INK = {"ok": "#9a9a9a", "missed": "#555555"}  # all else is black
PHASES = {True: "#ffffff", False: "#555555"}
Point = dict[str, Any]  # a datum of Vega's


def write_timeline(path: Path, outage: OutageVerdict, info: OutageInfo, history: History) -> None:
    """Draw one outage into an SVG file."""
    spec = chart(outage, info, history).to_dict()
    write_whole(path, vl_convert.vegalite_to_svg(spec).encode())


def chart(outage: OutageVerdict, info: OutageInfo, history: History) -> Any:
    """Return the picture: the server's phases as a lane, and a lane for each cell below it."""
    picture = _Picture(outage, Seen(info, history))
    said = f"{outage.name}: who saw what, in seconds after the fault was asked for"
    return (
        alt.vconcat(*picture.lanes(), spacing=6)
        .properties(title=said, background="white")
        .configure_view(stroke="#cccccc")
        .configure_axis(grid=False, labelFont="sans-serif", titleFont="sans-serif")
        .resolve_scale(shape="shared")
    )


class _Picture:
    """What the lanes of one outage share: the axis of time, and what stands under and over them."""

    def __init__(self, outage: OutageVerdict, seen: Seen) -> None:
        self._outage = outage
        self._seen = seen
        first_s = min(
            (case.reads[0].due_at for case in seen.cases if case.reads), default=seen.origin
        )
        end_s = max(5.0, seen.end_at - seen.origin)
        self._span = alt.Scale(domain=[first_s - seen.origin - 0.1, end_s], nice=False)

    def lanes(self) -> Iterator[Any]:
        """Yield the server's lane, then the cells'."""
        yield self._server()
        for cell, case in zip(self._outage.cells, self._seen.cases, strict=True):
            yield self._cell(cell, case)

    def _server(self) -> Any:
        """The server's phases, as the probes saw them."""
        outage = self._outage
        told = "not seen ready"
        if outage.ready_early_s is not None:
            told = f"ready between {outage.ready_early_s:.3f} and {outage.ready_late_s:.3f} s"
        bar = _chart(*self._phases()).mark_bar(
            height=14, stroke="#000000", strokeWidth=0.5, clip=True
        )
        text = _chart({"at": outage.ready_late_s or 0.0, "text": told})
        layers = [
            bar.encode(x=self._x("from"), x2="to:Q", color=alt.Color("ink:N", scale=None)),
            text.mark_text(align="left", dx=6, fontSize=10).encode(x=self._x("at"), text="text:N"),
        ]
        return self._lane("server · white: sessions work, dark: they do not", SERVER, layers)

    def _cell(self, cell: Cell, case: Case) -> Any:
        """One cell's reads: each by when it was due and what its user waited."""
        base = _chart(*map(self._point, case.reads))
        scale = alt.Scale(type="log", domain=[FLOOR_MS, CEILING_MS], clamp=True)
        y = alt.Y(
            "ms:Q", scale=scale, axis=alt.Axis(title="ms", values=[1, 100, 10000], format="~s")
        )
        shape = alt.Shape(
            "outcome:N",
            scale=alt.Scale(domain=list(OUTCOMES), range=SHAPES),
            legend=alt.Legend(title=None, orient="top"),
        )
        dots = base.mark_point(filled=True, size=22, opacity=0.9, clip=True)
        bars = base.transform_filter("datum.outcome == 'hung' || datum.outcome == 'unfinished'")
        bars = bars.mark_bar(height=3, color="#000000", opacity=0.5, clip=True)
        layers = [
            dots.encode(x=self._x("at"), y=y, shape=shape, color=alt.Color("ink:N", scale=None)),
            bars.encode(x=self._x("at"), x2="until:Q", y=y),
        ]
        title = f"{cell.contender} · {cell.job} · {cell.label}"
        return self._lane(title, LANE, layers, cell.figures.recovered_s)

    def _lane(self, title: str, height: int, layers: list[Any], back_s: float | None = None) -> Any:
        """Lay a lane over the fault's shade, and over it ready (dashed), recovery, and the lag."""
        steps, ready_s = self._outage.steps, self._outage.ready_early_s
        shade = (
            [{"from": steps.get("injected"), "to": steps["healed"]}] if "healed" in steps else []
        )
        under = _chart(*shade).mark_rect(color="#e2e2e2").encode(x=self._x("from"), x2="to:Q")
        over = []
        if ready_s is not None:
            over.append(_chart({"at": ready_s}).mark_rule(strokeDash=[4, 3]))
        if ready_s is not None and back_s is not None:
            over.append(_chart({"at": back_s}).mark_rule())
            lag = _chart({"at": ready_s, "to": back_s}).mark_rule(strokeWidth=3)
            over.append(lag.encode(x2="to:Q", y=alt.value(3)))
        marks = [mark.encode(x=self._x("at")) for mark in over]
        named = alt.TitleParams(title, anchor="start", fontSize=11, fontWeight="normal")
        lane = alt.layer(under, *layers, *marks)
        return lane.properties(width=WIDTH, height=height, title=named)

    def _x(self, field: str) -> alt.X:
        axis = alt.Axis(title=None, tickCount=10, format="~g")
        return alt.X(f"{field}:Q", scale=self._span, axis=axis)

    def _point(self, read: Read) -> Point:
        """Place a read by its wait: a stall's missed reads make a ramp down to its end.

        What never ended, and a wait without end, reaches to the record's end.
        """
        ended_at = self._seen.end_at if read.ended_at is None else read.ended_at
        took_s = ended_at - read.due_at if read.wait_s is None else read.wait_s
        at_s = read.due_at - self._seen.origin
        return {
            "at": round(at_s, 4),
            "until": round(at_s + took_s, 4),
            "ms": max(FLOOR_MS, round(took_s * 1000, 3)),
            "outcome": read.outcome,
            "ink": INK.get(read.outcome, "#000000"),
        }

    def _phases(self) -> Iterator[Point]:
        """Yield a bar for each run of probes: did fresh sessions work?"""
        probes = sorted(self._seen.history.of(Probe), key=lambda probe: probe.started_at)
        runs = [next(run) for _, run in groupby(probes, key=lambda probe: probe.ok)]
        edges = [run.started_at for run in runs] + [probe.ended_at for probe in probes[-1:]]
        for run, (begin, end) in zip(runs, pairwise(edges), strict=True):
            origin = self._seen.origin
            yield {"from": begin - origin, "to": end - origin, "ink": PHASES[run.ok]}


def _chart(*values: Point) -> Any:
    return alt.Chart(alt.InlineData(values=list(values)))
