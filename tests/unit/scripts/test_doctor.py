"""doctor.sh: what stops the lab comes first, and with few questions to the daemon."""

import socket

from tests.unit.scripts.conftest import Clone

MOST_QUESTIONS = 14  # each takes the docker command about 50 ms; all are to take under 2 s


def test_doctor_names_what_stops_the_lab_first(clone: Clone) -> None:
    """Then what stops `make up` alone, then what is good to know."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = clone.run(
            "bash", "-c", "bash scripts/doctor.sh 2>&1",
            DASHBOARD_PORT=port, HEALTH_INTERVAL_S="never", COMPOSE_FILE="x.yml",
        )  # fmt: skip
    assert 1 == done.returncode
    words = ("HEALTH_INTERVAL_S='never'", f"DASHBOARD_PORT={port} is taken", "COMPOSE_FILE")
    places = [done.stdout.index(word) for word in words]
    assert sorted(places) == places
    assert "nothing stops" not in done.stdout


def test_doctor_lets_the_other_verbs_go_on_without_the_port(clone: Clone) -> None:
    """Their stacks have ports of their own."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = clone.run("bash", "scripts/doctor.sh", DASHBOARD_PORT=port)
    assert 0 == done.returncode
    assert f"DASHBOARD_PORT={port} is taken" in done.stderr


def test_doctor_names_the_port_that_prometheus_is_to_have(clone: Clone) -> None:
    """It stops `make observe` alone."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = clone.run("bash", "scripts/doctor.sh", PROMETHEUS_PORT=port)
    assert 0 == done.returncode
    assert f"PROMETHEUS_PORT={port} is taken" in done.stderr
    assert "make observe" in done.stderr


def test_doctor_asks_little_and_changes_nothing(clone: Clone) -> None:
    """It is asked before anything is to be made."""
    clone.answers("docker compose ps --status running --quiet postgres", 0, "abc\\n")
    refused = "FATAL:  the database system is shutting down\\n"
    clone.answers("docker compose exec -T postgres healthcheck.sh", 2, refused)
    said = clone.run("bash", "scripts/doctor.sh").stdout
    assert "sessions  PostgreSQL takes no new ones: FATAL" in said
    assert len(clone.calls) <= MOST_QUESTIONS
    assert not [call for call in clone.calls if "create" in call or " rm " in call]
    assert "" == clone.dotenv


def test_doctor_says_the_rest_where_the_host_lacks_something(clone: Clone) -> None:
    """Who mends the Engine first should not meet the settings and the port after it."""
    clone.answers("docker version", 1, "Cannot connect\\n")
    clone.answers("docker compose version", 1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = clone.run(
            "bash", "scripts/doctor.sh", DASHBOARD_PORT=port, HEALTH_INTERVAL_S="never"
        )
    assert 1 == done.returncode
    words = ("does not answer", "no Compose v2", "HEALTH_INTERVAL_S='never'", f"{port} is taken")
    assert [] == [word for word in words if word not in done.stderr]
    assert "python    3." in done.stdout


def test_doctor_installs_and_starts_nothing(clone: Clone) -> None:
    """It says what is missing; whoever needs it brings it."""
    for name in ("apt-get", "dockerd"):
        clone.fake(name)
    clone.answers("docker version", 1, "Cannot connect\\n")
    clone.answers("apt-get indextargets", 0, "http://mirror.example/debian/\\n")
    clone.answers("docker compose version", 1)
    assert 1 == clone.run("bash", "scripts/doctor.sh", LAB_AUTO_INSTALL="1").returncode
    brought = ("install ", "update", "dockerd")
    assert [] == [c for c in clone.calls if any(word in c for word in brought)]
