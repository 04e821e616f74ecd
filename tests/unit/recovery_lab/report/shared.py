"""Runs of scripted outages that several contenders meet side by side, and their pages."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from recovery_lab.faults import FAULTS
from recovery_lab.folder import SHAPE, RunInfo, save
from recovery_lab.judge.verdict import OutageVerdict, RunVerdict, judge_outage, judge_run
from recovery_lab.outage import OutageInfo
from recovery_lab.plan import jitter_s
from recovery_lab.report.html import page
from recovery_lab.report.lanes import read_lanes
from recovery_lab.target import Traits
from tests.unit.recovery_lab.histories import Reads, Script

PINGS, PLAIN = Traits(pools=True, pings=True), Traits(pools=True)
NEVER, SEED = 99.0, 7


def cells(*names: str) -> list[Reads]:
    """Return both jobs of some pools: those that ping, those that do not, one that never returns.

    Each has sessions of its own, or one contender's would be taken for another's.
    """
    found: list[Reads] = []
    for number, name in enumerate(names):
        own = {"contender": name, "backends": tuple(range(200 + 10 * number, 205 + 10 * number))}
        if name == "pinned":
            found.append(Reads(**own, recovered_s=NEVER))
            continue
        traits = PLAIN if name == "naive" else PINGS
        found.append(Reads(**own, traits=traits))
        first = "ok" if traits.pings else "failed"
        found.append(Reads(**own, traits=traits, job="idle", first_outcome=first))
    return found


def script(*names: str, **changed: object) -> Script:
    """Return an outage that ends well after pinned is known never to return."""
    return Script(cells=cells(*names), end_s=19.0, **changed)


def repeated(one: Script, number: int, **changed: object) -> tuple[OutageInfo, OutageVerdict]:
    """Return one of several repeats of an outage, planned and judged."""
    hold_s = round(FAULTS[one.fault].hold_s + jitter_s(SEED, one.fault, number, ""), 3)
    own = {"repeat": number, "policy": "", "seed": SEED, "hold_s": hold_s}
    info = msgspec.structs.replace(one.info(), **{**own, **changed})
    return info, judge_outage(info, one.history())


def info_of(planned: Sequence[OutageInfo], **changed: object) -> RunInfo:
    """Return what a run was, by its outages."""
    values = {
        "shape": SHAPE,
        "name": "restart",
        "began": "2026-01-01T09:00:00Z",
        "seed": SEED,
        "planned": list(planned),
        "target": "target.toml",
        "twin": "",
        "commit": "0123456789ab+",
        "images": {"postgres": "recovery-lab/postgres:local sha256:77"},
        "host": {"processors": "2"},
        "versions": {"sqlalchemy": "2.1.9"},
        "settings": {"LAB_LIMIT_S": "120"},
    }
    return RunInfo(**{**values, **changed})


def keep(run: Path, scripts: Sequence[Script], **changed: object) -> RunVerdict:
    """Write a run's folder: its outages are the repeats of one another."""
    verdicts = []
    for number, one in enumerate(scripts, start=1):
        info, judged = repeated(one, number)
        folder = run / "outages" / info.name
        folder.mkdir(parents=True)
        save(folder / "outage.json", info)
        (folder / "history.jsonl").write_bytes(one.encoded())
        verdicts.append(judged)
    planned = [one.info for one in verdicts]
    verdict = judge_run(verdicts, [one.name for one in planned])
    save(run / "run.json", info_of(planned, **changed))
    save(run / "verdict.json", verdict)
    return verdict


def page_of(run: Path, scripts: Sequence[Script], **changed: object) -> str:
    """Return the page of a run that is kept in a folder."""
    verdict = keep(run, scripts, **changed)
    info = info_of([one.info for one in verdict.outages], **changed)
    return page(info, verdict, read_lanes(run, verdict))
