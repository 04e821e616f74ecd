"""System Health in each state."""

import pytest
import streamlit as st

from dashboard import queries
from dashboard.errors import Trouble


def everything(page) -> str:
    """Return all text of a page."""
    return "\n".join(text.value for text in (*page.markdown, *page.title))


@pytest.mark.parametrize(
    ("status", "box", "word"),
    [
        ("up", "success", "Up since"),
        ("down", "error", "Down since"),
        ("stale", "warning", "Stale: nothing is known since"),
        ("starting", "info", "Starting"),
    ],
)
def test_page_says_the_state(status, box, word, run_page, monitor) -> None:
    """Each state has its box, its words and what to do."""
    monitor.put(status, Trouble(kind="refused") if status == "down" else None)
    page = run_page("system_health")
    (said,) = getattr(page, box)
    assert said.proto.title.startswith(word)
    assert said.value


@pytest.mark.parametrize("status", ["down", "stale", "starting"])
def test_page_never_says_up_of_an_old_sample(status, run_page, monitor) -> None:
    """Nothing is green unless the latest check was good and is fresh."""
    monitor.put(status)
    assert not run_page("system_health").success


def test_page_shows_server_pool_and_outages(run_page) -> None:
    """All that the API knows is on the page."""
    page = run_page("system_health")
    assert 1 == len(page.table[0].value)
    text = everything(page)
    assert "| In use | Idle | Connects | Invalidations |" in text
    assert "| 0 | 1 | 3 | 1 |" in text
    assert "Nobody has read through the pool yet" in text
    for part in ("plan 18-03", "pool_pre_ping=True", "PostgreSQL **17.6**", "Checked 0.4 s ago"):
        assert part in text


@pytest.mark.parametrize(
    ("lang", "said", "told"),
    [("en", "workers of the dashboard hang", "**All 1 workers hang**"),
     ("ko", "모두 끝나지 않는 조회에", "**조회 스레드 1개가 모두**")],
)  # fmt: skip
def test_page_says_that_all_workers_hang(lang, said, told, run_page, pool, parts, wait_for) -> None:
    """PostgreSQL is up, and yet nothing is green; the workers are named below."""
    pool.thawed.clear()
    parts.reads.start(queries.summary)
    wait_for(lambda: parts.reads.executor.workers().all_stuck)
    page = run_page("system_health", lang=lang)
    (box,) = page.warning
    assert said in box.value
    assert told in everything(page)
    assert "`read-0` (" in everything(page)


def test_page_tells_times_in_the_viewers_zone(run_page, monkeypatch) -> None:
    """A viewer in Seoul reads his own clock, and UTC beside it: on every line that has a time."""
    monkeypatch.setattr(type(st.context), "timezone", "Asia/Seoul")
    page = run_page("system_health")
    seouls = "2026-01-01 21:00:00 KST / 12:00:00 UTC"
    assert f"Up since {seouls}" == page.success[0].proto.title
    assert [seouls, seouls] == list(page.table[0].value.iloc[0])[:2]
    assert f"started at {seouls}." in everything(page)


def test_page_speaks_korean(run_page) -> None:
    """Title, verdict and table follow the address' language."""
    page = run_page("system_health", lang="ko")
    assert "시스템 상태" == page.title[0].value
    assert page.success[0].proto.title.startswith("정상")
