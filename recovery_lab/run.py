"""A run: its folder, and the loop over its outages: play, judge, play again, report, resume."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import Any

import msgspec

from recovery_lab import docker, folder, stack
from recovery_lab.crew import Crew, StackCrew
from recovery_lab.engine import View, play_outage
from recovery_lab.errors import BadInputError
from recovery_lab.files import write_whole
from recovery_lab.judge.verdict import OutageVerdict, RunVerdict, judge_outage, judge_run, only_late
from recovery_lab.outage import OutageInfo
from recovery_lab.plan import twin_of
from recovery_lab.report import corpus
from recovery_lab.stands import commit, stood_on

AGAIN = 2  # times an outage is played again that its recorder was late for
GUESS_S = 30.0  # an outage's length before the first is known


def begin_run(
    where: docker.Stack,
    name: str,
    target_file: Path,
    planned: Sequence[OutageInfo],
    root: Path = Path(),
) -> Path:
    """Make the folder of a run: what is planned, on what it stands, and the composed stack."""
    private = where.target.private
    settings = dict(private.environment) if private else {}
    stands = {**stood_on(where), "target": str(target_file), "settings": settings}
    run = begin(name, planned, stands, root)
    write_whole(run / "compose.yml", docker.compose(where, "config").encode())
    return run


def begin(
    name: str, planned: Sequence[OutageInfo], stands: Mapping[str, Any], root: Path = Path()
) -> Path:
    """Make the folder of a run, and let `latest` mean it."""
    began = datetime.now(UTC)
    run = _made(root / folder.ROOT / f"{began:%Y-%m-%dT%H%M%SZ}-{name}")
    info = folder.RunInfo(
        shape=folder.SHAPE,
        name=name,
        began=f"{began:%Y-%m-%dT%H:%M:%SZ}",
        seed=planned[0].seed,
        planned=list(planned),
        twin=twin_of(planned),
        **stands,
    )
    folder.save(run / "run.json", info)
    folder.point_latest(run)
    return run


def _made(wanted: Path) -> Path:
    """Make a folder that nobody else has: another run may begin in the same second."""
    for path in chain([wanted], (wanted.with_name(f"{wanted.name}-{n}") for n in count(2))):
        with suppress(FileExistsError):
            path.mkdir(parents=True)
            return path
    raise AssertionError("count() has no end")


def leave_out(run: Path, left_out: Mapping[str, str]) -> None:
    """Keep which faults a run leaves out, and what the target lacks for them."""
    info = msgspec.structs.replace(folder.read_run(run), left_out=dict(left_out))
    folder.save(run / "run.json", info)


def verify_same(info: folder.RunInfo, target_file: Path, root: Path) -> None:
    """Raise BadInputError where a run to resume was begun on another target or another commit."""
    begun, here = (info.target, info.commit), (str(target_file), commit(root))
    if begun != here:
        raise BadInputError(
            f"the run was begun on {begun[0]} at commit {begun[1] or 'unknown'}, this is {here[0]} "
            f"at {here[1] or 'unknown'}: begin a new one"
        )


def play_run(
    run: Path, where: docker.Stack, view: View, *, stop_at_bad: bool = False
) -> RunVerdict:
    """Play what a run has not recorded yet; judge it at the end. HealError: nothing may go on."""
    begun = folder.read_run(run)
    planned, images = begun.planned, begun.images
    left = [info for info in planned if not _recorded(run / "outages" / info.name)]
    progress = Progress(view, len(left))
    crew: Crew | None = None
    stranded = False
    try:
        for info in left:
            if info.policy and info.policy != stack.policy_of(where):
                where = stack.use_policy(where, info.policy)
                crew = _end(crew)
            if stranded:  # its sessions wait at an old address, or are limited as they were then
                stack.recreate(where)
            stranded = info.effects.strands and bool(info.application)
            if crew is None and not info.command:  # whose helpers would hold lower ones
                stack.settle_address(where)
            crew = crew or StackCrew(where, twin_of(planned), images)
            shown, path = progress.of(info), run / "outages" / info.name
            played, outage = _play(crew, shown, info, path)
            view.judged(outage)
            # One that broke off leaves readers that nobody stopped, or a helper that is dead.
            if not info.solo or not played.complete or info.effects.strands:
                crew = _end(crew)
            if stop_at_bad and outage.verdict != "passed":
                break
    finally:
        _end(crew)
        verdict = write_verdict(run)
    return verdict


def play_own(run: Path, crew: Crew, view: View) -> RunVerdict:
    """Play a run with a crew of its own, which is ended by it; judge it at the end."""
    planned = folder.read_run(run).planned
    progress = Progress(view, len(planned))
    try:
        for info in planned:
            shown, path = progress.of(info), run / "outages" / info.name
            view.judged(_play(crew, shown, info, path)[1])
    finally:
        _end(crew)
        verdict = write_verdict(run)
    return verdict


def write_verdict(run: Path) -> RunVerdict:
    """Judge a run as it is stored, in the order of its plan; write verdict.json and corpus.json."""
    planned = [info.name for info in folder.read_run(run).planned]
    paths = [run / "outages" / name for name in planned]
    kept = [folder.read_outage(path) for path in paths if (path / "outage.json").exists()]
    verdict = judge_run([judge_outage(*one) for one in kept], planned)
    folder.save(run / "verdict.json", verdict)
    corpus.write(run, kept)
    return verdict


def judged(run: Path) -> RunVerdict:
    """Judge a run as it is stored; one whose histories were not kept stands as it was judged."""
    if (run / "outages").is_dir():
        return write_verdict(run)
    return folder.read(run / "verdict.json", RunVerdict)


class Progress:
    """Says which outage this is, and about how long the run still takes."""

    def __init__(self, view: View, total: int) -> None:
        self._view = view
        self._total = total
        self._begun = 0
        self._began_at = self._since = time.monotonic()

    def of(self, info: OutageInfo) -> View:
        """Return the view of the next outage, which begins."""
        self._begun += 1
        self._since = time.monotonic()
        self._view.began(info, self._begun, self._total)
        return replace(self._view, say=partial(self._say, info.name))

    def _say(self, name: str, text: str) -> None:
        now, done = time.monotonic(), self._begun - 1
        each_s = (self._since - self._began_at) / done if done else GUESS_S
        left_s = max(0.0, each_s * (self._total - done) - (now - self._since))
        of = f"{self._begun} of {self._total}, about {left_s:.0f} s left"
        self._view.say(f"{of:<28} {name}: {text}")


def _play(crew: Crew, view: View, info: OutageInfo, path: Path) -> tuple[OutageInfo, OutageVerdict]:
    """Record one outage and judge it; again where only its recorder was late."""
    for again in range(AGAIN + 1):
        played = play_outage(crew, view, info, path)
        outage = judge_outage(*folder.read_outage(path))
        if again == AGAIN or not only_late(outage):
            break
        view.say("its recorder was late, which proves nothing: played again")
        folder.set_aside(path)
    return played, outage


def _recorded(path: Path) -> bool:
    """Tell whether a resumed run's outage stands: whole, or seen to fail; else set it aside."""
    if not (path / "outage.json").exists():
        return False
    info, history = folder.read_outage(path)
    if info.complete or judge_outage(info, history).verdict == "failed":
        return True
    folder.set_aside(path)
    return False


def _end(crew: Crew | None) -> Crew | None:
    if crew:
        crew.close()
    return None
