"""The command line, and the only place that prints."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from recovery_lab import verbs
from recovery_lab.errors import BadInputError, HealError, InconclusiveError, LabError
from recovery_lab.plan import Watched

if TYPE_CHECKING:
    from recovery_lab.outage import JobName

FAILED, INCONCLUSIVE, USAGE, INTERRUPTED = 1, 2, 64, 130

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

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
    faults: Annotated[str, typer.Option(help="a,b or all; by default the quick set.")] = "",
    contenders: Annotated[str, typer.Option(help="a,b; by default all.")] = "",
    repeats: Annotated[str, typer.Option(help="How many outages of each fault.")] = "",
    hold: Annotated[str, typer.Option(help="Each fault's length in seconds.")] = "",
    solo: Annotated[str, typer.Option(help="1: one contender in an outage, at full rate.")] = "",
    keep: Annotated[str, typer.Option(help="1: stop at a bad cell, leave its stack.")] = "",
    resume: Annotated[str, typer.Option(help="Go on with a run that broke off.")] = "",
    seed: Annotated[str, typer.Option(help="The seed of the lengths' jitter.")] = "",
    target: Target = TARGET,
) -> None:
    """Play faults x contenders on a stack of its own; judge and report."""
    words = verbs.Words(
        faults=faults,
        contenders=contenders,
        repeats=repeats,
        hold=hold,
        solo=solo,
        keep=keep,
        resume=resume,
        seed=seed,
    )
    _guarded(lambda: verbs.run(target, words, _say))


@app.command(context_settings={"ignore_unknown_options": True})
def watch(
    command: Command,
    name: Annotated[str, typer.Option(help="What this outage is called.")] = "outage",
    repeat: Annotated[int, typer.Option(help="How many outages, 1 to 100.")] = 1,
    job: Annotated[str, typer.Option(help="steady reads, or an idle pool.")] = "steady",
    target: Target = TARGET,
) -> None:
    """Observe an outage that COMMAND causes; exit 0 only if all came back by itself."""
    asked = Watched(command=command, title=name, repeats=repeat, job=cast("JobName", job))
    _guarded(lambda: verbs.watch(target, asked, _say))


@app.command()
def demo(command: Command, target: Target = TARGET) -> None:
    """Show users their own error, then its cure; on a stack of its own, in under a minute."""
    _guarded(lambda: verbs.demo(target, command, _say))


@app.command(name="list")
def list_all(target: Target = TARGET) -> None:
    """List the faults, the contenders, the rules and the runs."""
    _guarded(lambda: verbs.list_all(target, _say))


@app.command()
def judge(run: Run) -> None:
    """Judge a run as stored; exit 0 passed, 1 some failed, 2 some inconclusive."""
    _guarded(lambda: verbs.judge(run, _say))


@app.command()
def report(run: Run) -> None:
    """Write a run's report.md and its timelines; print the report."""
    _guarded(lambda: verbs.report(run, _say))


@app.command()
def heal(target: Target = TARGET) -> None:
    """Heal what a dead run left open; remove its stack, unless KEEP=1."""
    _guarded(lambda: verbs.heal(target, _say, keep=os.environ.get("KEEP") == "1"))


@app.command()
def status(
    target: Target = TARGET,
    check: Annotated[
        bool, typer.Option(help="Exit 1 where a fault is open.")
    ] = False,  # a flag of the command line
) -> None:
    """Tell every open fault, also a dead run's."""
    _guarded(lambda: verbs.status(target, _say, check=check))


def _say(text: str) -> None:
    print(text, flush=True)


def _guarded(work: Callable[[], int]) -> None:
    """Run a verb and exit with its status; turn the lab's own errors into one line and a status."""
    raise typer.Exit(_status(work))


def _status(work: Callable[[], int]) -> int:
    try:
        return work()
    except BadInputError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    except InconclusiveError as error:
        print(f"INCONCLUSIVE: {error}", file=sys.stderr)
        return INCONCLUSIVE
    except HealError as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    except (LabError, OSError) as error:  # docker, a full disk, a folder that is not ours
        print(f"error: {error}", file=sys.stderr)
        return INCONCLUSIVE
    except KeyboardInterrupt:
        print("interrupted; nothing is left open", file=sys.stderr)
        return INTERRUPTED


def main() -> None:
    """Run the command line; bad usage is 64, for 2 means inconclusive here."""
    try:
        sys.exit(app(standalone_mode=False, prog_name="recovery-lab"))
    except typer.Abort:
        sys.exit(INTERRUPTED)
    except typer.TyperException as error:
        print(f"error: {error.format_message()}; see: recovery-lab --help", file=sys.stderr)
        sys.exit(USAGE)
