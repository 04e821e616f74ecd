"""up, down, clean, policy: a trouble is named before anything is changed."""

import json
import os
import socket
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from tests.unit.scripts.conftest import FAKE, ROOT, Clone


@pytest.mark.parametrize("script", ["up", "down", "clean", "policy", "logs", "status", "observe"])
def test_verb_refuses_an_exported_project_of_another_folder(clone: Clone, script: str) -> None:
    """Compose itself would adopt its containers, and `down -v` would delete its data."""
    elsewhere = clone.folder.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "docker-compose.yml").touch()
    clone.answers(
        "docker ps --all --filter label=com.docker.compose.project=one", 0, f"{elsewhere}\\n"
    )
    done = clone.run("bash", f"scripts/{script}.sh", NAME="naive", COMPOSE_PROJECT_NAME="one")
    assert 1 == done.returncode
    assert f"belongs to another folder: {elsewhere}" in done.stderr
    assert "COMPOSE_PROJECT_NAME=one-2" in done.stderr
    changing = (" up ", " down", " rm ", " build", " create", " logs")
    assert not [call for call in clone.calls if any(word in call for word in changing)]
    assert "" == clone.dotenv


def test_up_names_every_bad_setting_before_it_builds(clone: Clone) -> None:
    """Exported settings and those of .env are checked together."""
    (clone.folder / ".env").write_text("HEALTH_INTERVAL_S=never\n")
    done = clone.run("bash", "scripts/up.sh", DB_POOL_POLICY="nave")
    assert 1 == done.returncode
    assert "DB_POOL_POLICY='nave'" in done.stderr
    assert "adopted, dispose, naive, pinned" in done.stderr
    assert "HEALTH_INTERVAL_S='never'" in done.stderr
    assert not [call for call in clone.calls if " build" in call]


def test_up_names_a_taken_port(clone: Clone) -> None:
    """The port and a way out of it are named before anything is built."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = clone.run("bash", "scripts/up.sh", DASHBOARD_PORT=str(port))
    assert 1 == done.returncode
    assert f"DASHBOARD_PORT={port} is taken" in done.stderr
    assert not [call for call in clone.calls if " build" in call]


def test_policy_unknown_lists_the_known_and_changes_nothing(clone: Clone) -> None:
    """An unknown policy is refused with the list of those that are."""
    (clone.folder / ".env").write_text("DB_POOL_POLICY=adopted\n")
    done = clone.run("bash", "scripts/policy.sh", NAME="nave")
    assert 1 == done.returncode
    assert "adopted, dispose, naive, pinned" in done.stderr
    assert "DB_POOL_POLICY=adopted\n" == clone.dotenv


class Naive(BaseHTTPRequestHandler):
    """A dashboard that runs with `naive`."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/api/system-health" else 404)
        self.end_headers()
        self.wfile.write(b'{"pool": {"policy": "naive"}}')


def test_policy_is_kept_and_recreates_the_dashboard_alone(clone: Clone) -> None:
    """The choice outlives the command, which waits for the dashboard; no database is touched."""
    clone.answers("docker compose ps --quiet dashboard", 0, "abc\\n")
    environ = {"NAME": "naive", "DB_POOL_POLICY": "pinned"}
    with HTTPServer(("127.0.0.1", 0), Naive) as dashboard:
        Thread(target=dashboard.serve_forever, daemon=True).start()
        port = str(dashboard.server_port)
        done = clone.run("bash", "scripts/policy.sh", DASHBOARD_PORT=port, **environ)
        dashboard.shutdown()
    assert 0 == done.returncode, done.stderr
    assert "DB_POOL_POLICY=naive\n" in clone.dotenv
    ups = [call for call in clone.calls if " up " in call]
    assert 1 == len(ups)
    assert "--no-deps" in ups[0]
    assert ups[0].endswith(" dashboard")


def test_clean_removes_what_is_the_labs_and_keeps_the_rest(clone: Clone) -> None:
    """A user's own settings stay, and so do the records of runs."""
    (clone.folder / ".env").write_text("MINE=1\nDB_POOL_POLICY=naive\nPOSTGRES_IMAGE=x\n")
    for name in (".venv", ".lab/restart", ".lab/build", ".secrets"):
        (clone.folder / name).mkdir(parents=True)
    clone.answers("docker image ls", 0, "123\\n")
    done = clone.run("bash", "scripts/clean.sh")
    assert 0 == done.returncode, done.stderr
    assert "MINE=1\n" == clone.dotenv
    assert (clone.folder / ".lab/restart").exists()
    assert not [n for n in (".venv", ".secrets", ".lab/build") if (clone.folder / n).exists()]
    assert "docker image rm --force 123" in clone.calls


@pytest.mark.parametrize("verb", ["restart-db", "crash-db", "by-hand"])
def test_half_shut_server_is_healed_before_an_outage(clone: Clone, verb: str) -> None:
    """Old sessions live and new ones are refused: the lab would wait for ever to begin."""
    (clone.folder / ".venv/bin").mkdir(parents=True)
    for name in ("python", "recovery-lab"):
        (clone.folder / ".venv/bin" / name).write_text(FAKE)
        (clone.folder / ".venv/bin" / name).chmod(0o755)
    clone.answers("docker compose ps --status running", 0, "dashboard\\npostgres\\n")
    refused = "psql: error: FATAL:  the database system is shutting down\\n"
    clone.answers("docker compose exec -T postgres healthcheck.sh", 2, refused)
    done = clone.run("bash", f"scripts/{verb}.sh")
    assert 0 == done.returncode, done.stderr
    assert "PostgreSQL is half shut" in done.stdout
    restart = clone.calls.index("docker compose --progress quiet restart postgres")
    assert restart < next(
        i for i, x in enumerate(clone.calls) if x.startswith("recovery-lab watch")
    )


def test_hand_restarts_the_dashboard_once_new_sessions_work(clone: Clone) -> None:
    """Not before: it would come up beside a database that is still away; and never for ever."""
    done = clone.run("bash", "scripts/take-away.sh", "by-hand", "0")
    assert 0 == done.returncode, done.stderr
    compose = [call.removeprefix("docker compose ") for call in clone.calls if "compose" in call]
    assert compose == [
        "--progress quiet restart postgres",
        "exec -T postgres healthcheck.sh",
        "--progress quiet restart dashboard",
    ]


def test_fault_that_there_is_not_is_refused(clone: Clone) -> None:
    """By its name, with those that there are."""
    done = clone.run("bash", "scripts/take-away.sh", "flood")
    assert 1 == done.returncode
    assert "unknown fault: 'flood'" in done.stderr
    assert "say restart, kill or by-hand" in done.stderr
    assert not clone.calls


def test_down_says_where_the_data_stays(clone: Clone) -> None:
    """And proposes nothing that would delete it."""
    done = clone.run("bash", "scripts/down.sh")
    name = clone.dotenv.strip().removeprefix("COMPOSE_PROJECT_NAME=")
    assert f"the data stays in the volume {name}_data" in done.stdout
    assert "clean" not in done.stdout


@pytest.mark.parametrize("verb", ["down", "clean"])
def test_what_a_profile_started_goes_with_the_stack(clone: Clone, verb: str) -> None:
    """Compose leaves it otherwise, and the network that it is on."""
    done = clone.run("bash", f"scripts/{verb}.sh")
    assert 0 == done.returncode, done.stderr
    downs = [call for call in clone.calls if " down " in call]
    assert downs
    assert all("--profile observe" in call for call in downs)


def test_clean_leaves_data_of_others_that_this_folders_containers_use(clone: Clone) -> None:
    """A label on containers does not tell whose a volume is."""
    clone.answers("docker ps --all --filter label=com.docker.compose.project --format", 0,
                  f"older\\t{clone.folder}\\n")  # fmt: skip
    labels = '[{"Name": "older_data", "Labels": {"recovery-lab": "1"}}]'
    clone.answers("docker volume inspect older_owner", 0, labels)
    done = clone.run("bash", "scripts/clean.sh")
    assert 0 == done.returncode, done.stderr
    assert "kept      project older with its data, which is of a folder" in done.stdout
    downs = [call for call in clone.calls if " down --volumes" in call]
    assert [] == [call for call in downs if "older" in call]
    assert 1 == len(downs)


@pytest.mark.parametrize(("made_at", "goes"), [(5, True), (3, False)])
def test_clean_finds_this_folders_projects_that_are_down(
    clone: Clone, made_at: int, goes: bool
) -> None:
    """One that was started under an exported name has no container left, and a mark with a folder.

    The folder is not enough: another one may have stood here.
    """
    clone.run("bash", "scripts/secrets.sh")
    day_s = 86_400
    os.utime(clone.folder / ".secrets/owner_password", (4 * day_s, 4 * day_s))
    clone.answers(
        f"docker volume ls --filter label=recovery-lab.folder={clone.folder}", 0, "foo_owner\\n"
    )
    labels = [
        {"Name": "foo_owner", "Labels": {"recovery-lab.folder": str(clone.folder)}},
        {"Name": "foo_data", "Labels": {"recovery-lab": "1"}},
    ]
    clone.answers("docker volume inspect foo_owner", 0, json.dumps(labels))
    clone.answers("docker run", 0, f"121\\t/data\\n{made_at * day_s}\\n")
    done = clone.run("bash", "scripts/clean.sh")
    assert 0 == done.returncode, done.stderr
    down = [call for call in clone.calls if "--project-name foo " in call and " down " in call]
    assert goes == bool(down)
    assert goes == ("docker volume rm --force foo_owner" in clone.calls)
    assert goes == (
        "project foo of this folder: containers, network, volume foo_data" in done.stdout
    )


@pytest.mark.parametrize(
    ("major", "images", "status"),
    [(17, ["browser", "second"], 0), (18, [], 0), (18, ["browser", "second"], 1)],
)
def test_tests_refuse_a_server_that_cannot_start_there(
    clone: Clone, major: int, images: list[str], status: int
) -> None:
    """A new volume of theirs would be root's, and the server's log is all that would tell."""
    (clone.folder / "scripts/images.sh").write_text(":\n")
    clone.answers("docker image inspect", 0, f"PG_MAJOR={major}\\n")
    done = clone.run("bash", "scripts/prepare.sh", *images, POSTGRES_IMAGE="pg:x")
    assert status == done.returncode
    assert bool(status) == ("POSTGRES_IMAGE=pg:x is PostgreSQL 18" in done.stderr)
    assert bool(status) == ("one of 14 to 17" in done.stderr)


def test_secrets_are_made_once_and_closed_to_others(clone: Clone) -> None:
    """The folder keeps others out; the files are readable for the containers' users."""
    clone.run("bash", "scripts/secrets.sh")
    files = sorted((clone.folder / ".secrets").iterdir())
    first = [file.read_text() for file in files]
    clone.run("bash", "scripts/secrets.sh")
    assert ["owner_password", "reader_password"] == [file.name for file in files]
    assert first == [file.read_text() for file in files]
    assert first[0] != first[1]
    assert all(len(password.strip()) >= 32 for password in first)
    assert 0o700 == (clone.folder / ".secrets").stat().st_mode & 0o777
    assert all(0o644 == file.stat().st_mode & 0o777 for file in files)


@pytest.mark.parametrize(
    ("outages", "pages", "status"), [(0, 0, 0), (1, 0, 1), (0, 1, 1), (2, 0, 2)]
)
def test_verify_fails_when_either_half_fails(
    clone: Clone, outages: int, pages: int, status: int
) -> None:
    """Both halves run to their end, and what the one in the background said is shown."""
    (clone.folder / ".venv/bin").mkdir(parents=True)
    python = clone.folder / ".venv/bin/python"
    python.write_text(FAKE)
    python.chmod(0o755)
    clone.answers("python -m pytest tests/integration tests/matrix", outages, "outages\\n")
    clone.answers("python -m pytest tests/browser tests/setup tests/unit", pages, "pages\\n")
    done = clone.run("bash", "scripts/verify.sh")
    assert status == done.returncode
    assert "outages\npages\n" == done.stdout
    kept = json.loads((clone.folder / ".lab/verify.json").read_text())
    assert status == kept["verify"]["status"]


def test_verify_runs_every_folder_of_tests() -> None:
    """A new folder of tests must not be left out."""
    folders = {
        path.relative_to(ROOT / "tests").parts[0] for path in ROOT.glob("tests/*/**/test_*.py")
    }
    text = (ROOT / "scripts/verify.sh").read_text()
    assert [] == [name for name in folders if f"tests/{name}" not in text]
