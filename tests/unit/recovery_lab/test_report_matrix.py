"""The report on a run: the page and the picture."""

from pathlib import Path

import pytest

from recovery_lab.report import matrix
from tests.unit.recovery_lab.golden import Golden
from tests.unit.recovery_lab.test_verdict import keep


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of two outages: one passed, one failed."""
    good = Golden(contender="dashboard", limit_s=5.0)
    bad = Golden(contender="dashboard", recovered_s=99.0, limit_s=5.0)
    bad.extra += [*bad.read(9001, 3.01, "unfinished"), bad.missed(3.02)]
    keep(tmp_path, good, repeat=1)
    keep(tmp_path, bad, repeat=2)
    return tmp_path


def test_page_has_roles_counts_and_reasons(run: Path) -> None:
    """What a ticket needs: the verdict, each cell, why not, how sure, the seed and versions."""
    page = matrix.write(run)
    for said in (
        "**failed**: 1 passed, 1 failed, 0 inconclusive",
        "| restart | dashboard | steady | subject | passed (uncontrolled) (1), failed (1) |",
        "restart-2 dashboard steady: no recovery, censored 7.0 s after ready",
        "2 of the 5 repeats that a claimed difference needs",
        "Seed 7",
        "| docker | Engine 20 |",
        "| PostgreSQL | 17.6 |",
        "`SOLO=1`",
    ):
        assert said in page
    assert page == (run / "report.md").read_text()


def test_page_is_the_same_byte_for_byte(run: Path) -> None:
    """A report is a function of the folder."""
    assert matrix.write(run) == matrix.write(run)


def test_each_outage_has_a_timeline(run: Path) -> None:
    """One picture each, in ink that a printer without colour keeps apart: by shape and shade."""
    matrix.write(run)
    for name in ("restart-1", "restart-2"):
        picture = (run / f"timelines/{name}.svg").read_text()
        assert picture.startswith("<svg")
        assert "ready between 1.980 and 2.005 s" in picture
        assert "dashboard · steady" in picture


@pytest.mark.parametrize(
    ("repeats", "said"), [(5, "not distinguishable"), (3, "indicative"), (2, "2 of the 5")]
)
def test_page_says_how_sure_it_is(repeats: int, said: str) -> None:
    """Five repeats are evidence, three indicative, fewer neither."""
    assert said in matrix.how_sure(repeats)
