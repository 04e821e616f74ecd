"""The command line, and the only place that prints."""

import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from recovery_lab import verbs
from recovery_lab.errors import BadInputError, HealError, InconclusiveError, LabError
from recovery_lab.outage import JobName
from recovery_lab.plan import QUICK, Asked, Watched, new_seed
from recovery_lab.target import limit_s

FAILED, INCONCLUSIVE, USAGE, INTERRUPTED = 1, 2, 64, 130

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _number(told: str, least: int, most: int, kind: type[float] = int, **more: Any) -> Any:
    """Return an option that is a number; a bad one is named with what was expected."""

    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            whole = "whole " * (kind is int)
            raise typer.BadParameter(f"{text}: expected a {whole}number from {least} to {most}")
        return value

    return typer.Option(parser=parse, metavar="NUMBER", help=told, **more)


Target = Annotated[Path, typer.Option(help="The file that declares what is under test.")]
Run = Annotated[str, typer.Argument(help="A run's folder, its name, or latest.")]
Command = Annotated[list[str], typer.Argument(help="What takes the database down.")]
TARGET = Path("target.toml")


@app.callback()
def recovery_lab() -> None:
    """Does the dashboard come back when PostgreSQL does, and what did its users see meanwhile?"""
    # SIGTERM must run the same clean-up as Ctrl-C: a database that was taken down comes back.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # A shell starts a background job with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@app.command()
def run(
    faults: Annotated[str, typer.Option(help="a,b or all.")] = ",".join(QUICK),
    contenders: Annotated[str, typer.Option(help="a,b or all.")] = "all",
    repeats: Annotated[int, _number("How many outages of each fault.", 1, 100)] = 1,
    hold: Annotated[float | None, _number("Each fault's length in s.", 0, 600, float)] = None,
    solo: Annotated[int, _number("1: one contender in an outage, at full rate.", 0, 1)] = 0,
    keep: Annotated[int, _number("1: stop at a bad cell, leave its stack.", 0, 1)] = 0,
    resume: Annotated[str, typer.Option(help="Go on with a run that broke off.")] = "",
    seed: Annotated[int | None, _number("The seed of the lengths' jitter.", 0, 2**31)] = None,
    target: Target = TARGET,
) -> int:
    """Play faults x contenders on a stack of its own; judge and report."""
    asked = Asked(
        faults=faults.split(","),
        contenders=contenders.split(","),
        repeats=repeats,
        hold_s=hold,
        solo=bool(solo),
        seed=new_seed() if seed is None else seed,
        limit_s=limit_s(),
    )
    return verbs.run(target, asked, _say, resume=resume, keep=bool(keep))


@app.command(context_settings={"ignore_unknown_options": True})
def watch(
    command: Command,
    name: Annotated[str, typer.Option(help="What this outage is called.")] = "outage",
    repeat: Annotated[int, _number("How many outages.", 1, 100)] = 1,
    job: Annotated[JobName, typer.Option(help="steady reads, or an idle pool.")] = "steady",
    target: Target = TARGET,
) -> int:
    """Observe an outage that COMMAND causes; exit 0 only if all came back by itself."""
    asked = Watched(command=command, title=name, repeats=repeat, job=job, limit_s=limit_s())
    return verbs.watch(target, asked, _say)


@app.command()
def demo(command: Command, target: Target = TARGET) -> int:
    """Show users their own error, then its cure; on a stack of its own, in under a minute."""
    return verbs.demo(target, command, _say)


@app.command(name="list")
def list_all(target: Target = TARGET) -> int:
    """List the faults, the contenders, the rules and the runs."""
    return verbs.list_all(target, _say)


@app.command()
def judge(run: Run) -> int:
    """Judge a run as stored; exit 0 passed, 1 some failed, 2 some inconclusive."""
    return verbs.judge(run, _say)


@app.command()
def report(run: Run) -> int:
    """Write a run's report.md and its timelines; print the report."""
    return verbs.report(run, _say)


@app.command()
def heal(target: Target = TARGET) -> int:
    """Heal what a dead run left open; remove its stack, unless KEEP=1."""
    return verbs.heal(target, _say, keep=os.environ.get("KEEP") == "1")


@app.command()
def status(
    target: Target = TARGET,
    check: Annotated[bool, typer.Option("--check", help="Exit 1 where a fault is open.")] = False,
) -> int:
    """Tell every open fault, also a dead run's."""
    return verbs.status(target, _say, check=check)


def _say(text: str) -> None:
    print(text, flush=True)


def main() -> None:
    """Run the command line; an error is one line and a status, and bad usage is 64."""
    try:
        sys.exit(app(standalone_mode=False, prog_name="recovery-lab"))
    except typer.Abort:  # Ctrl-C, SIGTERM
        _fail("interrupted; nothing is left open", INTERRUPTED)
    except typer.TyperException as error:
        _fail(f"error: {error.format_message()}; see: recovery-lab --help", USAGE)
    except BadInputError as error:
        _fail(f"error: {error}", USAGE)
    except InconclusiveError as error:
        _fail(f"INCONCLUSIVE: {error}", INCONCLUSIVE)
    except HealError as error:
        _fail(f"error: {error}", FAILED)
    except (LabError, OSError) as error:  # docker, a full disk, a folder that is not ours
        _fail(f"error: {error}", INCONCLUSIVE)


def _fail(said: str, status: int) -> None:
    print(said, file=sys.stderr)
    sys.exit(status)
