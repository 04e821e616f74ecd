"""Both pages stay open while the database goes and comes back, without a reload."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from recovery_lab import docker
from tests.browser.checks import described, faults
from tests.integration.conftest import wait_until

MARK = "() => { window.neverReloaded = true; }"
MARKED = "() => window.neverReloaded === true"
# The dashboard's own absence: the browser reports each connection it could not make.
WHILE_IT_RESTARTS = (
    *("WebSocket", "ERR_", "Failed to load resource", "when disconnected"),
    *("No response received", "Is Streamlit still running"),
)


def mark(*tabs) -> None:
    """Leave a mark that a reload would wipe out."""
    for tab in tabs:
        tab.call("evaluate", script=MARK)


def unharmed(*tabs, ignoring=()) -> None:
    """Check that no tab was reloaded or shows what it must not."""
    for tab in tabs:
        assert tab.call("evaluate", script=MARKED)
        assert [] == faults(tab, ignoring=ignoring)


def command(stack, *words: str) -> float:
    """Run a compose command on the database; return the instant just before its end."""
    stack.compose(*words, stack.database)
    return time.monotonic()


def click_s(orders) -> float:
    """Return how long a click takes to act while all is well: this machine's own hesitation."""
    clicked = time.monotonic()
    orders.call("click", role="radio", name="7")
    orders.see("200,000", gone=True)
    took_s = time.monotonic() - clicked
    orders.call("click", role="radio", name="90")
    orders.see("200,000")
    return took_s


def shut_down_at(stack) -> float:
    """Return the wall time at which the server last began to end its sessions, by its own log."""
    line = r"(\d+-\S+ \S+) UTC .*received fast shutdown request"
    told = re.findall(line, stack.log(stack.database))[-1]
    return datetime.fromisoformat(told).replace(tzinfo=UTC).timestamp()


def paused_at(stack) -> float:
    """Return the wall time at which the server was last frozen, by the daemon's own event."""
    now = time.time()
    events = reversed(docker.events(stack.value, now - 60, now))
    return next(at for at, whose, did in events if (whose, did) == (stack.database, "pause"))


def refreshed(tab) -> str:
    """Return the time of the last refresh, as the page tells it."""
    return re.search(r"last at (\S+ \S+) UTC", tab.text())[1]


def test_pages_show_a_restart_and_recover_by_themselves(stack, opened, proves) -> None:
    """Down in words, last good data with its age, the new filter kept; then up and live again."""
    health, orders = opened("/", size=(1280, 1500)), opened("/orders")
    health.see("Up since")
    orders.see("Live: read")
    own_s = click_s(orders)
    orders.call("choose", label="Regions", option="north")
    orders.see("44,168")
    mark(health, orders)
    with ThreadPoolExecutor(1) as pool:
        stopped = pool.submit(command, stack, "stop", "--timeout", "5")
        orders.see("Not live: data from", 30)
        told_at = time.time()
        health.see("Down since")
        down_at = time.time()
        stopped.result()
    lost_s, down_s = (at - shut_down_at(stack) for at in (told_at, down_at))
    orders.call("click", role="radio", name="30")  # changed while the database is down
    orders.see("16,407", limit_s=3 + own_s)
    assert [] == described(health.call("axe")["violations"])
    assert [] == described(orders.call("axe")["violations"])
    health.screenshot("health-down-en-light")
    orders.screenshot("orders-last-good-data-en-light")
    command(stack, "start")
    up_s, live_s = health.see("Up since", 30), orders.see("Live: read", 30)
    assert "16,407" in orders.text()
    assert {"regions=north", "days=30"} <= set(re.split("[?&]", orders.call("seen")["url"]))
    health.screenshot("health-up-again-en-light")
    orders.screenshot("orders-live-again-en-light")
    unharmed(health, orders)
    assert 0 < lost_s <= 1.5 + own_s, f"{lost_s:.2f} s, at most 1.5 s and a click's {own_s:.2f} s"
    proves(
        f"down shown {down_s:.1f} s and not live {lost_s:.1f} s after the server's loss "
        f"(a click takes {own_s:.1f} s), "
        f"up {up_s:.1f} s and live {live_s:.1f} s after the start's; no reload, filter kept"
    )


def test_pages_show_a_freeze_and_recover_by_themselves(stack, opened, proves) -> None:
    """A frozen server hangs every read; the pages say so at once and never hang with it."""
    health, orders = opened("/", locale="ko-KR", scheme="dark"), opened("/orders")
    health.see("정상 (")
    orders.see("Live: read")
    own_s = click_s(orders)
    mark(health, orders)
    frozen_at = command(stack, "pause")
    orders.see("Not live: data from")
    told_at = time.time()
    health.see("중단 (")
    down_at = time.time()
    told_s, down_s = (at - paused_at(stack) for at in (told_at, down_at))
    clicked = time.monotonic()
    orders.call("click", role="radio", name="7")
    orders.see("200,000", gone=True, limit_s=3 + own_s)
    answered_s = time.monotonic() - clicked
    assert [] == described(health.call("axe")["violations"])
    health.screenshot("health-down-ko-dark")
    time.sleep(max(0.0, frozen_at + 10 - time.monotonic()))  # the length of this fault
    assert "Live: read" not in orders.text()
    command(stack, "unpause")
    up_s, live_s = health.see("정상 (", 30), orders.see("Live: read", 30)
    unharmed(health, orders)
    assert told_s <= 1.5 + own_s, f"{told_s:.2f} s, at most 1.5 s and a click's {own_s:.2f} s"
    proves(
        f"not live {told_s:.1f} s and down {down_s:.1f} s after the freeze, a filter acts in "
        f"{answered_s:.1f} s meanwhile; up {up_s:.1f} s, live {live_s:.1f} s after the thaw"
    )


def test_pages_go_on_after_the_dashboards_own_restart(stack, opened, proves) -> None:
    """The browser comes back to the new process by itself, with the filter it had."""
    health, orders = opened("/"), opened("/orders")
    health.see("Up since")
    orders.see("Live: read")
    orders.call("click", role="radio", name="7")
    orders.see("200,000", gone=True)
    mark(health, orders)
    before = stack.get("/api/system-health").json()["postgres"]["since"][:19].replace("T", " ")
    # With its words: the server may have started in the same second.
    before = f"Up since {before}"
    health.see(before)
    stack.compose("stop", "--timeout", "5", stack.application)
    health.screenshot("health-dashboard-away-en-light")
    stood = refreshed(health)
    time.sleep(2.2)  # two refreshes that do not come
    assert stood == refreshed(health)
    stack.compose("start", stack.application)
    gone_s = health.see(before, 40, gone=True)
    health.see("Up since", 20)
    assert stood != refreshed(health)
    orders.see("Live: read", 40)
    assert "200,000" not in orders.text()
    unharmed(health, orders, ignoring=WHILE_IT_RESTARTS)
    proves(f"back {gone_s:.1f} s after the dashboard's start, no reload, filter kept")


def test_pages_come_back_from_a_hand_on_the_dashboard_and_have_forgotten_the_outage(
    stack, opened, proves
) -> None:
    """Alternative 1: no reload, the filter kept; what only the process knew is gone."""
    health, orders = opened("/"), opened("/orders")
    orders.see("Live: read")
    orders.call("click", role="radio", name="7")
    command(stack, "restart")
    health.see("At least / at most", 30)  # the outage stands on the page
    orders.see("Live: read", 30)
    mark(health, orders)
    stood, asked = refreshed(health), time.monotonic()
    stack.compose("restart", stack.application)
    health.see("None since", 40)
    assert stood != refreshed(health)
    back_s = time.monotonic() - asked
    orders.see("Live: read", 40)
    assert "At least / at most" not in health.text()
    assert "days=7" in re.split("[?&]", orders.call("seen")["url"])
    assert "200,000" not in orders.text()
    unharmed(health, orders, ignoring=WHILE_IT_RESTARTS)
    proves(f"System Health live {back_s:.1f} s after the command, no reload; its outages forgotten")


def test_orders_says_so_when_there_never_was_data(stack, opened) -> None:
    """A first visit to a fresh dashboard without its database: words, and no empty chart."""
    command(stack, "stop", "--timeout", "5")
    stack.compose("restart", "--timeout", "5", stack.application)
    wait_until(lambda: stack.get("/healthz").status_code == 200, "the dashboard answers", 20)
    orders = opened("/orders", locale="ko-KR", size=(390, 844))
    orders.see("아직 데이터가 없습니다")
    orders.screenshot("orders-no-data-ko-390")
    command(stack, "start")
    orders.see("실시간:", 30)
    assert [] == faults(orders)
