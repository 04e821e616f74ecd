"""The command line, and the only place that prints."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from recovery_lab import docker
from recovery_lab.demo import demo_verdict, play
from recovery_lab.errors import BadInputError, InconclusiveError, LabError
from recovery_lab.faults import FAULTS
from recovery_lab.faults.healing import heal_open
from recovery_lab.files import write_whole
from recovery_lab.judge.outage import Outage, judge
from recovery_lab.judge.phases import phases
from recovery_lab.judge.verdict import STATUS, verdict_lines, write_verdict
from recovery_lab.record.history import AnyRecord
from recovery_lab.report import restart as report
from recovery_lab.roles import JOBS_OF
from recovery_lab.runs import all_runs, find_run, read_run
from recovery_lab.target import limit_s, load_target
from recovery_lab.watch import Job, Watch, watch_outage

PASSED, FAILED, INCONCLUSIVE, USAGE, INTERRUPTED = 0, 1, 2, 64, 130
_EXIT = {"passed": PASSED, "failed": FAILED, "inconclusive": INCONCLUSIVE}

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def lab() -> None:
    """Does the dashboard come back when PostgreSQL does, and what did its users see meanwhile?"""
    # SIGTERM must run the same clean-up as Ctrl-C: a database that was taken away comes back.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # A shell starts a background job with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@app.command(context_settings={"ignore_unknown_options": True})
def watch(
    command: Annotated[list[str], typer.Argument(help="What takes the database away.")],
    name: Annotated[str, typer.Option(help="What this outage is called.")] = "outage",
    repeat: Annotated[int, typer.Option(help="How many outages, 1 to 100.")] = 1,
    job: Annotated[str, typer.Option(help="steady reads, or an idle pool.")] = "steady",
) -> None:
    """Observe while COMMAND takes the database away; exit 0 only if all came back by itself."""
    raise typer.Exit(_guarded(lambda: _watch_all(command, name, repeat, job)))


@app.command()
def demo(
    command: Annotated[list[str], typer.Argument(help="What takes the database away.")],
) -> None:
    """Show users their own error, then its cure; on a stack of its own, in about half a minute."""
    raise typer.Exit(_guarded(lambda: _demo(command)))


@app.command(name="list")
def list_runs() -> None:
    """List the matrix' faults, contenders and runs."""
    raise typer.Exit(_guarded(_list))


@app.command(name="judge")
def judge_verb(
    run: Annotated[str, typer.Argument(help="A run's folder, its name, or latest.")],
) -> None:
    """Judge a run as stored; exit 0 passed, 1 some failed, 2 some inconclusive."""
    raise typer.Exit(_guarded(lambda: _judge(run)))


@app.command(name="report")
def report_verb(
    run: Annotated[str, typer.Argument(help="A run's folder, its name, or latest.")],
) -> None:
    """Write a run's report.md and its timelines; print the report."""
    raise typer.Exit(_guarded(lambda: _report(run)))


@app.command()
def heal() -> None:
    """Heal what a dead run left open; remove its stack, unless KEEP=1."""
    raise typer.Exit(_guarded(_heal))


def _heal() -> int:
    said = "nothing to heal"
    keep = os.environ.get("KEEP") == "1"
    for said in heal_open(load_target(Path("target.toml")), keep=keep):
        print(said, flush=True)
    if said == "nothing to heal":
        print(said)
    return PASSED


def _list() -> int:
    print(f"faults      {', '.join(FAULTS)}")
    print(f"contenders  {', '.join(JOBS_OF)}")
    for folder in all_runs():
        info = read_run(folder)
        print(f"run         {folder.name}  {', '.join(info.faults)} x {info.repeats}")
    return PASSED


def _judge(word: str) -> int:
    verdict = write_verdict(find_run(word))
    for line in verdict_lines(verdict):
        print(line)
    return STATUS[verdict.verdict]


def _report(word: str) -> int:
    from recovery_lab.report import matrix as matrix_report  # noqa: PLC0415 # its charts take 0.6 s to load

    folder = find_run(word)
    print(matrix_report.write(folder))
    print(report.row("report", f"{folder}/report.md"))
    return PASSED


def _watch_all(command: list[str], name: str, repeat: int, job: str) -> int:
    """Watch `repeat` outages; keep the page and the records also when stopped half-way."""
    if job not in ("steady", "idle"):
        raise BadInputError(f"--job {job!r}: expected steady or idle")
    if not 1 <= repeat <= 100:
        raise BadInputError(f"--repeat {repeat}: expected a whole number from 1 to 100")
    begun = datetime.now(UTC)
    target, limit = load_target(Path("target.toml")), limit_s()
    folder = Path(".lab") / name.split(maxsplit=1)[0]
    stem = folder / begun.strftime("%Y-%m-%dT%H%M%SZ")
    outages: list[Outage] = []
    try:
        for number in range(1, repeat + 1):
            if repeat > 1:
                print(f"--- run {number} of {repeat}", flush=True)
            history = stem.with_name(f"{stem.name}-{number}.jsonl")
            job_word: Job = "steady" if job == "steady" else "idle"
            one = Watch(
                target=target, command=command, limit_s=limit, history=history, job=job_word
            )
            outages.append(_watch_one(one, name))
    finally:
        if outages:
            _keep(stem, folder.name, name, command, outages)
    print(report.row("report", f"{stem}.md · .json"))
    verdicts = {outage.verdict for outage in outages}
    worst = next(word for word in ("failed", "inconclusive", "passed") if word in verdicts)
    return _EXIT[worst]


def _watch_one(watch: Watch, name: str) -> Outage:
    """Watch one outage and print its phases as they become known."""
    printer = _Printer(name, watch.limit_s)
    outage = watch_outage(watch, printer)
    printer.phases(outage)
    for line in report.closing_lines(outage):
        print(line, flush=True)
    return outage


class _Printer:
    """Prints each phase of an outage once, when it is known."""

    def __init__(self, name: str, limit: float) -> None:
        self._name = name
        self._limit_s = limit
        self._printed: set[str] = set()

    def __call__(self, history: Sequence[AnyRecord]) -> None:
        outage = judge(history, self._limit_s)
        server = f"postgres {outage.server_version} · policy {report.shown_policy(outage)}"
        where = f"docker context: {docker.describe_context()}" if not self._printed else ""
        self._once("header", f"{self._name} · {server} · {where}")
        self._once("before", report.before_line(outage))
        self.phases(outage)

    def phases(self, outage: Outage) -> None:
        """Print what is new."""
        for phase in phases(outage, self._name.split(maxsplit=1)[0]):
            self._once(phase.key, report.row(f"{phase.at_s:6.3f} s", phase.text))

    def _once(self, key: str, line: str) -> None:
        if key not in self._printed:
            self._printed.add(key)
            print(line, flush=True)


def _keep(stem: Path, kind: str, name: str, command: list[str], outages: list[Outage]) -> None:
    """Write the page and the figures; the latest ones also under a name that does not change."""
    facts = {
        "PostgreSQL": outages[-1].server_version,
        "policy": report.shown_policy(outages[-1]),
        "command": " ".join(command),
        "Docker": docker.describe_version(),
    }
    page = report.markdown(outages, f"{name}: {stem.name}", facts)
    figures = msgspec.json.format(
        msgspec.json.encode({"name": name, "facts": facts, "runs": outages}), indent=2
    )
    write_whole(stem.with_suffix(".md"), page.encode())
    write_whole(stem.with_suffix(".json"), figures)
    write_whole(Path(".lab") / f"last-{kind}.json", figures)


def _guarded(work: Callable[[], int]) -> int:
    """Run a verb; turn the lab's own errors into one line and an exit status."""
    try:
        return work()
    except BadInputError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    except InconclusiveError as error:
        print(f"INCONCLUSIVE: {error}", file=sys.stderr)
        return INCONCLUSIVE
    except (LabError, OSError) as error:  # OSError: a full disk, a folder that is not ours
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("interrupted; the database is running", file=sys.stderr)
        return INTERRUPTED


def _demo(command: list[str]) -> int:
    print("Five idle pooled connections, a restart of PostgreSQL, then five reads at once.")
    acts = []
    with Console().status("starting a stack of its own") as status:
        for act in play(load_target(Path("target.toml")), command):
            acts.append(act)
            status.update(f"policy {act.outage.policy} seen")
    table = Table("policy", "reads failed after the server was ready", "what the driver said")
    for act in acts:
        reads = act.outage.reads.failed_after_ready
        of = len(act.outage.warm_backends)
        table.add_row(report.shown_policy(act.outage), f"{reads} of {of}", act.driver_said or "-")
    Console().print(table)
    return _EXIT[demo_verdict(acts)]


def main() -> None:
    """Run the command line; bad usage is 64, for 2 means inconclusive here."""
    try:
        sys.exit(app(standalone_mode=False, prog_name="recovery-lab"))
    except typer.Abort:
        sys.exit(INTERRUPTED)
    except typer.TyperException as error:
        print(f"error: {error.format_message()}; see: recovery-lab --help", file=sys.stderr)
        sys.exit(USAGE)
