"""Orders with the database up, down, and never seen."""


def test_page_shows_live_data(run_page) -> None:
    """Totals, chart and table, called live."""
    page = run_page("orders")
    assert page.success[0].value.startswith("Live: read")
    assert ["110", "1,100", "10.00"] == [metric.value for metric in page.metric]
    assert ["55", "55"] == list(page.table[0].value["Orders"])


def test_filters_choose(run_page) -> None:
    """Region and days act on totals and table."""
    page = run_page("orders")
    page.multiselect(key="regions").select("east")
    page.segmented_control(key="days").set_value(7).run()
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
    assert notice.value.startswith("Not live: data from ")


def test_filter_changed_while_the_database_is_down_is_kept(run_page, pool, parts) -> None:
    """It acts on the last good data at once, and still holds when the database is back."""
    page = run_page("orders")
    pool.lost = True
    parts.orders._started_s = float("-inf")
    page.multiselect(key="regions").select("east").run()
    assert page.warning
    assert "55" == page.metric[0].value
    pool.lost = False
    parts.orders._started_s = float("-inf")
    page.run()
    assert page.success
    assert "55" == page.metric[0].value


def test_first_visit_without_data_says_so(run_page, pool) -> None:
    """No empty chart, no traceback, no endless spinner."""
    pool.lost = True
    page = run_page("orders")
    (notice,) = page.info
    assert notice.value.startswith("No data yet")
    assert not page.metric
