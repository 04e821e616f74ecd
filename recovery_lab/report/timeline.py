"""One outage as a picture: who saw what when, readable in black and white."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from recovery_lab.files import write_whole
from recovery_lab.judge import measures
from recovery_lab.judge.figures import of_cell
from recovery_lab.judge.verdict import OutageVerdict, end_at
from recovery_lab.record.history import AnyRecord, Began, Missed, Probe

WIDTH, LANE = 900, 62
FLOOR_MS, CEILING_MS = 0.5, 20000.0
SHAPES = {"ok": "circle", "error": "cross", "hung": "square", "missed": "triangle-down"}
INK = {"ok": "#9a9a9a", "error": "#000000", "hung": "#000000", "missed": "#555555"}
PHASES = {"up": "#ffffff", "away": "#555555"}
Point = dict[str, Any]  # a datum of Vega's


def write_timeline(path: Path, outage: OutageVerdict, history: Sequence[AnyRecord]) -> None:
    """Draw one outage into an SVG file."""
    spec = chart(outage, history).to_dict()
    write_whole(path, vl_convert.vegalite_to_svg(spec).encode())


def chart(outage: OutageVerdict, history: Sequence[AnyRecord]) -> Any:
    """Return the picture: the server's phases as a lane, and a lane for each cell below it."""
    origin = measures.mark_at(history, measures.ASKED) or 0.0
    begin_s = min(
        (began.scheduled_at for began in measures.of_kind(history, Began)), default=origin
    )
    span = alt.Scale(domain=[begin_s - origin - 0.1, max(5.0, outage.end_s or 0.0)], nice=False)
    lanes = [_server(outage, history, origin, span)]
    for cell in outage.cells:
        own = of_cell(history, cell.contender, cell.job)
        points = list(_points(own, origin, end_at(history)))
        recovered_s = cell.figures.recovery_at_s if cell.job == "steady" else None
        title = f"{cell.contender} · {cell.job} · {cell.label}"
        lanes.append(_lane(title, points, _marks(outage, recovered_s), span))
    said = f"{outage.name}: who saw what, in seconds after the fault was asked for"
    return (
        alt.vconcat(*lanes, spacing=6)
        .properties(title=said, background="white")
        .configure_view(stroke="#cccccc")
        .configure_axis(grid=False, labelFont="sans-serif", titleFont="sans-serif")
        .resolve_scale(shape="shared")
    )


def _server(
    outage: OutageVerdict, history: Sequence[AnyRecord], origin: float, span: alt.Scale
) -> Any:
    """Return the lane of the server's phases, as the probes saw them, the fault shaded."""
    bars = [
        {"from": begin - origin, "to": until - origin, "ink": PHASES[phase]}
        for begin, until, phase in _phases(history)
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
    """Return one cell's lane: each operation by its schedule and its latency."""
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
    hung = (
        base.transform_filter("datum.outcome == 'hung'")
        .mark_bar(height=3, color="#000000", opacity=0.5, clip=True)
        .encode(x=alt.X("at:Q", scale=span, axis=_plain_axis()), x2="until:Q", y=y)
    )
    layers = alt.layer(_shade_marks(marks, span), dots, hung, *_rules(marks, span))
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


def _points(own: Sequence[AnyRecord], origin: float, until: float) -> Iterator[Point]:
    for op in measures.operations(own):
        ended_at = op.ended_at or until
        outcome = op.outcome if op.outcome in SHAPES else "hung"  # unfinished: a bar to the end
        yield {
            "at": round(op.scheduled_at - origin, 4),
            "until": round(ended_at - origin, 4),
            "ms": max(FLOOR_MS, round((ended_at - op.scheduled_at) * 1000, 3)),
            "outcome": outcome,
            "ink": INK[outcome],
        }
    for missed in measures.of_kind(own, Missed):
        at = round(missed.scheduled_at - origin, 4)
        yield {"at": at, "until": at, "ms": FLOOR_MS, "outcome": "missed", "ink": INK["missed"]}


def _phases(history: Sequence[AnyRecord]) -> Iterator[tuple[float, float, str]]:
    """Yield (begin, end, phase) where fresh sessions worked, and where they did not."""
    probes = sorted(measures.of_kind(history, Probe), key=lambda probe: probe.started_at)
    begin, phase = None, ""
    for probe in probes:
        word = "up" if probe.ok else "away"
        if word != phase:
            if begin is not None:
                yield begin, probe.started_at, phase
            begin, phase = probe.started_at, word
    if begin is not None:
        yield begin, probes[-1].ended_at, phase


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
