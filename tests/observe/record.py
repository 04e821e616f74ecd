"""Records /metrics second by second through real situations, for the alert rules to be tried on.

`python -m tests.observe.record NAME...` plays each on a stack of its own, in three to ten minutes,
and writes the series into `situations/NAME.yml`; what is expected there is left as it stands.
"""

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from threading import Event, Thread

import httpx
import msgspec
from prometheus_client.parser import text_string_to_metric_families

from recovery_lab import docker
from recovery_lab.stack import private_stack, url
from recovery_lab.target import Target, load_target
from tests.observe.series import Scrape, recorded
from tests.observe.situations import SITUATIONS, Situation, path_of
from tests.running import ROOT, Running

CALM_S = 60.0  # before anything happens
USERS = 40


def target_of(situation: Situation) -> Target:
    """Return this repository's target, with what the situation has beside its Compose file."""
    target = load_target(ROOT / "target.toml")
    files = [*target.compose.files, *situation.files]
    compose = msgspec.structs.replace(target.compose, files=files)
    return msgspec.structs.replace(target, compose=compose)


def each(interval_s: float, call: Callable[[], None], over: Event) -> None:
    """Call at fixed instants, whatever became of the calls before, until it is over."""
    begun, number = time.monotonic(), 0
    while not over.wait(max(0.0, begun + number * interval_s - time.monotonic())):
        call()
        number += 1


@contextmanager
def meanwhile(interval_s: float, call: Callable[[], None]) -> Iterator[None]:
    """Call at fixed instants while the block runs."""
    over = Event()
    thread = Thread(target=each, args=(interval_s, call, over))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def scrape(client: httpx.Client, into: list[Scrape]) -> None:
    """Scrape as prometheus/prometheus.yml does; keep None where there is no answer."""
    try:
        text = client.get("/metrics", timeout=1.0).raise_for_status().text
    except httpx.HTTPError:
        into.append(None)
        return
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    into.append({named(one.name, one.labels): one.value for one in samples})


def named(name: str, labels: dict[str, str]) -> str:
    """Return a series' name as Prometheus writes it."""
    told = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return f"{name}{{{told}}}" if told else name


def read(client: httpx.Client) -> None:
    """Read as a user does; how it ends is counted by the dashboard."""
    try:
        client.get("/api/orders/summary", timeout=10.0)
    except httpx.HTTPError:
        time.sleep(0.2)


def record(situation: Situation) -> list[Scrape]:
    """Play a situation on a stack of its own; return what was scraped."""
    scrapes: list[Scrape] = []
    policy = {"DB_POOL_POLICY": situation.policy}
    limits = httpx.Limits(max_connections=USERS + 1)
    with (
        private_stack(target_of(situation), "recorded", policy, started=False) as stack,
        httpx.Client(base_url=url(stack), trust_env=False, limits=limits) as client,
        ThreadPoolExecutor(USERS) as users,
    ):
        running = Running(stack)
        running.compose("up", "--detach", "--no-build")
        until_it_reads(running)

        def load() -> None:
            for _ in range(situation.at_once):
                users.submit(read, client)

        with (
            meanwhile(situation.at_once / situation.reads_a_second, load),
            meanwhile(1.0, partial(scrape, client, scrapes)),
        ):
            time.sleep(CALM_S)
            situation.play(running)
            time.sleep(situation.after_s)
        users.shutdown(cancel_futures=True)
    return scrapes


def until_it_reads(running: Running) -> None:
    """Wait until the dashboard reads; some situations are never steady."""
    for _ in range(200):
        with suppress(httpx.HTTPError):
            if running.get("/api/orders/summary").is_success:
                return
        time.sleep(0.5)
    raise TimeoutError("the dashboard has not read after 100 s")


if __name__ == "__main__":
    docker.refuse_remote()
    for name in sys.argv[1:]:
        file = path_of(name)
        file.write_text(recorded(file.read_text(), record(SITUATIONS[name])))
