"""Django with persistent connections: the checked ones pass a restart, the others fail after it."""

import pytest

from tests.strangers.server import ITEMS, Server
from tests.strangers.shop import THREADS, Shop

ALIVE = ("/healthz", "/static-answer", "/login-wall")


def test_shop_reads_its_items(checking: Shop) -> None:
    """As JSON and as a page."""
    told = checking.get("/api/items").json()
    assert ["count", "items"] == sorted(told)
    assert list(ITEMS) == [item["name"] for item in told["items"]]
    page = checking.get("/items").text
    assert "<title>Items</title>" in page
    assert f"<li>{ITEMS[0]}</li>" in page


def test_checked_connections_pass_a_restart(checking: Shop, database: Server, proves) -> None:
    """No request fails that begins when the server is back."""
    assert {200} == set(checking.statuses("/api/items"))
    database.restart()
    after = checking.statuses("/api/items")
    assert {200} == set(after), after
    proves(f"Django, health checks on: 0 of {len(after)} requests failed after a restart")


def test_trusted_connections_fail_after_a_restart(trusting: Shop, database: Server, proves) -> None:
    """Control: each thread's connection is dead, and its next request finds that out."""
    assert {200} == set(trusting.statuses("/api/items"))
    database.restart()
    after = trusting.statuses("/api/items")
    failed = after.count(500)
    assert 500 == after[0], after
    assert 1 <= failed <= THREADS, after
    assert "OperationalError" in trusting.log.read_text()
    assert {200} == set(trusting.statuses("/api/items"))
    proves(f"Django, health checks off: {failed} of {len(after)} requests failed after a restart")


def test_some_routes_stay_green_without_the_database(checking: Shop, database: Server) -> None:
    """Who reads these alone learns nothing of the database."""
    expected = [checking.get(path).status_code for path in ALIVE]
    assert [200, 200, 302] == expected
    database.stop()
    assert expected == [checking.get(path).status_code for path in ALIVE]
    assert 500 == checking.get("/api/items").status_code
    database.start()
    assert 200 == checking.get("/api/items").status_code


def test_wall_leads_to_the_login_page(checking: Shop) -> None:
    """Where a reader who follows gets a page, with 200, and no item."""
    led = checking.get("/login-wall").headers["location"]
    assert led.startswith("/login?")
    page = checking.get(led)
    assert 200 == page.status_code
    assert "<title>Log in</title>" in page.text


@pytest.mark.parametrize(
    ("host", "status"), [("localhost", 200), ("web", 400), ("host.docker.internal", 400)]
)
def test_foreign_host_is_refused(checking: Shop, host: str, status: int) -> None:
    """A name that is no one's who uses it: a service's, or the host's as a container sees it."""
    told = f"{host}:{checking.port}"
    assert status == checking.get("/api/items", Host=told).status_code
    assert status == checking.get("/healthz", Host=told).status_code
