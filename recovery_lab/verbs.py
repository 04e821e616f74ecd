"""What each verb does: it makes a plan, has it played, and says what came of it."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from rich.console import Console

from recovery_lab import docker, plan
from recovery_lab.contenders.registry import JOBS
from recovery_lab.errors import BadInputError
from recovery_lab.faults import FAULTS
from recovery_lab.faults.healing import heal_open, open_faults
from recovery_lab.files import living_run
from recovery_lab.folder import all_runs, find_run, read_run
from recovery_lab.judge.rules import RULES
from recovery_lab.judge.verdict import STATUS, OutageVerdict, RunVerdict
from recovery_lab.record.history import History
from recovery_lab.report.demo import demo_table
from recovery_lab.report.terminal import Screen, closing_lines, verdict_lines
from recovery_lab.report.words import row
from recovery_lab.run import Plan, begin_run, play_run, verify_same, write_verdict
from recovery_lab.stack import down, own_stack, private_stack
from recovery_lab.target import limit_s, load_target

Say = Callable[[str], None]
ACTS = {"naive": "control: first reads", "adopted": "subject"}  # of the demo, by policy
DEMO_LIMIT_S = 15.0


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """The options of `run`, as text; empty means the default."""

    faults: str = ""
    contenders: str = ""
    repeats: str = ""
    hold: str = ""
    solo: str = ""
    keep: str = ""
    resume: str = ""
    seed: str = ""


@living_run()
def run(target_file: Path, words: Words, say: Say) -> int:
    """Play a matrix, or go on with one that broke off; judge and report it."""
    target = load_target(target_file)
    resumed = find_run(words.resume) if words.resume else None
    if resumed:
        info = read_run(resumed)
        verify_same(info, str(target_file), target.root)
        outages, name, seed, twin = info.planned, info.name, info.seed, info.twin
    else:
        asked = _asked(words, plan.contender_names(target))
        outages, seed, twin = plan.outages(target, asked), asked.seed, plan.twin_of(asked)
        name = "-".join(asked.faults) + ("-solo" if asked.solo else "")
    docker.refuse_remote()
    keep = _flag("KEEP", words.keep)
    played = Plan(
        name=name,
        target=str(target_file),
        seed=seed,
        outages=outages,
        twin=twin,
        keep_contenders=bool(outages[0].solo),
        stop_at_bad=keep,
    )
    bad: list[str] = []

    def note(outage: OutageVerdict, _: Path) -> None:
        if outage.verdict != "passed":
            bad.append(outage.name)

    with private_stack(target, "matrix", keep=lambda: keep and bool(bad)) as stack:
        folder = resumed or begin_run(played, stack)
        verdict = play_run(folder, played, stack, _Lines(say), note)
    _page(folder, verdict, say)
    return _say_verdict(verdict, say)


@living_run()
def watch(target_file: Path, asked: plan.Watched, say: Say) -> int:
    """Watch outages by a command; the page and the records are kept whatever happens."""
    if asked.job not in JOBS:
        raise BadInputError(f"--job {asked.job!r}: expected steady or idle")
    if not 1 <= asked.repeats <= 100:
        raise BadInputError(f"--repeat {asked.repeats}: expected a whole number from 1 to 100")
    docker.refuse_remote()
    target = load_target(target_file)
    name, title = asked.title, (asked.title.split(maxsplit=1) or [""])[0]
    if not re.fullmatch(r"[\w.-]+", title):
        raise BadInputError(f"--name {name!r}: expected a first word of letters, digits, . _ -")
    asked = msgspec.structs.replace(asked, title=title, limit_s=limit_s())
    outages = plan.watched(target, asked)
    played = Plan(name=title, target=str(target_file), seed=0, outages=outages)
    stack = own_stack(target)
    folder = begin_run(played, stack)
    screen = Screen(say, name, outages[0], docker.describe_context())

    def show(outage: OutageVerdict, _: Path) -> None:
        for line in closing_lines(outage):
            say(line)

    try:
        verdict = play_run(folder, played, stack, screen, show)
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
    played = Plan(name="demo", target=str(target_file), seed=0, outages=outages)
    with (
        Console().status("starting a stack of its own") as status,
        private_stack(target, "demo", first) as stack,
    ):
        folder = begin_run(played, stack)
        verdict = play_run(folder, played, stack, _Lines(status.update))
    Console().print(demo_table(folder, verdict, target))
    return _say_verdict(verdict, say)


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
    return _say_verdict(write_verdict(find_run(word)), say)


def _say_verdict(verdict: RunVerdict, say: Say) -> int:
    """Say a verdict's lines; return its exit status."""
    for line in verdict_lines(verdict):
        say(line)
    return STATUS[verdict.verdict]


def report(word: str, say: Say) -> int:
    """Judge a run as it is stored; write its report and timelines, and say the report."""
    folder = find_run(word)
    _page(folder, write_verdict(folder), say)
    return 0


def _page(folder: Path, verdict: RunVerdict, say: Say) -> None:
    """Write a judged run's report and timelines; say the report."""
    from recovery_lab.report import markdown  # noqa: PLC0415 # its charts take 0.6 s to load

    say(markdown.write(folder, verdict))
    say(row("report", f"{folder}/report.md"))


def report_page(folder: Path, say: Say) -> None:
    """Write a run's report without saying all of it."""
    report(str(folder), lambda _: None)
    say(row("report", f"{folder}/report.md"))


def heal(target_file: Path, say: Say, *, keep: bool) -> int:
    """Heal what a dead run left open."""
    said = ""
    for said in heal_open(load_target(target_file), None if keep else down):
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


class _Lines:
    """A view of plain lines."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def say(self, text: str) -> None:
        """Show a step."""
        self._say(text)

    def look(self, history: History) -> None:
        """Show nothing of the history."""


def _asked(words: Words, contenders: Sequence[str]) -> plan.Asked:
    default = plan.Asked()
    known = plan.matrix_faults()
    seed = words.seed or str(plan.new_seed())
    return plan.Asked(
        faults=plan.names("FAULTS", words.faults, known) if words.faults else default.faults,
        contenders=(
            plan.names("CONTENDERS", words.contenders, contenders) if words.contenders else ()
        ),
        repeats=_whole("REPEATS", words.repeats or "1", 1, 100),
        hold_s=_number("HOLD", words.hold, 0, 600) if words.hold else None,
        solo=_flag("SOLO", words.solo),
        seed=_whole("SEED", seed, 0, 2**31),
        limit_s=limit_s(),
    )


def _number(option: str, text: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise BadInputError(f"{option}={text!r}: expected a number from {least:g} to {most:g}")
    return value


def _whole(option: str, text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise BadInputError(f"{option}={text!r}: expected a whole number from {least} to {most}")
    return int(text)


def _flag(option: str, text: str) -> bool:
    if text not in ("", "0", "1"):
        raise BadInputError(f"{option}={text!r}: expected 1, or leave it out")
    return text == "1"
