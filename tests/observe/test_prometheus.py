"""A real Prometheus beside the stack: it scrapes, it loads the rules, an alert comes and goes."""

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import yaml

from recovery_lab import docker
from recovery_lab.stack import free_port
from tests.running import ROOT, Running

PROMETHEUS = ROOT / "prometheus"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
FASTER = 20  # an outage of two minutes and a half is too long for a test


def told(url: str, path: str) -> dict:
    """Return what Prometheus' own API tells."""
    answer = httpx.get(f"{url}/api/v1/{path}", timeout=5.0, trust_env=False)
    return answer.raise_for_status().json()["data"]


def wait_until(holds: Callable[[], bool], what: str, limit_s: float = 30.0) -> None:
    """Poll until something holds; fail naming what, and how long."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        try:
            if holds():
                return
        except httpx.HTTPError:  # it is not ready yet
            pass
        time.sleep(0.1)  # polled: nobody tells
    pytest.fail(f"not after {limit_s:.0f} s: {what}")


@pytest.fixture(scope="module")
def observed(stack: Running) -> str:
    """What the verb said, once Prometheus had scraped the dashboard."""
    command, environ = ["bash", "scripts/observe.sh"], stack.value.environ()
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=False
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


def test_prometheus_scrapes_and_has_every_rule(stack, observed, proves) -> None:
    """The dashboard is its target, and each rule of the file was evaluated without a trouble."""
    url = f"http://127.0.0.1:{stack.value.environment['PROMETHEUS_PORT']}"
    assert f"{url}/alerts" in observed
    assert "HOLD=150 make restart-db" in observed
    targets = told(url, "targets")["activeTargets"]
    assert [("http://dashboard:8501/metrics", "up")] == [
        (one["scrapeUrl"], one["health"]) for one in targets
    ]

    def rules() -> list[dict]:
        return [rule for group in told(url, "rules")["groups"] for rule in group["rules"]]

    wait_until(lambda: all(rule["health"] == "ok" for rule in rules()), "every rule evaluated")
    known = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"][0]["rules"]
    assert [rule["alert"] for rule in known] == [rule["name"] for rule in rules()]
    proves(f"{len(known)} rules evaluated over {targets[0]['scrapeUrl']}")


def state_of(url: str, alert: str) -> str:
    """Return `pending`, `firing`, or nothing."""
    known = {one["labels"]["alertname"]: one["state"] for one in told(url, "alerts")["alerts"]}
    return known.get(alert, "")


def faster(text: str) -> str:
    """Return the rules with every duration in them divided."""
    seconds = {"s": 1, "m": 60, "h": 3600}
    return re.sub(
        r"(\bfor: |\[)(\d+)([smh])\b",
        lambda found: f"{found[1]}{int(found[2]) * seconds[found[3]] * 1000 // FASTER}ms",
        text,
    )


@contextmanager
def beside(stack: Running, image: str, folder: Path) -> Iterator[str]:
    """Run one more on the stack's network, with other files; give its address."""
    port = free_port()
    words = ["run", "--detach", "--rm", "--network", docker.network(stack.value)]
    words += ["--label", "recovery-lab=1", "--label", f"recovery-lab.project={stack.project}"]
    words += ["--publish", f"127.0.0.1:{port}:9090", "--tmpfs", "/prometheus:uid=65534"]
    words += ["--volume", f"{folder}:/etc/prometheus:ro", image]
    words += COMPOSE["services"]["prometheus"]["command"]
    container = docker.run(*words).strip()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        docker.run("rm", "--force", container)


def test_alert_is_pending_then_fires_then_clears(stack, image, tmp_path, proves) -> None:
    """Through a real outage, by the shipped rules with each duration a twentieth."""
    for path in PROMETHEUS.glob("*.yml"):
        (tmp_path / path.name).write_text(faster(path.read_text()))
    tmp_path.chmod(0o755)
    assert "for: 6000ms" in (tmp_path / "alerts.yml").read_text()
    with beside(stack, image, tmp_path) as url:
        wait_until(lambda: told(url, "query?query=up==1")["result"], "the dashboard is scraped")
        stack.compose("stop", stack.database)
        lost_at = time.monotonic()

        def reached(state: str) -> float:
            what = f"DatabaseDown is {state or 'gone'}"
            wait_until(lambda: state == state_of(url, "DatabaseDown"), what)
            return time.monotonic() - lost_at

        pending_s, firing_s = reached("pending"), reached("firing")
        stack.compose("start", stack.database)
        gone_s = reached("")
        wait_until(lambda: told(url, "query?query=lab_db_up==1")["result"], "it is up")
    proves(f"pending at {pending_s:.1f} s, firing at {firing_s:.1f} s, gone at {gone_s:.1f} s")
