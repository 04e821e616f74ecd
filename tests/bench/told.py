"""What the checks told: which were false alarms, and when they noticed a loss. Pure functions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

Check = Mapping[str, Any]  # as watch.py and lost.py print it


class Window(NamedTuple):
    """A time in which the server was there; instants of the containers' clock."""

    condition: str
    began_at: float
    ended_at: float


class Loss(NamedTuple):
    """A time that the server was taken away in; instants of the containers' clock."""

    name: str
    ordered_at: float
    healed_at: float  # the container runs again
    ended_at: float  # of what belongs to it


def in_windows(
    checks: Iterable[Check], windows: Sequence[Window], deadline_s: float
) -> Iterator[Check]:
    """Yield each check that had its whole deadline in a window, with the window's condition."""
    for check in checks:
        for window in windows:
            if window.began_at <= check["began"] <= window.ended_at - deadline_s:
                took_s = check["ended"] - check["began"]
                yield {**check, "condition": window.condition, "took_s": took_s}


def per_cell(checks: Iterable[Check]) -> list[dict[str, Any]]:
    """Return, by condition and way, how long each check took and how many alarmed falsely."""
    return [
        {
            "condition": condition,
            "way": way,
            "alarms": sum(check["kind"] != "ok" for check in cell),
            "took_s": [round(check["took_s"], 4) for check in cell],
        }
        for (condition, way), cell in _grouped(checks, "condition", "way")
    ]


def per_loss(checks: Iterable[Check], losses: Sequence[Loss]) -> list[dict[str, Any]]:
    """Return, by loss and way, what each of the way's monitors told of it."""
    grouped = _grouped(checks, "way", "monitor")
    told = [_told(loss, way, monitor) for (way, _), monitor in grouped for loss in losses]
    return [
        {"loss": name, "way": way, **{key: [one[key] for one in cell] for key in _TOLD}}
        for (name, way), cell in _grouped(told, "loss", "way")
    ]


_TOLD = ("noticed_s", "back_s", "moved")


def _told(loss: Loss, way: str, monitor: Sequence[Check]) -> dict[str, Any]:
    """Return when a monitor noticed a loss (None: never), and when its return."""
    before = [check for check in monitor if check["ended"] < loss.ordered_at and check["server"]]
    after = [check for check in monitor if loss.ordered_at <= check["ended"] < loss.ended_at]
    bad = [check["ended"] for check in after if check["kind"] != "ok"]
    good = [check for check in after if check["ended"] > loss.healed_at and check["server"]]
    return {
        "loss": loss.name,
        "way": way,
        "noticed_s": round(min(bad) - loss.ordered_at, 4) if bad else None,
        "back_s": round(good[0]["ended"] - loss.healed_at, 4) if good else None,
        "moved": bool(before and good) and good[-1]["server"] != before[-1]["server"],
    }


def _grouped(rows: Iterable[Check], *keys: str) -> list[tuple[tuple[Any, ...], list[Check]]]:
    def key(row: Check) -> tuple[Any, ...]:
        return tuple(row[name] for name in keys)

    return [(at, list(group)) for at, group in groupby(sorted(rows, key=key), key)]
