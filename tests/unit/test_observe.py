"""The alert rules name what to do, and what was scraped becomes the series that promtool reads."""

import pytest
import yaml

from tests.observe.series import ALERTS, MARK, recorded
from tests.observe.situations import SITUATIONS, fired, path_of
from tests.observe.test_prometheus import faster
from tests.unit.test_docs import ROOT, broken_links

RULES = yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
TARGET = 'instance="dashboard:8501",job="dashboard"'


@each_rule
def test_rule_says_how_bad_it_is_and_leads_to_its_runbook(rule: dict) -> None:
    """Whoever is woken by it reads a sentence, and where to read on."""
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"]["summary"].endswith(".")
    link = f"[runbook]({rule['annotations']['runbook']})"
    assert "#" in link
    assert [] == broken_links(ROOT / "README.md", link)


def test_situation_opens_with_its_question_of_all_that_fired() -> None:
    """The tables of the documents go by it."""
    assert [] == fired("none")
    assert ["DatabaseDown"] == fired("restart-150")
    assert all(path_of(name).read_text().startswith("# ") for name in SITUATIONS)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 1, 1], "1+0x2"),
        ([1, 3, 5, 7, 8], "1+2x3 8"),
        ([1, 2], "1 2"),
        ([1, 0, 3], "1 0 3"),
        ([5, 4, 3], "5-1x2"),
        ([None, None, 1], "_x2 1"),
        ([1, None, 1], "1 stale 1"),
        ([1, None, None, None, 2], "1 stale _x2 2"),
    ],
)
def test_series_are_in_promtools_notation(values: list[float | None], expected: str) -> None:
    """Runs are told as one; where a scrape fails all series end, as in Prometheus."""
    scrapes = [None if value is None else {"lab_db_up": value} for value in values]
    text = recorded(f"# A.\n{MARK}gone\n", scrapes)
    assert text.startswith(f"# A.\n{MARK}      - series: up{{{TARGET}}}\n")
    assert f"series: lab_db_up{{{TARGET}}}\n        values: >-\n          {expected}\n" in text
    assert "gone" not in text


def test_series_keep_their_labels_and_only_what_rules_use_is_kept() -> None:
    """All else would be noise in a file that people read."""
    text = recorded(MARK, [{'lab_reads_total{outcome="ok"}': 4.0, "lab_executor_queue_depth": 0.0}])
    assert f'series: lab_reads_total{{{TARGET},outcome="ok"}}' in text
    assert "queue_depth" not in text


def test_series_need_their_place() -> None:
    """A file without it would lose what it expects."""
    with pytest.raises(ValueError, match="input_series"):
        recorded("# A.\n", [])


def test_rules_run_faster_by_every_duration() -> None:
    """One that is left as it is would wait for minutes."""
    assert "for: 6000ms\nrate(a[3000ms]) > 5\n" == faster("for: 2m\nrate(a[1m]) > 5\n")
    assert "[45000ms]" in faster(ALERTS.read_text())
