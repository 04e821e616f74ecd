"""The public CI: its steps are make's verbs, and what it shows and uploads is what a run writes."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from recovery_lab.folder import ROOT as RUNS
from recovery_lab.report import junit, markdown
from tests.unit.recovery_lab.report.played import Played, keep
from tests.unit.test_docs import MAKEFILE, ROOT, targets

TEXT = (ROOT / ".github/workflows/ci.yml").read_text()
JOBS = yaml.safe_load(TEXT)["jobs"]
each_job = pytest.mark.parametrize("name", JOBS)
SHOWS = f'cat {RUNS}/latest/summary.md >>"$GITHUB_STEP_SUMMARY"'


def steps(job: dict, key: str) -> Iterator[dict]:
    """Yield a job's steps of one kind."""
    return (step for step in job["steps"] if key in step)


def unknown_steps(job: dict) -> list[str]:
    """Return what a job runs beside make's verbs and the showing of a summary."""
    verbs = {f"make {verb}" for verb in targets(MAKEFILE)}
    ran = (step["run"] for step in steps(job, "run") if step["run"] != SHOWS)
    return [line for line in ran if re.sub(r"( [A-Z]+=[\w,.]+)*$", "", line) not in verbs]


@each_job
def test_steps_are_verbs(name: str) -> None:
    """What the CI does, anyone can do: the two cannot drift."""
    assert [] == unknown_steps(JOBS[name])


@pytest.mark.parametrize("line", ["make verfy", "make verify; true", "bash scripts/verify.sh"])
def test_step_that_is_no_verb_is_found(line: str) -> None:
    """Control."""
    assert [line] == unknown_steps({"steps": [{"run": line}, {"run": "make matrix FAULTS=a,b"}]})


@each_job
def test_record_is_shown_and_uploaded_whatever_happened(name: str) -> None:
    """A red run's evidence counts most; `.lab` is hidden, and `latest` would be a second copy."""
    shown = [step for step in steps(JOBS[name], "run") if step["run"] == SHOWS]
    sent = [step for step in steps(JOBS[name], "uses") if "upload-artifact" in step["uses"]]
    assert ["always()"] * 2 == [step["if"] for step in (*shown, *sent)]
    assert [str(RUNS), f"!{RUNS}/latest"] == sent[0]["with"]["path"].split()
    assert sent[0]["with"]["include-hidden-files"] is True


def test_uploads_do_not_collide() -> None:
    """An artifact's name can be given once, by each job that a matrix makes as well."""
    jobs = {name: next(step for step in steps(JOBS[name], "uses") if "if" in step) for name in JOBS}
    names = {name: step["with"]["name"] for name, step in jobs.items()}
    assert len(JOBS) == len(set(names.values()))
    for name, job in JOBS.items():
        assert ("${{ matrix." in names[name]) == ("strategy" in job)


def test_run_writes_what_is_shown(tmp_path: Path) -> None:
    """By these names, in its folder."""
    verdict = keep(tmp_path, [Played()])
    markdown.write(tmp_path, verdict)
    junit.write(tmp_path, verdict)
    assert {"summary.md", "report.md", "junit.xml"} <= {path.name for path in tmp_path.iterdir()}


def test_every_major_is_the_official_image() -> None:
    """The default's among them, each under the same suite of Debian."""
    majors = JOBS["majors"]["strategy"]["matrix"]["major"]
    image = JOBS["majors"]["env"]["POSTGRES_IMAGE"]
    images = [image.replace("${{ matrix.major }}", str(major)) for major in majors]
    default = re.search(
        r"^ +OFFICIAL_POSTGRES=(\S+)$", (ROOT / "scripts/lib.sh").read_text(), re.MULTILINE
    )
    assert default[1] in images
    assert all(re.fullmatch(r"postgres:\d\d-trixie", one) for one in images)
    assert sorted(set(majors)) == majors


def test_actions_are_pinned_alike() -> None:
    """By major version, and one version of each."""
    used = {step["uses"] for job in JOBS.values() for step in steps(job, "uses")}
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", one) for one in used)
    assert len(used) == len({one.partition("@")[0] for one in used})
