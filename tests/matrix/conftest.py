"""The quick set, played once by the one engine; its cells are what the tests read."""

from pathlib import Path

import pytest

from recovery_lab import plan, verbs
from recovery_lab.engine import View
from recovery_lab.judge.verdict import Cell, OutageVerdict
from recovery_lab.run import begin_run, play_run
from recovery_lab.target import load_target
from tests.running import ROOT, Running, mark_all

TARGET = load_target(ROOT / "target.toml")
PLANNED = plan.outages(TARGET, plan.Asked(seed=plan.new_seed()))
ROWS = [(info.name, cast.contender, job) for info in PLANNED for cast, job in info.cells]


class Shown:
    """Shows progress at once, though pytest captures what a fixture prints."""

    def __init__(self, config: pytest.Config) -> None:
        self._capture = config.pluginmanager.get_plugin("capturemanager")
        self._reporter = config.pluginmanager.get_plugin("terminalreporter")

    def say(self, text: str) -> None:
        """Show a step."""
        with self._capture.global_and_fixture_disabled():
            self._reporter.write_line(text)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each planned cell, in the order of their outages."""
    if "cell" in metafunc.fixturenames:
        ids = ["-".join(row) for row in ROWS]
        metafunc.parametrize("cell", ROWS, indirect=True, ids=ids, scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The whole run is the first cell's set-up: it may take long."""
    mark_all(items, __file__, pytest.mark.integration, pytest.mark.timeout(900))


@pytest.fixture(scope="session")
def outages(request: pytest.FixtureRequest, private: Running) -> dict[str, OutageVerdict]:
    """The run's outages by name; recorded and reported under .lab/runs/ as any run."""
    private.heal("adopted")
    folder = begin_run(private.value, "-".join(plan.QUICK), Path("target.toml"), PLANNED)
    try:
        verdict = play_run(folder, private.value, View(say=Shown(request.config).say))
    finally:
        verbs.report(folder, lambda _: None)
    return {outage.name: outage for outage in verdict.outages}


@pytest.fixture(scope="session")
def cell(request: pytest.FixtureRequest, outages: dict[str, OutageVerdict]) -> Cell:
    """One cell, as the run was judged."""
    name, contender, job = request.param
    return next(c for c in outages[name].cells if (c.contender, c.job) == (contender, job))
