"""The plan's result document is what the committed runs say, and says what is missing."""

import json
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from dashboard.db_connector import POLICIES, Policy
from tests.result_doc import records
from tests.result_doc.__main__ import PAGES, made
from tests.result_doc.figures import BY_HAND, DECIDING, Asked, Runs
from tests.tables import ROOT, RUNS
from tests.unit.recovery_lab.report.played import Played, keep

each_language = pytest.mark.parametrize("language", PAGES)
VERIFIED = {"ko": "**상태: 검증됨.**", "en": "**Status: verified.**"}
NOT_VERIFIED = {"ko": "**상태: 검증되지 않음.**", "en": "**Status: not verified.**"}
NOT_MEASURED = {"ko": "측정하지 않음: `{}` 기록 없음", "en": "not measured: no `{}`"}
PASSED = {
    "lint": {"began": "2026-11-26T15:00:00Z", "commit": "0123456789ab", "status": 0},
    "verify": {
        "began": "2026-11-26T15:01:00Z",
        "commit": "0123456789ab",
        "status": 0,
        "parts": {"outages": {"tests": 57, "failures": 0, "errors": 0, "skipped": 1}},
        "figures": {"test_restarted_dashboard_shows_postgres_again/live_s": 2.625},
    },
}
NOTICE = {
    "began": "2026-11-26T15:02:00Z",
    "commit": "0123456789ab",
    "checks": [{"condition": "full load", "way": "2", "alarms": 3, "took_s": [0.1] * 8}],
    "losses": [{"loss": "freeze", "way": "2", "noticed_s": [1.5, None], "back_s": [0.25, 0.5]}],
}
# What digits a template may have: sections, the plan's number, its alternatives, a constant's name.
ALLOWED = r"^## \d+\. |18-03|PLAN_18_03|대안 \d|[Aa]lternative \d"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Committed runs and a record of the checks, all there and all passed."""
    folder = tmp_path / "runs"
    folder.mkdir()
    for name in (*DECIDING, *BY_HAND):
        neighbour = "restart-db" if name in BY_HAND else "solo"  # of one that is not measured yet
        there = RUNS / name if (RUNS / name).exists() else RUNS / neighbour
        (folder / name).symlink_to(there)
    shutil.copy(RUNS / "bench.json", folder)
    (folder / "notice.json").write_text(json.dumps(NOTICE))
    (folder / "verify.json").write_text(json.dumps(PASSED))
    return folder


def rewrite(path: Path, change) -> None:
    """Change a record; one of a run in a folder of its own."""
    told = json.loads(path.read_text())
    change(told)
    if path.parent.is_symlink():
        there = path.parent.resolve()
        path.parent.unlink()
        shutil.copytree(there, path.parent)
    path.write_text(json.dumps(told))


@each_language
def test_document_is_current(language: str) -> None:
    """`make result-doc` would change nothing."""
    assert (ROOT / PAGES[language]).read_text() == made(language)


@each_language
def test_document_has_its_twelve_sections(language: str) -> None:
    """They are numbered, in order."""
    found = re.findall(r"^## (\d+)\. \S", made(language), re.MULTILINE)
    assert [str(number) for number in range(1, 13)] == found


@each_language
def test_document_is_verified_where_all_is_passed(language: str, runs: Path) -> None:
    """With every run that judges a promise passed, and both checks."""
    text = made(language, runs)
    assert VERIFIED[language] in text
    assert NOT_VERIFIED[language] not in text


@pytest.mark.parametrize("run", DECIDING)
def test_run_that_failed_ends_the_verification(run: str, runs: Path) -> None:
    """Control: its kept word alone is enough, and the status names the run."""
    rewrite(runs / run / "verdict.json", lambda told: told.update(verdict="failed"))
    (status,) = re.findall(r"^\*\*상태: 검증되지 않음\.\*\*.*", made("ko", runs), re.MULTILINE)
    assert f"`{run}`" in status
    assert "`failed`" in status


def test_cell_that_failed_ends_the_verification(runs: Path) -> None:
    """Control: a verdict is made of its cells, whatever word stands above them."""

    def fail(told: dict) -> None:
        told["outages"][0]["cells"][0]["verdict"] = "failed"

    rewrite(runs / "restart-db/verdict.json", fail)
    assert NOT_VERIFIED["en"] in made("en", runs)


@each_language
@pytest.mark.parametrize("run", [*DECIDING, *BY_HAND])
def test_missing_run_is_said(language: str, run: str, runs: Path) -> None:
    """Control: wherever a figure of it would stand; and nothing is verified without it."""
    (runs / run).unlink()
    text = made(language, runs)
    assert NOT_MEASURED[language].format(run) in text
    assert (VERIFIED if run in BY_HAND else NOT_VERIFIED)[language] in text
    assert f"[^{run}/" not in text


@each_language
@pytest.mark.parametrize("name", ["bench.json", "notice.json", "verify.json"])
def test_missing_record_is_said(language: str, name: str, runs: Path) -> None:
    """Control: so is that of a bench, and of the checks."""
    (runs / name).unlink()
    assert NOT_MEASURED[language].format(name) in made(language, runs)


@pytest.mark.parametrize("status", [1, 130, None])
@pytest.mark.parametrize("name", ["lint", "verify"])
def test_check_that_did_not_pass_ends_the_verification(name: str, status, runs: Path) -> None:
    """Control: whether it failed, was broken off, or never came to its end."""
    rewrite(runs / "verify.json", lambda told: told[name].update(status=status))
    text = made("en", runs)
    assert f"{NOT_VERIFIED['en']} Why: `make {name}` is not on record as passed." in text
    outcome = "broken off" if status is None else f"failed (exit status {status})"
    assert f"`make {name}` | {outcome}" in text


def test_checks_say_what_they_counted(runs: Path) -> None:
    """Counts of tests and the seconds that a test took down are those of the record."""
    text = made("en", runs)
    assert "| outages | 57 | 0 | 0 | 1 |" in text
    assert "to its answer: 2.625 s[^verify.json/verify/figures/" in text
    assert "to `Up`: not measured: no `verify` in `verify.json`" in text


def test_follow_up_is_told_by_its_own_record(runs: Path) -> None:
    """False alarms of checks, after how long a loss was noticed, and how many were not."""
    text = made("en", runs)
    assert "| `full load` | 2 | 3 of 8 |" in text
    assert "| `freeze` | 2 | 1.500 s / 1.500 s (1) | 1 of 2 | 0.375 s / 0.500 s (2) |" in text
    assert (
        "[notice.json](../runs/notice.json) | - | 2026-11-26T15:02:00Z | `0123456789ab` |" in text
    )


@each_language
def test_template_types_no_figure(language: str) -> None:
    """A digit of its own is a section's number or a name's, never a figure."""
    template = (ROOT / f"tests/result_doc/{language}.md.jinja").read_text()
    left = re.sub(ALLOWED, "", template, flags=re.MULTILINE)
    assert [] == [line for line in left.splitlines() if re.search(r"\d", line)]


def test_languages_say_the_same_figures(runs: Path) -> None:
    """Each number, and each source, as often in the one as in the other."""
    found = [re.sub(r"\bsystem-health-ko\b", "", made(language, runs)) for language in PAGES]
    marks, numbers = (
        [Counter(re.findall(what, text)) for text in found]
        for what in (r"\[\^[^\]]+\]", r"\d+(?:\.\d+)?")
    )
    assert marks[0] == marks[1]
    assert numbers[0] == numbers[1]


@each_language
def test_each_source_is_named_and_there(language: str, runs: Path) -> None:
    """A figure's mark leads to its footnote, and that to a record of docs/runs."""
    text = made(language, runs)
    notes = dict(
        re.findall(r"^\[\^([^\]]+)\]: \[[^\]]+\]\(\.\./runs/([^)]+)\): \S", text, re.MULTILINE)
    )
    assert set(re.findall(r"\[\^([^\]]+)\](?!:)", text)) == set(notes)
    assert [] == [path for path in notes.values() if not (runs / path).exists()]


def test_options_are_those_of_an_engine(monkeypatch, runs: Path) -> None:
    """An option that the policy gives another value is told with that one."""
    other = Policy(name="adopted", shown_as="other", engine_options={"pool_recycle": 77})
    monkeypatch.setattr(records, "POLICIES", {**POLICIES, "adopted": other})
    text = made("en", runs)
    assert "| `pool_recycle` | `-1` | `77` | `pool._recycle` |" in text
    assert "| `pool_pre_ping` | `False` | `False` | `pool._pre_ping` |" in text


def test_comment_is_taken_from_the_source() -> None:
    """Where it stands, why it is there, and the failure that it tells, apart from the options."""
    source = (
        "import x\n\n# 까닭.\n# 실패 사례: 하나\n# 둘.\n#   pool_recycle  셋\nPLAN_18_03 = {}\n"
    )
    found = records.comment(source)
    assert (3, 6, "까닭.", "하나 둘.") == (found.first, found.last, found.why, found.failure)


def test_figure_is_over_all_outages_of_a_run(tmp_path: Path) -> None:
    """Median, worst and count of what each outage says."""
    keep(tmp_path / "restart-db", [Played(repeat=1), Played(repeat=2, recovered_s=1.7)])
    asked = Asked("restart-db", "spread", "recovery_lag_s", "dashboard", "steady")
    kind, values, source = Runs(tmp_path).figure(asked)
    assert ("spread", 2, "restart-db/recovery_lag_s/dashboard/steady") == (kind, values[2], source)
    assert [0.623, 1.123] == [round(value, 3) for value in values[:2]]


def test_outage_in_doubt_proves_no_zero(tmp_path: Path) -> None:
    """What was not seen to fail in it does not count; the one beside it does."""
    whole = Played(repeat=1, recovered_s=0.5)
    doubtful = Played(repeat=2, recovered_s=0.5, end_s=3.0)
    verdict = keep(tmp_path / "restart-db", [whole, doubtful])
    assert verdict.outages[1].cells[0].doubts
    asked = Asked("restart-db", "share", "after_ready.bad", "dashboard", "steady")
    assert ("none of", (1, "95")) == Runs(tmp_path).figure(asked)[:2]
