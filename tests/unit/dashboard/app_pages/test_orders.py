"""Orders with the database there, away, and never seen."""


def test_page_shows_live_data(run_page) -> None:
    """Total, chart and table; no notice."""
    page = run_page("orders")
    assert not page.warning
    assert "110" == page.metric[0].value
    assert [55, 55] == list(page.dataframe[0].value["Orders"])


def test_filters_choose(run_page) -> None:
    """Region and days act on totals and table."""
    page = run_page("orders")
    page.multiselect(key="regions").select("east")
    page.selectbox(key="days").select(7).run()
    assert not page.exception
    assert str(sum(range(4, 11))) == page.metric[0].value


def test_page_keeps_the_last_good_data(run_page, pool, parts) -> None:
    """A lost database leaves the data on the page, with its age and the reason."""
    run_page("orders")
    pool.lost = True
    parts.orders._started_s = float("-inf")
    page = run_page("orders")
    assert "110" == page.metric[0].value
    (notice,) = page.warning
    assert "the database closed the connection" in notice.value
    assert notice.value.startswith("Data from ")


def test_first_visit_without_data_says_so(run_page, pool) -> None:
    """No empty chart, no traceback, no endless spinner."""
    pool.lost = True
    page = run_page("orders")
    (notice,) = page.warning
    assert notice.value.startswith("No data yet")
    assert not page.metric
