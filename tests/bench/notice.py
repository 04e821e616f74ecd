"""Measures whether the health check should try again: `make bench-notice`. On a stack of its own.

False alarms under load and with one lost packet, against the time to notice a real loss, of checks
with 1, 2 and 3 attempts under one deadline. They check side by side, so all meet the same.
"""

import json
import os
import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, NamedTuple

from rich.progress import Progress

from dashboard.sampler import DEADLINE_S
from recovery_lab import docker
from recovery_lab.docker import Stack
from recovery_lab.errors import DockerError, InconclusiveError
from recovery_lab.faults import FAULTS, Scene, run_fault
from recovery_lab.faults.witness import Witness
from recovery_lab.files import write_whole
from recovery_lab.programs import named_as_ours
from recovery_lab.record.history import FaultEvent
from recovery_lab.stack import private_stack
from recovery_lab.stands import stood_on
from recovery_lab.target import load_target
from tests.bench import dropper, lost
from tests.bench.attempts import SILENT, WAYS
from tests.bench.container import ROOT, start
from tests.bench.tables import alarms, notice
from tests.bench.told import Check, Loss, Window, in_windows, per_cell, per_loss


class Taken(NamedTuple):
    """How the server is taken away: a fault of the lab's, and for how long."""

    fault: str
    hold_s: float


SEED = 18_03
LOADS = {"idle": 0, "full load": 16, "overload": 128}  # sessions that keep a backend busy
LOSSES = {
    "stop": Taken("restart", 2.5),  # longer than an interval and a deadline: all must notice
    "kill": Taken("kill", 2.5),
    "freeze": Taken("freeze", 2.5),
    "restart": Taken("restart", 0.0),
}
LOAD_ROUNDS, LOSS_ROUNDS, PACKET_ROUNDS = 5, 5, 20
LOADED_S, UNLOADED_S = 5.0 + DEADLINE_S, 1.0
CALM_S = 2.5  # an interval, a deadline and some: all see the server again
# Under load few monitors that hurry: many would be a load of their own, their logins together. A
# loss is noticed on the dashboard's own raster.
LOAD_INTERVAL_S, LOAD_MONITORS = 0.25, 2
LOSS_INTERVAL_S, LOSS_MONITORS = 1.0, 4
LIMIT_S = 20.0
Advance = Callable[[], None]


@contextmanager
def watched(
    stack: Stack, interval_s: float, monitors: int, ways: Iterable[str]
) -> Iterator[list[Check]]:
    """Check in several ways; what is yielded holds the checks when all is over."""
    checks: list[Check] = []
    with (
        TemporaryFile("w+") as out,
        start(stack, "watch", interval_s, monitors, *ways, out=out) as program,
    ):
        _wait_until(lambda: os.fstat(out.fileno()).st_size > 0)
        time.sleep(CALM_S)
        yield checks
        program.communicate(timeout=LIMIT_S)
        out.seek(0)
        checks += map(json.loads, out)


@contextmanager
def loaded(stack: Stack, sessions: int) -> Iterator[None]:
    """Keep so many sessions busy."""
    if not sessions:
        yield
        return
    with start(stack, "load", sessions) as program:
        assert program.stdout is not None
        if program.stdout.readline() != "at work\n":
            raise InconclusiveError(f"a load of {sessions} sessions did not come to work")
        yield


def under_load(stack: Stack, witness: Witness, advance: Advance) -> list[dict[str, Any]]:
    """Check while the server is idle, busy and too busy."""
    draw, windows = random.Random(SEED), []
    with watched(stack, LOAD_INTERVAL_S, LOAD_MONITORS, SILENT) as checks:
        for _ in range(LOAD_ROUNDS):
            for name in draw.sample(list(LOADS), len(LOADS)):
                with loaded(stack, LOADS[name]):
                    began_at = witness.clock().at
                    time.sleep(LOADED_S)  # the window's length
                    windows.append(Window(name, began_at, witness.clock().at))
                time.sleep(UNLOADED_S)
                advance()
    return per_cell(in_windows(checks, windows, DEADLINE_S))


def of_losses(stack: Stack, witness: Witness, advance: Advance) -> list[dict[str, Any]]:
    """Check while the server is taken away, again and again."""
    draw, losses = random.Random(SEED), []
    with watched(stack, LOSS_INTERVAL_S, LOSS_MONITORS, WAYS) as checks:
        for _ in range(LOSS_ROUNDS):
            for name in draw.sample(list(LOSSES), len(LOSSES)):
                time.sleep(draw.uniform(0, LOSS_INTERVAL_S))  # no loss is in phase with a check
                losses.append(_lose(stack, witness, name))
                advance()
    return per_loss(checks, losses)


def _lose(stack: Stack, witness: Witness, name: str) -> Loss:
    steps: dict[str, float] = {}

    def note(event: FaultEvent) -> None:
        steps.setdefault(event.name, event.at)

    taken = LOSSES[name]
    scene = Scene(stack=stack, hold_s=taken.hold_s, note=note, witness=witness)
    run_fault(FAULTS[taken.fault], scene)
    time.sleep(CALM_S)
    return Loss(name, steps["injecting"], steps["healed"], witness.clock().at)


def with_lost_packets(stack: Stack, advance: Advance) -> list[dict[str, Any]]:
    """Check while one packet is lost; where it was not exactly that, the check does not count."""
    name, checks = f"{stack.project}-lost", []
    with start(stack, "lost", PACKET_ROUNDS, SEED, name=name) as program:
        _wait_until(lambda: _beside(stack, name))
        assert program.stdout is not None
        for line in program.stdout:
            checks.append(json.loads(line))
            advance()
    return per_cell(check for check in checks if check["lost"] == check["to_lose"])


def _beside(stack: Stack, name: str) -> bool:
    """Start the dropper in a container's network namespace; tell whether that was there."""
    program = Path(dropper.__file__)
    options = ["--network", f"container:{name}", "--user", "0:0", "--read-only", "--tmpfs", "/run"]
    options += ["--cap-drop", "ALL", "--cap-add", "NET_ADMIN"]
    options += ["--security-opt", "no-new-privileges", *named_as_ours(stack)]
    options += ["--volume", f"{program}:/{program.name}:ro", docker.INSTRUMENT]
    try:
        docker.run("run", "--detach", *options, "python", "-IS", f"/{program.name}", str(LIMIT_S))
    except DockerError:
        return False
    return True


def _wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + LIMIT_S
    while not holds():
        if time.monotonic() > until:
            raise InconclusiveError(f"no measuring program after {LIMIT_S:.0f} s")
        time.sleep(0.1)  # polled: nobody tells


def main() -> None:
    """Measure, keep the figures as JSON, and print them."""
    began, load = datetime.now(UTC), os.getloadavg()
    target = load_target(ROOT / "target.toml")
    steps = LOAD_ROUNDS * len(LOADS) + LOSS_ROUNDS * len(LOSSES)
    steps += PACKET_ROUNDS * len(lost.CASES) * len(SILENT)
    with (
        private_stack(target, "notice") as stack,
        closing(Witness(stack)) as witness,
        Progress() as progress,
    ):
        task = progress.add_task("notice", total=steps)

        def advance() -> None:
            progress.advance(task)

        figures = {
            "began": f"{began:%Y-%m-%dT%H:%M:%SZ}",
            **stood_on(stack),
            "load": load,  # of the host before it began, over 1, 5 and 15 minutes
            "checks": [
                *under_load(stack, witness, advance),
                *with_lost_packets(stack, advance),
            ],
            "losses": of_losses(stack, witness, advance),
        }
    kept = ROOT / f".lab/bench/{began:%Y-%m-%dT%H%M%SZ}-notice.json"
    write_whole(kept, json.dumps(figures).encode() + b"\n")
    print(f"{alarms(kept)}\n\n{notice(kept)}\nfigures   {kept.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
