"""The tables that documents repeat from code and from recorded runs: each stands between marks.

`python -m tests.tables` writes them anew: what stands between `<!-- table: NAME -->` and
`<!-- end -->`. NAME is one of `TABLES`, or `RUN: TABLE`: a folder of docs/runs/ and a table of
recovery_lab/report/figures.py; `RUN+RUN: TABLE` is made of the outages of both, `RUN: TABLE of
WORD` has only its rows with a cell of that word.
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from dashboard.executor import Workers
from dashboard.health import Health, History
from dashboard.kinds import MESSAGES
from dashboard.metrics import Metrics, Sources
from dashboard.pool_stats import PoolStats
from dashboard.settings import SETTINGS
from dashboard.translations import KOREAN
from recovery_lab.contenders.registry import CANARY, entries
from recovery_lab.faults import FAULTS, Effects, Fault
from recovery_lab.folder import read_run
from recovery_lab.judge import thresholds
from recovery_lab.judge.roles import part_of
from recovery_lab.judge.rules import CAPABILITIES, RULES
from recovery_lab.judge.verdict import RunVerdict
from recovery_lab.outage import Cast, JobName
from recovery_lab.plan import can_meet
from recovery_lab.report import figures
from recovery_lab.report.events import Event
from recovery_lab.report.words import table
from recovery_lab.target import Traits, load_target
from steadypool import Counters
from tests.bench.tables import alarms, notice, price, steady
from tests.errors.page import errors, innocents, outages
from tests.observe.tables import alerts, situations

ROOT = Path(__file__).parents[1]
INSIDE = (
    "DB_HOST",
    "DB_PORT",
    "DB_NAME",
    "DB_USER",
    "DB_PASSWORD_FILE",
    "DB_SSLMODE",
    "DB_SSLROOTCERT",
)
RUNS = ROOT / "docs/runs"
_MARKED = re.compile(r"(<!-- table: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)
Jobs = Mapping[str, tuple[Traits, Sequence[JobName]]]  # of each contender


def contenders() -> Jobs:
    """Return the contenders of this repository's own target."""
    known = entries(load_target(ROOT / "target.toml"))
    return {name: (entry.traits, entry.jobs) for name, entry in known.items()}


def playing() -> Jobs:
    """Return those that can decide an outage unasked: not the canary, which is shown."""
    known = entries(load_target(ROOT / "target.toml"))
    joining = {name for name, entry in known.items() if entry.joins}
    return {name: one for name, one in contenders().items() if name in joining - {CANARY}}


def rewritten(text: str, make: Callable[[str], str]) -> str:
    """Return a document with each table between its marks made anew; `make` gets its name."""
    return _MARKED.sub(lambda found: f"{found[1]}{make(found[2])}\n{found[3]}", text)


def _faults(contenders: Jobs) -> str:
    """Return the faults, with what they do and who fails under each as a control."""
    heads = "fault|cuts|ends sessions|length in s|in the matrix, s|the server restarts"
    heads += "|FATAL lines it explains|controls"
    return table(
        heads.split("|"),
        [
            (
                f"`{name}`",
                "as seen" if fault.effects.observed else _cuts(fault.effects),
                _yes(None if fault.effects.observed else fault.effects.ends_sessions),
                f"{fault.min_hold_s:g} to {fault.max_hold_s:g}" if fault.max_hold_s else "none",
                "not played" if fault.effects.observed else f"{fault.hold_s:g}",
                _yes(fault.effects.restarts),
                " ".join(fault.effects.explains) or "none",
                ", ".join(_controls(fault, contenders)) or "none",
            )
            for name, fault in FAULTS.items()
        ],
    )


def _cuts(effects: Effects) -> str:
    healed = "" if effects.heal_cuts == "none" else f", as it heals {effects.heal_cuts}"
    return effects.cuts + healed


def _contenders(known: Jobs) -> str:
    """Return the contenders with their traits."""
    heads = "contender|jobs|pools|pings|cleared by a monitor|reconnects|forgets"
    heads += "|looks the name up|waits on silence, s|deadline, s|workers"
    return table(
        heads.split("|"),
        [
            (
                f"`{name}`",
                ", ".join(jobs),
                _yes(traits.pools),
                _yes(traits.pings),
                _yes(traits.monitored),
                _yes(traits.reconnects),
                _yes(traits.fresh),
                _yes(traits.resolves),
                _bound(traits.silent_s),
                _bound(traits.deadline_s),
                traits.workers,
            )
            for name, (traits, jobs) in known.items()
        ],
    )


def _bound(seconds: float | None) -> str:
    return "none" if seconds is None else f"{seconds:g}"


def _rules() -> str:
    """Return the rules of the verdict."""
    return table(
        ["rule", "holds when", "bound", "needs"],
        [
            (f"`{r.name}`", r.says, r.bound, CAPABILITIES.get(r.needs, r.needs or "nothing"))
            for r in RULES.values()
        ],
    )


def _thresholds() -> str:
    """Return the thresholds; what each is for stands beside it in the code."""
    text = inspect.getsource(thresholds.Thresholds)
    said = re.findall(r"^    (\w+): \w+ = \S+  # (.+)$", text, re.MULTILINE)
    return table(
        ["name", "value", "what"],
        [(f"`{name}`", f"{getattr(thresholds.THRESHOLDS, name):g}", what) for name, what in said],
    )


def _events() -> str:
    """Return the events of `--json`; what each field is stands beside it in the code."""
    rows = []
    for kind in (Event, *Event.__subclasses__()):
        source = inspect.getsource(kind)
        said = dict(re.findall(r"^    (\w+): .+?  # (.+)$", source, re.MULTILINE))
        own = kind.__struct_fields__ if kind is Event else kind.__struct_fields__[2:]
        name = "every event" if kind is Event else f"`{kind.__struct_config__.tag}`"
        what = str(kind.__doc__).rstrip(".")
        rows.append((name, what, "; ".join(f"`{one}` {said[one]}" for one in own)))
    return table(["event", "told when", "fields"], rows)


def _controls(fault: Fault, known: Jobs) -> list[str]:
    effects, told = fault.effects, []
    for name, (traits, jobs) in known.items() if not effects.observed else ():
        cast = Cast(contender=name, traits=traits, jobs=list(jobs))
        own = [
            job
            for job in jobs
            if can_meet(job, fault.name) and part_of(cast, job, effects, fault.hold_s).breaks
        ]
        told += [f"`{name}` {' '.join(own)}"] if own else []
    return told


def _yes(holds: bool | None) -> str:  # its one argument is what it says
    return {True: "yes", False: "no", None: "as seen"}[holds]


def _metrics() -> str:
    """Return what a scrape has; its words are those of the scrape's own help."""
    parts = Metrics()
    history = History(started_at=datetime.now(UTC), since=datetime.now(UTC))
    health = Health(status="starting", age_s=None, since=history.since, history=history)
    pool = PoolStats(
        size=5, checked_in=0, checked_out=0, overflow=0, connects_total=0, invalidations_total=0
    )
    parts.watch(
        Sources(
            policy="adopted",
            health=lambda: health,
            pool=lambda: pool,
            met=Counters,
            workers=lambda: Workers(total=0, stuck={}),
            queue_depth=lambda: 0,
            rejections=lambda: 0,
        )
    )
    families = text_string_to_metric_families(parts.text().decode())
    return table(["name", "type", "meaning"], sorted(map(_metric, families)))


def _metric(family: Metric) -> tuple[str, str, str]:
    name = family.name + "_total" * (family.type == "counter")
    labels = {label for sample in family.samples for label in sample.labels} - {"le"}
    shown = name + "".join(f"{{{label}}}" for label in sorted(labels))
    return f"`{shown}`", family.type, family.documentation.rstrip(".")


def _kinds() -> str:
    """Return the kinds of trouble with the words that users meet."""
    rows = [(f"`{kind}`", words, KOREAN[words]) for kind, words in MESSAGES.items()]
    return table(["kind", "words", "in Korean"], rows)


def _container_settings() -> str:
    """Return the settings that the compose file makes for the dashboard's container."""
    inside = [one for one in SETTINGS.values() if one.name in INSIDE]
    return table(
        ["name", "default", "bounds"],
        [(f"`{o.name}`", f"`{o.default}`" if o.default else "none", o.expected) for o in inside],
    )


TABLES: Mapping[str, Callable[[], str]] = {
    "alerts": alerts,
    "container settings": _container_settings,
    "contenders": lambda: _contenders(contenders()),
    "corpus outages": lambda: outages(RUNS),
    "errors": lambda: errors(RUNS),
    "events": _events,
    "faults": lambda: _faults(playing()),
    "innocents": lambda: innocents(RUNS),
    "kinds": _kinds,
    "metrics": _metrics,
    "false alarms": lambda: alarms(RUNS / "notice.json"),
    "notice": lambda: notice(RUNS / "notice.json"),
    "price": lambda: price(RUNS / "bench.json"),
    "rules": _rules,
    "situations": situations,
    "steady": lambda: steady(RUNS / "bench-steady.json"),
    "thresholds": _thresholds,
}


def made(name: str, runs: Path = RUNS) -> str:
    """Return a table by its name."""
    run, colon, which = name.partition(": ")
    if not colon:
        return TABLES[name]()
    paths = [runs / name for name in run.split("+")]
    kept = [(path / "verdict.json").read_bytes() for path in paths]
    first, *others = [msgspec.json.decode(text, type=RunVerdict) for text in kept]
    outages = [*first.outages, *(outage for other in others for outage in other.outages)]
    verdict = msgspec.structs.replace(first, outages=outages)
    which, _, word = which.partition(" of ")
    heads, line, *rows = figures.TABLES[which](read_run(paths[0]), verdict).splitlines()
    return "\n".join([heads, line, *(row for row in rows if not word or f"| {word} |" in row)])


def documents() -> list[Path]:
    """Return the documents that may hold such tables."""
    return sorted([*ROOT.glob("docs/*.md"), ROOT / "README.md", ROOT / "README.ko.md"])


if __name__ == "__main__":
    for page in documents():
        page.write_text(rewritten(page.read_text(), made))
