"""What happens to a stack while it is recorded; beside it, by name, what the rules must say."""

import re
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.running import ROOT, Running

HERE = Path(__file__).parent
OWNER = "psql -XAtq -U lab_owner -d lab -c"
LOCK = "BEGIN; LOCK TABLE orders_daily IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep({}); COMMIT"
POOLED = "SELECT pid FROM pg_stat_activity WHERE application_name = 'dashboard-pool'"
ENDED = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'dashboard_reader'"
SLOTS = "ALTER ROLE dashboard_reader CONNECTION LIMIT {}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is done to a stack after a calm minute, and how long it is watched afterwards."""

    play: Callable[[Running], object]
    after_s: float
    policy: str = "adopted"
    files: tuple[str, ...] = ()  # beside docker-compose.yml
    reads_a_second: float = 4
    at_once: int = 1  # reads that begin at the same instant


def path_of(name: str) -> Path:
    """Return the file of a situation: what is expected, and what was recorded."""
    return HERE / f"{name}.yml"


def told(name: str) -> str:
    """Return what happens in a situation, as its file says."""
    return path_of(name).read_text().splitlines()[0].removeprefix("# ")


def fired(name: str) -> list[str]:
    """Return the alerts that must fire in a situation, whenever: its file's first question."""
    ever = yaml.safe_load(path_of(name).read_text())["tests"][0]["promql_expr_test"][0]
    return [re.findall(r'alertname="(\w+)"', one["labels"])[0] for one in ever["exp_samples"]]


def psql(running: Running, query: str) -> str:
    """Ask the database as its owner."""
    return running.compose("exec", "-T", running.database, *OWNER.split(), query).strip()


def restarted(running: Running, hold_s: int = 0) -> None:
    """Do what `make restart-db` does."""
    command = ["bash", "scripts/take-away.sh", "restart", str(hold_s)]
    subprocess.run(command, cwd=ROOT, env=running.value.environ(), check=True, timeout=300)


def flapped(running: Running) -> None:
    """Restart the server five times within a minute."""
    for _ in range(5):
        restarted(running)
        time.sleep(10)


def frozen(running: Running, hold_s: int) -> None:
    """Pause the server."""
    running.compose("pause", running.database)
    time.sleep(hold_s)
    running.compose("unpause", running.database)


def locked(running: Running, hold_s: int) -> None:
    """Lock the table that every page reads."""
    query = LOCK.format(hold_s)
    running.compose("exec", "--detach", running.database, *OWNER.split(), query)
    time.sleep(hold_s)


def signalled(running: Running, signal: str, pids: list[str]) -> None:
    """Send a signal to some of the server's processes."""
    command = f"kill -{signal} {' '.join(pids)}"
    running.compose("exec", "-T", running.database, "sh", "-c", command)


def crashed(running: Running) -> None:
    """Kill one backend: the server throws out every session."""
    signalled(running, "KILL", psql(running, POOLED).split()[:1])


def out_of_slots(running: Running) -> None:
    """Leave the dashboard's role no free connection for 150 s; its sessions go on."""
    psql(running, SLOTS.format(0))
    time.sleep(150)
    psql(running, SLOTS.format(-1))


def silenced(running: Running) -> None:
    """Stop the processes of five pooled sessions for seven minutes; new sessions work."""
    with ThreadPoolExecutor(6) as asked:
        lock = asked.submit(psql, running, LOCK.format(2))
        time.sleep(1)
        for _ in range(5):  # they wait for the lock, and so each has a session of its own
            asked.submit(running.get, "/api/orders/summary")
        lock.result()
    pids = psql(running, POOLED).split()
    signalled(running, "STOP", pids)
    time.sleep(420)
    signalled(running, "CONT", pids)


def left_stale(running: Running) -> None:
    """Restart the server; four minutes later the dashboard too, by hand."""
    restarted(running)
    time.sleep(240)
    running.compose("restart", running.application)


def without_dashboard(running: Running) -> None:
    """Stop the dashboard for two minutes."""
    running.compose("stop", running.application)
    time.sleep(120)
    running.compose("start", running.application)


SITUATIONS = {
    "none": Situation(play=lambda _: None, after_s=120),
    "restart": Situation(play=restarted, after_s=180),
    "restart-150": Situation(play=lambda one: restarted(one, 150), after_s=180),
    "freeze": Situation(play=lambda one: frozen(one, 150), after_s=180),
    "freeze-few": Situation(play=lambda one: frozen(one, 420), after_s=60, reads_a_second=1 / 50),
    "crash": Situation(play=crashed, after_s=180),
    "terminate": Situation(play=lambda one: psql(one, ENDED), after_s=180),
    "slots": Situation(play=out_of_slots, after_s=180),
    "flap": Situation(play=flapped, after_s=180),
    "all-hang": Situation(play=lambda one: locked(one, 380), after_s=60),
    "some-hang": Situation(play=silenced, after_s=60),
    "stale-pool": Situation(play=left_stale, after_s=120, policy="pinned"),
    "churn": Situation(play=lambda _: time.sleep(420), after_s=0, reads_a_second=12, at_once=12),
    "dashboard-down": Situation(play=without_dashboard, after_s=120),
    "health-stale": Situation(
        play=lambda _: None, after_s=300, files=("tests/observe/hanging.yml",)
    ),
}
