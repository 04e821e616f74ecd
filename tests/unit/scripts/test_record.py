"""How a check ended is on record, also where it ended badly or not at all."""

import json
import subprocess
import sys
from pathlib import Path

from tests.unit.scripts.conftest import ROOT

REPORT = """<?xml version="1.0"?><testsuites>
<testsuite errors="1" failures="2" skipped="3" tests="9">
<testcase name="test_a"><properties><property name="live_s" value="2.5"/>
<property name="proven" value="a claim"/></properties></testcase><testcase name="test_b"/>
</testsuite></testsuites>"""


def record(folder: Path, *words: str) -> dict:
    """Record in a folder; return what it keeps."""
    program = [sys.executable, str(ROOT / "scripts/record.py")]
    subprocess.run([*program, *words], cwd=folder, check=True, timeout=30)
    return json.loads((folder / ".lab/verify.json").read_text())


def test_check_that_never_ended_has_no_status(tmp_path: Path) -> None:
    """A killed one leaves no word of an earlier success."""
    record(tmp_path, "lint", "began")
    assert 0 == record(tmp_path, "lint", "0")["lint"]["status"]
    assert record(tmp_path, "lint", "began")["lint"]["status"] is None


def test_failed_check_says_so(tmp_path: Path) -> None:
    """Its status is kept, and the other check's record stays."""
    for words in (("lint", "began"), ("lint", "0"), ("verify", "began")):
        record(tmp_path, *words)
    kept = record(tmp_path, "verify", "1", "never-written.xml")
    assert (0, 1, {}) == (kept["lint"]["status"], kept["verify"]["status"], kept["verify"]["parts"])


def test_record_counts_what_pytest_reported(tmp_path: Path) -> None:
    """By the report's name: how many tests had which outcome, and the seconds they took down."""
    (tmp_path / "verify-outages.xml").write_text(REPORT)
    record(tmp_path, "verify", "began")
    kept = record(tmp_path, "verify", "1", "verify-outages.xml")["verify"]
    assert {"outages": {"tests": 9, "failures": 2, "errors": 1, "skipped": 3}} == kept["parts"]
    assert {"test_a/live_s": 2.5} == kept["figures"]
