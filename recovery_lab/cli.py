"""The command line, and the only place that prints."""

import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from recovery_lab import plan, verbs
from recovery_lab.errors import BadInputError, HealError, InconclusiveError, LabError
from recovery_lab.faults import FAULTS
from recovery_lab.faults.healing import heal_open, open_faults
from recovery_lab.folder import all_runs, find_run, read_run
from recovery_lab.judge.rules import RULES
from recovery_lab.outage import Together
from recovery_lab.report.events import Events
from recovery_lab.run import write_verdict
from recovery_lab.stack import down
from recovery_lab.target import load_target
from recovery_lab.yours.look import Asked
from recovery_lab.yours.plan import Tried
from recovery_lab.yours.verb import try_own

FAILED, INCONCLUSIVE, USAGE, INTERRUPTED = 1, 2, 64, 130

_say = partial(print, flush=True)
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _number(told: str, least: int, most: int) -> Any:
    """Return an option that is a whole number; a bad one is named with what was expected."""
    return typer.Option(parser=lambda text: _parsed(text, least, most), metavar="NUMBER", help=told)


def _parsed(text: str, least: int, most: int, kind: type[float] = int) -> Any:
    try:
        value = kind(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        whole = "whole " * (kind is int)
        raise typer.BadParameter(f"{text}: expected a {whole}number from {least} to {most}")
    return value


def _lengths(text: str) -> list[float]:
    try:
        return [_parsed(one, 0, 600, float) for one in text.split(",") if text]
    except typer.BadParameter as error:
        raise typer.BadParameter(error.message, param_hint="'--hold'") from None


def limit(environ: Mapping[str, str] = os.environ) -> float:
    """Return the window's limit in seconds: LAB_LIMIT_S, by default the plan's two minutes."""
    text = environ.get("LAB_LIMIT_S") or "120"
    with suppress(ValueError):
        if 0 < float(text) <= 3600:
            return float(text)
    told = "expected seconds over 0 and at most 3600; unset it for 120"
    raise BadInputError(f"LAB_LIMIT_S={text!r}: {told}")


Target = Annotated[Path, typer.Option(help="The file that declares what is under test.")]
Run = Annotated[str, typer.Argument(help="A run's folder, its name, or latest.")]
Command = Annotated[list[str], typer.Argument(help="What takes the database down.")]
Json = Annotated[bool, typer.Option("--json", help="Show progress as one JSON object a line.")]
Waive = Annotated[list[str], typer.Option(help="A rule that nobody is held to; repeatable.")]
TARGET = Path("target.toml")


@app.callback()
def recovery_lab() -> None:
    """Does the dashboard come back when PostgreSQL does, and what did its users see meanwhile?"""
    # Both must run the same clean-up; a shell starts a background job with SIGINT ignored.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)


@app.command()
def run(
    faults: Annotated[str, typer.Option(help="a,b or all.")] = ",".join(plan.QUICK),
    contenders: Annotated[str, typer.Option(help="a,b or all.")] = "all",
    jobs: Annotated[str, typer.Option(help="a,b; without: those usual for each fault.")] = "",
    repeats: Annotated[int, _number("How many outages of each fault.", 1, 100)] = 1,
    hold: Annotated[str, typer.Option(help="Each fault's length in s; 2,4: both.")] = "",
    solo: Annotated[int, _number("1: one contender in an outage, at full rate.", 0, 1)] = 0,
    keep: Annotated[int, _number("1: stop at a bad cell, leave its stack.", 0, 1)] = 0,
    resume: Annotated[str, typer.Option(help="Go on with a run that broke off.")] = "",
    seed: Annotated[int | None, _number("The seed of the lengths' jitter.", 0, 2**31)] = None,
    waive: Waive = [],  # noqa: B006 # nobody appends
    target: Target = TARGET,
    json: Json = False,
) -> int:
    """Play faults x contenders on a stack of its own; judge and report."""
    asked = plan.Asked(
        faults=_names(faults),
        contenders=_names(contenders),
        jobs=jobs.split(",") if jobs else [],
        repeats=repeats,
        holds_s=_lengths(hold),
        solo=bool(solo),
        seed=plan.new_seed() if seed is None else seed,
        limit_s=limit(),
        waived=waive,
    )
    return verbs.run(target, asked, _shown(json), resume=resume, keep=bool(keep))


@app.command(context_settings={"ignore_unknown_options": True})
def watch(
    command: Command,
    name: Annotated[str, typer.Option(help="What this outage is called.")] = "outage",
    repeat: Annotated[int, _number("How many outages.", 1, 100)] = 1,
    job: Annotated[Together, typer.Option(help="steady reads, or an idle pool.")] = "steady",
    waive: Waive = [],  # noqa: B006 # nobody appends
    target: Target = TARGET,
    json: Json = False,
) -> int:
    """Observe an outage that COMMAND causes; exit 0 only if all came back by itself."""
    asked = plan.Watched(
        command=command, title=name, repeats=repeat, job=job, limit_s=limit(), waived=waive
    )
    return verbs.watch(target, asked, _shown(json))


@app.command(name="try", context_settings={"ignore_unknown_options": True})
def try_(
    command: Command,
    engine: Annotated[str, typer.Option(help="module:attribute of an engine or a pool.")] = "",
    url: Annotated[str, typer.Option(help="A page or an API that reads the database.")] = "",
    expect: Annotated[str, typer.Option(help="A text of the URL's good answer.")] = "",
    dsn: Annotated[str, typer.Option(help="A login for fresh sessions, where none is told.")] = "",
    health: Annotated[str, typer.Option(help="The URL of a health route: 2xx is green.")] = "",
    name: Annotated[str, typer.Option(help="What this outage is called.")] = "try",
    repeat: Annotated[int, _number("How many outages.", 1, 100)] = 1,
    waive: Waive = [],  # noqa: B006 # nobody appends
    json: Json = False,
) -> int:
    """Observe your own engine through an outage that COMMAND causes; without Docker."""
    tried = Tried(
        asked=Asked(engine=engine, url=url, expect=expect, dsn=dsn, health=health),
        command=command,
        title=name,
        repeats=repeat,
        limit_s=limit(),
        waived=waive,
    )
    return try_own(tried, _shown(json))


@app.command()
def demo(command: Command, target: Target = TARGET) -> int:
    """Show users their own error, then its cure; on a stack of its own, in under a minute."""
    return verbs.demo(target, command, _say)


@app.command(name="list")
def list_all(target: Target = TARGET) -> None:
    """List the faults, the contenders, the rules and the runs."""
    _say(f"faults      {', '.join(FAULTS)}")
    _say(f"contenders  {', '.join(plan.all_entries(load_target(target)))}")
    _say(f"rules       {', '.join(RULES)}")
    for folder in all_runs():
        try:
            said = f"{read_run(folder).name}, {len(read_run(folder).planned)} outages"
        except BadInputError as error:
            said = str(error)
        _say(f"run         {folder.name}  {said}")


@app.command()
def judge(run: Run) -> int:
    """Judge a run as stored; exit 0 passed, 1 some failed, 2 some inconclusive."""
    return verbs.say_verdict(write_verdict(find_run(run)), _say)


@app.command()
def report(
    run: Run, html: Annotated[bool, typer.Option("--html", help="report.html alone.")] = False
) -> None:
    """Judge a run as stored; write report.md, report.html and timelines, and print the report."""
    verbs.report(find_run(run), _say, html=html)


@app.command()
def heal(target: Target = TARGET) -> None:
    """Heal what a dead run left open; remove its stack, unless KEEP=1."""
    said, keep = "", os.environ.get("KEEP") == "1"
    for said in heal_open(load_target(target), None if keep else down):
        _say(said)
    if not said:
        _say("nothing to heal")


@app.command()
def status(
    target: Target = TARGET,
    check: Annotated[bool, typer.Option("--check", help="Exit 1 where a fault is open.")] = False,
) -> int:
    """Tell every open fault, also a dead run's."""
    found = [str(one) for one in open_faults(load_target(target))]
    _say("\n".join(found) or "no fault is open")
    return int(check and bool(found))


def _shown(json: bool) -> verbs.Say:
    return Events(_say) if json else _say


def _names(text: str) -> list[str]:
    return [] if text == "all" else text.split(",")


def main() -> None:
    """Run the command line; an error is one line and a status, and bad usage is 64."""
    try:
        status = app(standalone_mode=False, prog_name="recovery-lab")
    except typer.TyperException as error:
        said = error.format_message().replace("Value error, ", "").rstrip(".")
        _fail(f"error: {said}; see: recovery-lab --help", USAGE)
    except BadInputError as error:
        _fail(f"error: {error}", USAGE)
    except InconclusiveError as error:
        _fail(f"INCONCLUSIVE: {error}", INCONCLUSIVE)
    except HealError as error:
        _fail(f"error: {error}", FAILED)
    except (LabError, OSError) as error:  # docker, a full disk, a folder that is not ours
        _fail(f"error: {error}", INCONCLUSIVE)
    if status == INTERRUPTED:  # by Ctrl-C or SIGTERM
        _fail("interrupted; nothing is left open", INTERRUPTED)
    sys.exit(status)


def _fail(said: str, status: int) -> NoReturn:
    print(said, file=sys.stderr)
    # By its words: a command line that can't be parsed was meant for a program as well.
    if "--json" in takewhile(lambda word: word != "--", sys.argv):
        with suppress(OSError):  # it reads no more
            Events(_say).broke_off(said, status)
    sys.exit(status)
