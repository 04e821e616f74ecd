"""What each verb does: it makes a plan, has it played, and says what came of it."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from rich.console import Console

from recovery_lab import docker, plan
from recovery_lab.engine import View
from recovery_lab.errors import BadInputError
from recovery_lab.faults import FAULTS
from recovery_lab.faults.healing import heal_open, open_faults
from recovery_lab.files import living_run
from recovery_lab.folder import all_runs, find_run, read_run
from recovery_lab.judge.rules import RULES
from recovery_lab.judge.verdict import STATUS, RunVerdict
from recovery_lab.report.demo import demo_table
from recovery_lab.report.terminal import Screen, closing_lines, verdict_lines
from recovery_lab.report.words import row
from recovery_lab.run import begin_run, play_run, verify_same, write_verdict
from recovery_lab.stack import own_stack, private_stack
from recovery_lab.target import load_target

Say = Callable[[str], None]
ACTS = {"naive": "control: first reads", "adopted": "subject"}  # of the demo, by policy
DEMO_LIMIT_S = 15.0


@living_run()
def run(target_file: Path, asked: plan.Asked, say: Say, *, resume: str, keep: bool) -> int:
    """Play a matrix, or go on with the one to `resume`; judge and report it.

    With `keep` it stops at the first outage that is not passed, and leaves its stack standing.
    """
    target = load_target(target_file)
    folder = find_run(resume) if resume else None
    if folder:
        verify_same(read_run(folder), target_file, target.root)
    outages = [] if folder else plan.outages(target, asked)
    name = "-".join(dict.fromkeys(info.fault for info in outages)) + "-solo" * asked.solo
    docker.refuse_remote()
    bad = False
    with private_stack(target, "matrix", keep=lambda: keep and bad) as stack:
        folder = folder or begin_run(stack, name, target_file, outages)
        verdict = play_run(folder, stack, View(say=say), stop_at_bad=keep)
        bad = verdict.verdict != "passed"
    _page(folder, verdict, say)
    return _said(verdict, say)


@living_run()
def watch(target_file: Path, asked: plan.Watched, say: Say) -> int:
    """Watch outages by a command; the page and the records are kept whatever happens."""
    docker.refuse_remote()
    target = load_target(target_file)
    outages = plan.watched(target, asked)
    stack = own_stack(target)
    folder = begin_run(stack, outages[0].title, target_file, outages)
    screen = Screen(say, asked.title, outages[0], docker.describe_context())
    view = View(look=screen.look, judged=lambda outage: say("\n".join(closing_lines(outage))))
    try:
        verdict = play_run(folder, stack, view)
    finally:
        report_page(folder, say)
    return STATUS[verdict.verdict]


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
    return _said(verdict, say)


def list_all(target_file: Path, say: Say) -> int:
    """List what there is."""
    target = load_target(target_file)
    say(f"faults      {', '.join(FAULTS)}")
    say(f"contenders  {', '.join(plan.all_entries(target))}")
    say(f"rules       {', '.join(RULES)}")
    for folder in all_runs():
        try:
            said = f"{read_run(folder).name}, {len(read_run(folder).planned)} outages"
        except BadInputError as error:
            said = str(error)
        say(f"run         {folder.name}  {said}")
    return 0


def judge(word: str, say: Say) -> int:
    """Judge a run as it is stored."""
    return _said(write_verdict(find_run(word)), say)


def report(word: str, say: Say) -> int:
    """Judge a run as it is stored; write its report and timelines, and say the report."""
    folder = find_run(word)
    _page(folder, write_verdict(folder), say)
    return 0


def heal(target_file: Path, say: Say, *, keep: bool) -> int:
    """Heal what a dead run left open."""
    said = ""
    for said in heal_open(load_target(target_file), keep=keep):
        say(said)
    if not said:
        say("nothing to heal")
    return 0


def status(target_file: Path, say: Say, *, check: bool) -> int:
    """Say every open fault; with `check` one that is open is an exit status of 1."""
    found = open_faults(load_target(target_file))
    for one in found:
        say(str(one))
    if not found:
        say("no fault is open")
    return int(check and bool(found))


def _said(verdict: RunVerdict, say: Say) -> int:
    """Say a verdict's lines; return its exit status."""
    for line in verdict_lines(verdict):
        say(line)
    return STATUS[verdict.verdict]


def _page(folder: Path, verdict: RunVerdict, say: Say) -> None:
    """Write a judged run's report and timelines; say the report."""
    from recovery_lab.report import markdown  # noqa: PLC0415 # its charts take 0.6 s to load

    say(markdown.write(folder, verdict))
    say(row("report", f"{folder}/report.md"))


def report_page(folder: Path, say: Say) -> None:
    """Write a run's report without saying all of it."""
    report(str(folder), lambda _: None)
    say(row("report", f"{folder}/report.md"))
