"""The verbs that play outages: each makes a plan, has it played, and says what came of it."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec
from rich.console import Console

from recovery_lab import docker, plan
from recovery_lab.engine import View
from recovery_lab.errors import BadInputError, HealError
from recovery_lab.files import living_run
from recovery_lab.folder import find_run, read_run
from recovery_lab.judge.verdict import STATUS, RunVerdict
from recovery_lab.report import html as html_page
from recovery_lab.report import junit, markdown, timeline
from recovery_lab.report.closing import closing_lines
from recovery_lab.report.demo import demo_table
from recovery_lab.report.events import Events
from recovery_lab.report.terminal import Screen, verdict_lines
from recovery_lab.report.words import row
from recovery_lab.run import begin_run, judged, leave_out, play_run, verify_same, write_verdict
from recovery_lab.stack import private_stack
from recovery_lab.target import load_target

Say = Callable[[str], None]
ACTS = {"naive": "control: first reads", "adopted": "subject"}  # of the demo, by policy
DEMO_LIMIT_S = 15.0


@living_run()
def run(target_file: Path, asked: plan.Asked, say: Say, *, resume: str, keep: bool) -> int:
    """Play a matrix, or `resume` one; `keep`: stop where not passed, and leave its stack."""
    target = load_target(target_file)
    folder = find_run(resume) if resume else None
    if folder:
        verify_same(read_run(folder), target_file, target.root)
    outages = [] if folder else plan.outages(target, asked)
    left_out = read_run(folder).left_out if folder else plan.left_out(target, asked)
    for fault, lacks in left_out.items():
        say(row("left out", f"{fault}: not available: the target declares no {lacks}"))
    name = "-".join(dict.fromkeys(info.fault for info in outages)) + "-solo" * asked.solo
    docker.refuse_remote()
    kept = ""
    with private_stack(target, "matrix", keep=lambda: bool(kept)) as stack:
        stands = f"the stack {stack.project} stands: look, then run: make heal"
        if folder is None:
            folder = begin_run(stack, name, target_file, outages)
            leave_out(folder, left_out)
        try:
            view = _events_of(folder, say) or View(say=say)
            verdict = play_run(folder, stack, view, stop_at_bad=keep)
        except HealError as error:
            kept = stands if keep else ""
            _keep(folder, write_verdict(folder))
            raise HealError(f"{error}; {kept or 'its stack is removed'}") from error
        kept = stands if keep and verdict.verdict != "passed" else ""
    _page(folder, verdict, say)
    if kept:
        say(row("kept", kept))
    return say_verdict(verdict, say)


@living_run()
def watch(target_file: Path, asked: plan.Watched, say: Say) -> int:
    """Watch outages by a command; the page and the records are kept whatever happens."""
    target = load_target(target_file)
    outages = plan.watched(target, asked)
    docker.refuse_remote()
    stack = docker.own_stack(target)
    folder = begin_run(stack, outages[0].title, target_file, outages)
    screen = Screen(say, asked.title, outages[0], docker.describe_context())
    try:
        return show(folder, screen, say, partial(play_run, folder, stack))
    except HealError as error:
        raise HealError(f"{error}; run: make heal") from error


def show(folder: Path, screen: Screen, say: Say, play: Callable[[View], RunVerdict]) -> int:
    """Play a run whose outages are watched; the page and the records are kept whatever happens."""
    view = _events_of(folder, say) or View(
        look=screen.look, judged=lambda outage: say("\n".join(closing_lines(outage)))
    )
    try:
        verdict = play(view)
    finally:
        _keep(folder, write_verdict(folder))
        say(row("report", f"{folder}/report.md"))
        say(row("page", f"{folder}/report.html"))
        say(row("pictures", f"recovery-lab report {folder}"))
    return _status(verdict, say)


@living_run()
def demo(target_file: Path, command: Sequence[str], say: Say) -> int:
    """Show an idle pool that meets a restarted server, with the defaults and with the cure."""
    target = load_target(target_file)
    private = target.private
    if private is None or not private.policy_variable:
        raise BadInputError(f"{target_file}: [private] names no policy_variable: no demo of two")
    docker.refuse_remote()
    say("Five idle pooled connections, a restart of PostgreSQL, then five reads at once.")
    act = plan.Watched(command=list(command), title="demo", job="idle", limit_s=DEMO_LIMIT_S)
    outages = [
        info
        for policy, part in ACTS.items()
        for info in plan.watched(target, msgspec.structs.replace(act, policy=policy, part=part))
    ]
    first = {private.policy_variable: next(iter(ACTS))}
    with (
        Console().status("starting a stack of its own") as status,
        private_stack(target, "demo", first) as stack,
    ):
        folder = begin_run(stack, "demo", target_file, outages)
        verdict = play_run(folder, stack, View(say=status.update))
    Console().print(demo_table(folder, verdict, target))
    return say_verdict(verdict, say)


def say_verdict(verdict: RunVerdict, say: Say) -> int:
    """Say a verdict's lines; return its exit status."""
    for line in verdict_lines(verdict):
        say(line)
    return _status(verdict, say)


def report(folder: Path, say: Say, *, html: bool = False) -> None:
    """Judge a run as it is stored; write its reports, and say one; `html`: that page alone."""
    verdict = judged(folder)
    if html:
        say(row("page", str(html_page.write(folder, verdict))))
    elif not (folder / "outages").is_dir():
        told = "its histories were not kept, there is nothing to draw"
        raise BadInputError(f"{folder}: {told}; try: recovery-lab report --html {folder}")
    else:
        _page(folder, verdict, say)


def _events_of(folder: Path, say: Say) -> View | None:
    """Return the view of who asked for events, told of the run; None where words are wanted."""
    if not isinstance(say, Events):
        return None
    say.run_began(folder, read_run(folder))
    return View(began=say.outage_began, look=say.look, judged=say.outage_judged)


def _status(verdict: RunVerdict, say: Say) -> int:
    if isinstance(say, Events):
        say.run_judged(verdict)
    return STATUS[verdict.verdict]


def _page(folder: Path, verdict: RunVerdict, say: Say) -> None:
    timeline.write_timelines(folder, verdict)
    say(_keep(folder, verdict))
    say(row("report", f"{folder}/report.md"))
    say(row("page", f"{folder}/report.html"))


def _keep(folder: Path, verdict: RunVerdict) -> str:
    """Write what people and programs read of a judged run; return its page in Markdown."""
    junit.write(folder, verdict)
    text = markdown.write(folder, verdict)
    html_page.write(folder, verdict)
    return text
