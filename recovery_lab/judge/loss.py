"""What was lost, and when: the database, sessions, and so whom a user's command has cut."""

from typing import TypeVar

import msgspec

from recovery_lab.faults.base import Cuts, Effects
from recovery_lab.judge.measures import (
    ASKED,
    events,
    longest_silence_s,
    refused,
    runs,
    since_asked,
    start_moved,
)
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.record.history import Ended, FaultEvent, History, LogLine, Warmed

_ENDED = ("57P01", "57P02", "57P05")  # admin_shutdown, crash_shutdown, idle_session_timeout
# The postmaster's word after a backend's crash: since PostgreSQL 14 no line names who is ended.
_ALL_ENDED = "terminating any other active server processes"
S = TypeVar("S", LogLine, Ended)


def lost(history: History, effects: Effects) -> float | None:
    """Return when the database was lost: by a session's end, the container's, a refusal.

    Without any of them, or where it came before them, it is by the first silence, or the fault's
    own word. Silence before that word is the machine's: helpers that are started take its time. Of
    a command the word comes late.
    """
    asked_at = history.mark_at(ASKED)
    if asked_at is None:
        return None
    told = [step.at for step in history.of(FaultEvent) if step.name == "injected"]
    in_at = asked_at if effects.observed else min(told, default=asked_at)
    ends = [*_ends(history), *events(history, "pause"), *_refusals(history)]
    runs_of_bad = (same for good, same in runs(since_asked(history)) if not good)
    bad = [same[0] for same in runs_of_bad if same[-1].ended_at >= in_at][:1]
    # An end later than the first probe that got no answer is another's: it was gone by then.
    shown = [at for at in ends if at >= asked_at and all(at <= one.ended_at for one in bad)]
    return min(shown or [max(one.started_at, in_at) for one in bad] or told, default=None)


def _ends(history: History) -> list[float]:
    """Return when sessions ended: by the server's own lines, or with its container."""
    lines = (*ended_sessions(history), *crashes(history))
    return [line.at for line in lines] + events(history, "die")


def _refusals(history: History) -> list[float]:
    return [probe.ended_at for probe in since_asked(history) if refused(probe)]


def ended_sessions(history: History) -> list[LogLine]:
    """Return the server's FATAL lines about the sessions that were warm before the fault."""
    warm, lines = _warm(history), history.of(LogLine)
    # By SQLSTATE too: the restarted server gives the same pids to sessions it refuses (57P03).
    return [line for line in lines if line.sqlstate in _ENDED and line.pid in warm]


def crashes(history: History) -> list[LogLine]:
    """Return the server's lines since the fault that it ends all sessions: a backend crashed."""
    return [line for line in _since(history, LogLine) if _ALL_ENDED in line.message]


def _since(history: History, kind: type[S]) -> list[S]:
    asked_at = history.mark_at(ASKED)
    return [one for one in history.of(kind) if asked_at is not None and one.at >= asked_at]


def _warm(history: History, *, idle_alone: bool = False) -> set[int]:
    own = [one for one in history.of(Warmed) if one.job == "idle" or not idle_alone]
    return {pid for one in own for pid in one.backends}


def lost_sessions(history: History, effects: Effects) -> set[int]:
    """Return the warm sessions that are gone: all where that is shown, else by name.

    It is by a new start of the server, its word of a crash, or the evidence of a landed fault;
    where that ends those that idle, the idle pools' are.
    """
    landed = any(step.name == "landed" for step in history.of(FaultEvent))
    shown = landed and effects.ends_sessions and not effects.observed
    named = {line.pid for line in ended_sessions(history)}
    if start_moved(history) or crashes(history):
        return _warm(history)
    return named | _warm(history, idle_alone=effects.cuts == "idle") if shown else named


def effects_seen(history: History, declared: Effects, *, hurt: bool = False) -> Effects:
    """Return a fault's effects; of a user's command those that the record shows.

    `hurt`: users were, which is all that is known where no fresh session tells.
    """
    if not declared.observed:
        return declared
    if hurt:
        return msgspec.structs.replace(declared, cuts="both", ends_sessions=False)
    refusals, moved = _refusals(history), start_moved(history)
    new = bool(refusals) or longest_silence_s(history) >= THRESHOLDS.long_wait_s
    ended = moved or bool(ended_sessions(history) or crashes(history) or _told_ended(history))
    cuts: Cuts = "both" if ended and new else "established" if ended else "new" if new else "none"
    seen = {"cuts": cuts, "ends_sessions": ended, "restarts": moved}
    if ended and _went_on(history):
        seen |= {"cuts": "new", "heal_cuts": "established"}
    return msgspec.structs.replace(declared, **seen)


def _went_on(history: History) -> bool:
    """Tell whether sessions outlived the first refusal of a new one: half-shut, and ended later."""
    ends, refusals = _ends(history), _refusals(history)
    return bool(ends and refusals) and min(ends) > refusals[0] + THRESHOLDS.long_wait_s


def _told_ended(history: History) -> list[Ended]:
    """Return the reads since the fault that failed by the server's word that it ended them."""
    return [end for end in _since(history, Ended) if end.sqlstate in _ENDED]
