"""docs/measuring.md says what the code does."""

import re
from pathlib import Path
from typing import get_args

import pytest

from recovery_lab.judge import measures
from recovery_lab.judge.figures import Figures
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.record.prober import FAST_S
from recovery_lab.roles import AT_MOST, JOBS_OF, WATCHED_S, Assertion, Role

PAGE = (Path(__file__).parents[3] / "docs/measuring.md").read_text()
WORDS = dict(re.findall(r"^\| ([a-z ]+) \| (.+) \|$", PAGE, re.MULTILINE))

# Which word of the page tells a field of a cell's figures; None: its name is a plain count.
TOLD_BY = {
    "operations": None,
    "ok": None,
    "errors_before": None,
    "errors_in_outage": "errors in outage",
    "errors_after_ready": "errors after ready",
    "operations_after_ready": None,
    "hung": "hung",
    "hung_after_recovery": "nothing hung after recovery",
    "unfinished": "unfinished",
    "missed": "missed",
    "error_kinds": None,
    "longest_read_s": "longest read",
    "gap_s": "gap",
    "detection_s": "detection",
    "recovery_lag_s": "recovery lag",
    "recovery_at_s": "recovery",
    "censored_after_ready_s": None,
    "error_rate_bound": "bound",
    "spacing_s": None,
    "late_starts": "late start",
    "baseline": "baseline",
    "after": "after",
}


def test_every_figure_is_told() -> None:
    """A figure that a cell has is a word of the page."""
    assert set(Figures.__struct_fields__) == set(TOLD_BY)
    assert set() == {word for word in TOLD_BY.values() if word} - set(WORDS)


@pytest.mark.parametrize(
    "word",
    "run outage cell role cuts landed ready recovery gap hung missed window verdict".split(),
)
def test_every_word_of_the_design_is_told(word: str) -> None:
    """The lab's words are the page's."""
    assert word in WORDS


def test_every_assertion_and_role_is_told() -> None:
    """By the names that a report prints."""
    assert set() == set(get_args(Assertion)) - set(WORDS)
    assert all(f"`{role}`" in WORDS["role"] for role in get_args(Role))


def test_every_contender_is_told() -> None:
    """Each contender has its row, with its jobs."""
    rows = re.findall(r"^\| (`[^|]+`) \| [^|]+ \| ([a-z, ]+) \|$", PAGE, re.MULTILINE)
    told = {
        name: jobs.split(", ") for names, jobs in rows for name in re.findall(r"`(\w+)`", names)
    }
    assert {name: list(jobs) for name, jobs in JOBS_OF.items()} == told


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("hung", f"{measures.HUNG_S:g} s"),
        ("recovery", f"{measures.STEADY_S:g} s, at least {measures.STEADY_OPS}"),
        ("ready", f"for {measures.STEADY_S:g} s"),
        ("late start", f"{THRESHOLDS.late_start_s * 1000:g} ms"),
        ("window", f"{THRESHOLDS.target_s:g} s target and {THRESHOLDS.limit_s:g} s limit"),
        ("job", f"{THRESHOLDS.release_s:g} s after ready"),
    ],
)
def test_numbers_are_the_codes(word: str, said: str) -> None:
    """A bound on the page is the bound in the code."""
    assert said in WORDS[word]


def test_numbers_in_prose_are_the_codes() -> None:
    """So are those outside the table."""
    spacing_s = THRESHOLDS.spacing_share * THRESHOLDS.target_s
    for said in (
        f"fewer than {THRESHOLDS.baseline_ops} good reads",
        f"more than {THRESHOLDS.late_start_share:.0%} late starts".replace("%", " %"),
        f"in a solo outage {THRESHOLDS.late_start_share_solo:.0%}".replace("%", " %"),
        f"more than {spacing_s:g} s apart",
        f"`pinned` is watched for at least {WATCHED_S['pinned']:g} s after ready",
        f"`quitter` for {WATCHED_S['quitter']:g} s",
        f"every {FAST_S * 1000:g} ms while the server is away",
    ):
        assert said in re.sub(r"\s+", " ", PAGE)
    assert "at most eight contenders" in PAGE
    assert 8 == AT_MOST
