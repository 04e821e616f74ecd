"""doctor.sh: what stops the lab comes first, and with few questions to the daemon."""

import socket

from tests.unit.scripts.conftest import Clone

MOST_QUESTIONS = 12  # each takes the docker command about 50 ms; all are to take under 2 s


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
