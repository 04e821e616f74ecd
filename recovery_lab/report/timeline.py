"""One outage as a picture: who saw what when, readable in black and white."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from recovery_lab.files import write_whole
from recovery_lab.judge.account import Read
from recovery_lab.judge.case import Case, Seen
from recovery_lab.judge.verdict import OutageVerdict
from recovery_lab.outage import OutageInfo
from recovery_lab.record.history import History, Probe

WIDTH, LANE = 900, 62
FLOOR_MS, CEILING_MS = 0.5, 20000.0
SHAPES = {
    "ok": "circle",
    "failed": "cross",
    "hung": "square",
    "missed": "triangle-down",
    "unfinished": "diamond",
}
INK = {"ok": "#9a9a9a", "missed": "#555555"}  # all else is black
PHASES = {True: "#ffffff", False: "#555555"}
Point = dict[str, Any]  # a datum of Vega's


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
        lanes.append(_lane(title, points, _marks(outage, cell.figures.recovered_s), span))
    said = f"{outage.name}: who saw what, in seconds after the fault was asked for"
    return (
        alt.vconcat(*lanes, spacing=6)
        .properties(title=said, background="white")
        .configure_view(stroke="#cccccc")
        .configure_axis(grid=False, labelFont="sans-serif", titleFont="sans-serif")
        .resolve_scale(shape="shared")
    )


def _server(outage: OutageVerdict, history: History, origin: float, span: alt.Scale) -> Any:
    """Return the lane of the server's phases, as the probes saw them, the fault shaded."""
    bars = [
        {"from": begin - origin, "to": until - origin, "ink": PHASES[ok]}
        for begin, until, ok in _phases(history)
    ]
    base = _chart(bars)
    bar = base.mark_bar(height=14, stroke="#000000", strokeWidth=0.5, clip=True).encode(
        x=alt.X("from:Q", scale=span, axis=_plain_axis()),
        x2="to:Q",
        color=alt.Color("ink:N", scale=None),
    )
    told = [{"at": outage.ready_late_s or 0.0, "text": _told(outage)}]
    text = (
        _chart(told)
        .mark_text(align="left", dx=6, fontSize=10)
        .encode(x=alt.X("at:Q", scale=span, axis=_plain_axis()), text="text:N")
    )
    layers = alt.layer(_shade(outage, span), bar, text, *_rules(_marks(outage, None), span))
    return layers.properties(
        width=WIDTH, height=26, title=_titled("server · white: sessions work, dark: they do not")
    )


def _lane(title: str, points: list[Point], marks: list[Point], span: alt.Scale) -> Any:
    """Return one cell's lane: each read by when it was due and what its user waited."""
    base = _chart(points)
    y = alt.Y(
        "ms:Q",
        scale=alt.Scale(type="log", domain=[FLOOR_MS, CEILING_MS], clamp=True),
        axis=alt.Axis(title="ms", values=[1, 100, 10000], format="~s"),
    )
    dots = base.mark_point(filled=True, size=22, opacity=0.9, clip=True).encode(
        x=alt.X("at:Q", scale=span, axis=_plain_axis()),
        y=y,
        shape=alt.Shape(
            "outcome:N",
            scale=alt.Scale(domain=list(SHAPES), range=list(SHAPES.values())),
            legend=alt.Legend(title=None, orient="top"),
        ),
        color=alt.Color("ink:N", scale=None),
    )
    open_ = (
        base.transform_filter("datum.outcome == 'hung' || datum.outcome == 'unfinished'")
        .mark_bar(height=3, color="#000000", opacity=0.5, clip=True)
        .encode(x=alt.X("at:Q", scale=span, axis=_plain_axis()), x2="until:Q", y=y)
    )
    layers = alt.layer(_shade_marks(marks, span), dots, open_, *_rules(marks, span))
    return layers.properties(width=WIDTH, height=LANE, title=_titled(title))


def _marks(outage: OutageVerdict, recovered_s: float | None) -> list[Point]:
    """Return the instants to mark: the fault, ready's bracket, this cell's recovery."""
    begin, end = outage.steps.get("injected"), outage.steps.get("healed")
    return [
        {"what": "fault", "from": begin, "to": end},
        {"what": "ready", "from": outage.ready_early_s, "to": outage.ready_late_s},
        {"what": "lag", "from": outage.ready_early_s, "to": recovered_s},
    ]


def _shade(outage: OutageVerdict, span: alt.Scale) -> Any:
    return _shade_marks(_marks(outage, None), span)


def _shade_marks(marks: list[Point], span: alt.Scale) -> Any:
    """Return the fault's shade, light enough for points to be read on it."""
    fault = [mark for mark in marks if mark["what"] == "fault" and mark["to"] is not None]
    return (
        _chart(fault)
        .mark_rect(color="#e2e2e2")
        .encode(x=alt.X("from:Q", scale=span, axis=_plain_axis()), x2="to:Q")
    )


def _rules(marks: list[Point], span: alt.Scale) -> Iterator[Any]:
    """Yield ready as a dashed line, recovery as a full one, the lag between as a bracket."""
    known = {mark["what"]: mark for mark in marks if mark["from"] is not None}
    if "ready" in known:
        yield _rule([known["ready"]["from"]], span, [4, 3])
    if "lag" in known and known["lag"]["to"] is not None:
        yield _rule([known["lag"]["to"]], span, [1, 0])
        yield (
            _chart([known["lag"]])
            .mark_rule(strokeWidth=3)
            .encode(x=alt.X("from:Q", scale=span, axis=_plain_axis()), x2="to:Q", y=alt.value(3))
        )


def _rule(instants: Sequence[float], span: alt.Scale, dash: list[int]) -> Any:
    return (
        _chart([{"at": at} for at in instants])
        .mark_rule(strokeDash=dash)
        .encode(x=alt.X("at:Q", scale=span, axis=_plain_axis()))
    )


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


def _plain_axis() -> alt.Axis:
    return alt.Axis(title=None, tickCount=10, format="~g")


def _titled(text: str) -> alt.TitleParams:
    return alt.TitleParams(text, anchor="start", fontSize=11, fontWeight="normal")
