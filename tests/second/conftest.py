"""A target unlike ours in everything, played by the same engine, on stacks of its own."""

from pathlib import Path

import pytest

from recovery_lab import plan
from recovery_lab.engine import View
from recovery_lab.judge.verdict import OutageVerdict
from recovery_lab.run import begin_run, play_run
from recovery_lab.stack import private_stack
from recovery_lab.target import load_target
from tests.running import ROOT, mark_all

FOLDER = ROOT / "tests/targets/inventory"
IMAGES = ("POSTGRES_IMAGE", "PYTHON_IMAGE")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each is a whole run: it may take long."""
    mark_all(items, __file__, pytest.mark.integration, pytest.mark.timeout(600))


def images() -> dict[str, str]:
    """Return the images that `make verify` has chosen: the second stack has no .env of its own."""
    lines = (ROOT / ".env").read_text().splitlines()
    kept = dict(line.split("=", 1) for line in lines if "=" in line and line[0] != "#")
    return {name: kept[name] for name in IMAGES if name in kept}


def played(file: str, folder: Path, **asked) -> dict[str, OutageVerdict]:
    """Play one version of the target through some faults; return its outages by fault."""
    target = load_target(FOLDER / file)
    outages = plan.outages(target, plan.Asked(seed=plan.new_seed(), **asked))
    with private_stack(target, "second", images()) as stack:
        run = begin_run(stack, "second", Path(file), outages, folder)
        verdict = play_run(run, stack, View())
    return {outage.info.fault: outage for outage in verdict.outages}
