"""One outage as a picture: who saw what when, readable in black and white."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from recovery_lab.files import write_whole
from recovery_lab.folder import read_outage
from recovery_lab.judge.account import Read
from recovery_lab.judge.case import Case, Seen
from recovery_lab.judge.verdict import OutageVerdict, RunVerdict
from recovery_lab.outage import OutageInfo
from recovery_lab.record.history import History, Probe
from recovery_lab.report.words import OUTCOMES

WIDTH, LANE = 900, 62
FLOOR_MS, CEILING_MS = 0.5, 20000.0
SHAPES = ["circle", "cross", "square", "triangle-down", "diamond"]  # of OUTCOMES
INK = {"ok": "#9a9a9a", "missed": "#555555"}  # all else is black
PHASES = {True: "#ffffff", False: "#555555"}
Point = dict[str, Any]  # a datum of Vega's


def write_timelines(run: Path, verdict: RunVerdict) -> None:
    """Draw each outage of a judged run into its timelines/."""
    for outage in verdict.outages:
        kept = read_outage(run / "outages" / outage.name)
        write_timeline(run / "timelines" / f"{outage.name}.svg", outage, *kept)


def write_timeline(path: Path, outage: OutageVerdict, info: OutageInfo, history: History) -> None:
    """Draw one outage into an SVG file."""
    spec = chart(outage, info, history).to_dict()
    write_whole(path, vl_convert.vegalite_to_svg(spec).encode())


def chart(outage: OutageVerdict, info: OutageInfo, history: History) -> Any:
    """Return the picture: the server's phases as a lane, and a lane for each cell below it."""
    seen = Seen(info, history)
    origin, end_s = seen.asked_at or 0.0, seen.end_at - (seen.asked_at or 0.0)
    cases = [Case(seen, cast, job) for cast, job in info.cells]
    begin_s = min((case.reads[0].due_at - origin for case in cases if case.reads), default=0.0)
    span = alt.Scale(domain=[begin_s - 0.1, max(5.0, end_s)], nice=False)
    lanes = [_server(outage, history, origin, span)]
    for cell, case in zip(outage.cells, cases, strict=True):
        points = [_point(read, origin, seen.end_at) for read in case.reads]
        title = f"{cell.contender} · {cell.job} · {cell.label}"
        lanes.append(_lane(title, points, outage, cell.figures.recovered_s, span))
    said = f"{outage.name}: who saw what, in seconds after the fault was asked for"
    return (
        alt.vconcat(*lanes, spacing=6)
        .properties(title=said, background="white")
        .configure_view(stroke="#cccccc")
        .configure_axis(grid=False, labelFont="sans-serif", titleFont="sans-serif")
        .resolve_scale(shape="shared")
    )


def _server(outage: OutageVerdict, history: History, origin: float, span: alt.Scale) -> Any:
    """Return the lane of the server's phases, as the probes saw them."""
    bars = [
        {"from": begin - origin, "to": until - origin, "ink": PHASES[ok]}
        for begin, until, ok in _phases(history)
    ]
    bar = _chart(bars).mark_bar(height=14, stroke="#000000", strokeWidth=0.5, clip=True)
    text = _chart([{"at": outage.ready_late_s or 0.0, "text": _told(outage)}]).mark_text(
        align="left", dx=6, fontSize=10
    )
    layers = [
        bar.encode(x=_x("from", span), x2="to:Q", color=alt.Color("ink:N", scale=None)),
        text.encode(x=_x("at", span), text="text:N"),
    ]
    said = "server · white: sessions work, dark: they do not"
    return _layered(said, 26, layers, outage, None, span)


def _lane(
    title: str, points: list[Point], outage: OutageVerdict, back_s: float | None, span: alt.Scale
) -> Any:
    """Return one cell's lane: each read by when it was due and what its user waited."""
    base = _chart(points)
    y = alt.Y(
        "ms:Q",
        scale=alt.Scale(type="log", domain=[FLOOR_MS, CEILING_MS], clamp=True),
        axis=alt.Axis(title="ms", values=[1, 100, 10000], format="~s"),
    )
    shape = alt.Shape(
        "outcome:N",
        scale=alt.Scale(domain=list(OUTCOMES), range=SHAPES),
        legend=alt.Legend(title=None, orient="top"),
    )
    dots = base.mark_point(filled=True, size=22, opacity=0.9, clip=True)
    bars = base.transform_filter("datum.outcome == 'hung' || datum.outcome == 'unfinished'")
    layers = [
        dots.encode(x=_x("at", span), y=y, shape=shape, color=alt.Color("ink:N", scale=None)),
        bars.mark_bar(height=3, color="#000000", opacity=0.5, clip=True).encode(
            x=_x("at", span), x2="until:Q", y=y
        ),
    ]
    return _layered(title, LANE, layers, outage, back_s, span)


def _layered(  # noqa: PLR0913, PLR0917 # a lane is all of these
    title: str,
    height: int,
    layers: list[Any],
    outage: OutageVerdict,
    back_s: float | None,
    span: alt.Scale,
) -> Any:
    """Lay a lane over the fault's shade, and over it ready (dashed), recovery, and the lag."""
    begin, end = outage.steps.get("injected"), outage.steps.get("healed")
    shade = [{"from": begin, "to": end}] if end is not None else []
    under = _chart(shade).mark_rect(color="#e2e2e2").encode(x=_x("from", span), x2="to:Q")
    over = []
    if (ready_s := outage.ready_early_s) is not None:
        over.append(_chart([{"at": ready_s}]).mark_rule(strokeDash=[4, 3]))
        if back_s is not None:
            over.append(_chart([{"at": back_s}]).mark_rule())
            lag = _chart([{"at": ready_s, "to": back_s}]).mark_rule(strokeWidth=3)
            over.append(lag.encode(x2="to:Q", y=alt.value(3)))
    marks = [mark.encode(x=_x("at", span)) for mark in over]
    named = alt.TitleParams(title, anchor="start", fontSize=11, fontWeight="normal")
    return alt.layer(under, *layers, *marks).properties(width=WIDTH, height=height, title=named)


def _point(read: Read, origin: float, until: float) -> Point:
    """Place a read by its wait: a stall's missed reads make a ramp down to its end.

    What never ended, and a wait without end, reaches to the record's end.
    """
    ended_at = read.ended_at if read.wait_s is None else read.due_at + read.wait_s
    took_s = (until if ended_at is None else ended_at) - read.due_at
    return {
        "at": round(read.due_at - origin, 4),
        "until": round(read.due_at + took_s - origin, 4),
        "ms": max(FLOOR_MS, round(took_s * 1000, 3)),
        "outcome": read.outcome,
        "ink": INK.get(read.outcome, "#000000"),
    }


def _phases(history: History) -> Iterator[tuple[float, float, bool]]:
    """Yield (begin, end, whether fresh sessions worked) for each run of probes."""
    probes = sorted(history.of(Probe), key=lambda probe: probe.started_at)
    runs = [(ok, list(run)) for ok, run in groupby(probes, key=lambda probe: probe.ok)]
    ends = [run[0].started_at for _, run in runs[1:]] + [probe.ended_at for probe in probes[-1:]]
    for (ok, run), end_at in zip(runs, ends, strict=True):
        yield run[0].started_at, end_at, ok


def _told(outage: OutageVerdict) -> str:
    if outage.ready_early_s is None or outage.ready_late_s is None:
        return "not seen ready"
    return f"ready between {outage.ready_early_s:.3f} and {outage.ready_late_s:.3f} s"


def _chart(values: Sequence[Point]) -> Any:
    return alt.Chart(alt.InlineData(values=list(values)))


def _x(field: str, span: alt.Scale) -> alt.X:
    axis = alt.Axis(title=None, tickCount=10, format="~g")
    return alt.X(f"{field}:Q", scale=span, axis=axis)
