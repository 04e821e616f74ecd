"""The PostgreSQL image, official or stand-in, keeps what the compose file relies on."""

import gzip
import itertools
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.integration
PASSWORD = "a scratch password"
HARDENED = (
    "--user=999:999 --cap-drop=ALL --security-opt=no-new-privileges:true --read-only "
    "--network=none --tmpfs=/tmp --tmpfs=/var/run/postgresql:uid=999,gid=999 --label=recovery-lab=1"
).split()
INITDB = "--data-checksums --auth-host=scram-sha-256"
PSQL = "psql -U lab_owner -d lab -c".split()
SLEEPING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
NO_LISTENER = "if (exec 3<>/dev/tcp/127.0.0.1/5432) 2>/dev/null; then echo open; else echo shut; fi"
NOTE = (
    "psql -qU lab_owner -d lab -c \"INSERT INTO note VALUES ('{0}', '$(" + NO_LISTENER + ")')\"\n"
)

Docker = subprocess.CompletedProcess[str]


def docker(*words: str) -> Docker:
    """Run one docker command; its outcome is the test's to judge."""
    return subprocess.run(
        ["docker", *words], capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture(scope="module")
def image() -> str:
    """The image that the stack uses."""
    config = subprocess.run(
        ["docker", "compose", "config", "--format", "json"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    return str(json.loads(config.stdout)["services"]["postgres"]["image"])


@pytest.fixture(scope="module")
def start(image: str) -> Iterator[Callable[..., str]]:
    """Start a hardened container of the image; all are removed, with their volumes."""
    numbers, names = itertools.count(1), []

    def begin(*options: str, command: tuple[str, ...] = ()) -> str:
        names.append(f"recovery-lab-image-{os.getpid()}-{next(numbers)}")
        name = names[-1]
        done = docker("run", "--detach", f"--name={name}", *HARDENED, *options, image, *command)
        assert 0 == done.returncode, done.stderr
        return name

    yield begin
    docker("rm", "--force", "--volumes", *names)


def ended(name: str) -> tuple[int, str]:
    """Wait for a container's end; return its status and its log."""
    status = int(docker("wait", name).stdout)
    log = docker("logs", name)
    return status, log.stdout + log.stderr


def psql(name: str, query: str, *options: str, password: str = PASSWORD) -> Docker:
    """Ask over TCP, as the stack's own clients do."""
    return docker(
        "exec", "--env", f"PGPASSWORD={password}", name, "psql", "-XAtq", "-h", "127.0.0.1",
        "-U", "lab_owner", "-d", "lab", "-c", query, *options,
    )  # fmt: skip


def until(name: str, query: str, answer: str, limit_s: float = 90.0) -> None:
    """Ask until the answer is the wanted one."""
    deadline = time.monotonic() + limit_s
    while answer != psql(name, query).stdout:
        assert time.monotonic() < deadline, docker("logs", name).stderr
        time.sleep(0.1)


@pytest.fixture(scope="module")
def database(start: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A running database, made by one init script of each kind."""
    folder = tmp_path_factory.mktemp("init")
    folder.parent.chmod(0o755)
    folder.chmod(0o755)
    scripts = {
        "10-table.sql": b"CREATE TABLE note (n serial, script text, listener text);",
        "20-run.sh": b"#!/usr/bin/env bash\n" + NOTE.replace("{0}", "run").encode(),
        "30-sourced.sh": NOTE.replace("{0}", "sourced $POSTGRES_DB").encode(),
        "35-function.sh": b"docker_process_sql -c \"INSERT INTO note (script) VALUES ('$UNSET')\"",
        "40-zipped.sql.gz": gzip.compress(b"INSERT INTO note (script) VALUES ('zipped');"),
        "50-other.txt": b"not a script",
    }
    for name, content in scripts.items():
        (folder / name).write_bytes(
            content.replace(b"note VALUES", b"note (script, listener) VALUES")
        )
        (folder / name).chmod(0o755 if name == "20-run.sh" else 0o644)
    (folder / "initdb-arguments").write_text(INITDB)
    name = start(
        f"--env=POSTGRES_PASSWORD={PASSWORD}", "--env=POSTGRES_USER=lab_owner",
        "--env=POSTGRES_DB=lab",
        "--env=POSTGRES_INITDB_ARGS_FILE=/docker-entrypoint-initdb.d/initdb-arguments",
        f"--volume={folder}:/docker-entrypoint-initdb.d:ro",
    )  # fmt: skip
    until(name, "SELECT 1", "1\n")
    return name


def test_image_runs_init_scripts_of_each_kind_without_a_listener(database: str) -> None:
    """`.sql`, `.sh` (run or sourced) and `.sql.gz` run in order, and nobody can connect yet.

    A sourced one may use a variable that is not set, and the image's own `docker_process_sql`.
    """
    rows = psql(database, "SELECT script, listener FROM note ORDER BY n").stdout.splitlines()
    assert ["run|shut", "sourced lab|shut", "|", "zipped|"] == rows


def test_image_takes_initdb_arguments_and_asks_for_a_password(database: str) -> None:
    """Checksums are on, and a wrong password is refused over TCP from the container itself."""
    assert "on\n" == psql(database, "SHOW data_checksums").stdout
    wrong = psql(database, "SELECT 1", password="wrong")
    assert 0 != wrong.returncode
    assert "password authentication failed" in wrong.stderr


def test_image_logs_no_password(database: str) -> None:
    """Making the cluster and its roles leaves no password in the log."""
    log = docker("logs", database)
    assert PASSWORD not in log.stdout + log.stderr


def test_image_stops_fast_with_sessions_open_and_keeps_its_data(database: str) -> None:
    """A stop ends sessions instead of waiting for them, and the next start makes nothing anew."""
    with subprocess.Popen(
        ["docker", "exec", database, *PSQL, "SELECT pg_sleep(60)"], stderr=subprocess.DEVNULL
    ) as session:
        until(database, SLEEPING, "1\n")
        began = time.monotonic()
        docker("stop", "--time=20", database)
        assert time.monotonic() - began < 10
        session.wait(10)
    status, log = ended(database)
    assert 0 == status
    assert "received fast shutdown request" in log
    docker("start", database)
    until(database, "SELECT count(*) FROM note", "4\n")


def test_image_without_a_configuration_file_is_open_to_its_network(
    start: Callable[..., str],
) -> None:
    """It listens on every address, names that are empty are the default, the method follows."""
    empty = ("--env=POSTGRES_USER=", "--env=POSTGRES_DB=", f"--env=POSTGRES_PASSWORD={PASSWORD}")
    name = start(*empty, command=("-c", "password_encryption=md5"))
    query = """SELECT current_user, current_database(), current_setting('listen_addresses'),
        (SELECT auth_method FROM pg_hba_file_rules ORDER BY line_number DESC LIMIT 1)"""
    done, deadline = psql(name, query, "-U", "postgres", "-d", "postgres"), time.monotonic() + 90
    while done.returncode and time.monotonic() < deadline:
        time.sleep(0.1)
        done = psql(name, query, "-U", "postgres", "-d", "postgres")
    assert "postgres|postgres|*|md5\n" == done.stdout, done.stderr


def test_image_asked_for_its_version_makes_no_cluster(start: Callable[..., str]) -> None:
    """An option that ends the server at once needs no password and no data."""
    status, log = ended(start(command=("--version",)))
    assert 0 == status
    assert log.startswith("postgres (PostgreSQL)")


def test_image_with_init_scripts_it_cannot_list_makes_no_cluster(
    start: Callable[..., str], tmp_path: Path
) -> None:
    """A folder that is closed to uid 999 looks empty: an empty database must not serve for it."""
    tmp_path.chmod(0o700)
    status, log = ended(
        start("--env=POSTGRES_PASSWORD=x", f"--volume={tmp_path}:/docker-entrypoint-initdb.d:ro")
    )
    assert 0 != status
    assert "/docker-entrypoint-initdb.d" in log
    assert "initdb" not in log.replace("/docker-entrypoint-initdb.d", "")


def test_standin_is_stopped_while_it_makes_its_database(
    start: Callable[..., str], image: str, tmp_path: Path
) -> None:
    """A stop is answered after the step under way; the official image is killed for it."""
    label = '{{ index .Config.Labels "recovery-lab" }}'
    if docker("image", "inspect", "--format", label, image).stdout.strip() != "1":
        pytest.skip("the official image's shell has no handler")
    (tmp_path / "10-slow.sh").write_text("echo here; sleep 1")
    (tmp_path / "20-never.sh").write_text("echo there")
    tmp_path.parent.chmod(0o755)
    tmp_path.chmod(0o755)
    name = start("--env=POSTGRES_PASSWORD=x", f"--volume={tmp_path}:/docker-entrypoint-initdb.d:ro")
    deadline = time.monotonic() + 90
    while "here" not in docker("logs", name).stdout and time.monotonic() < deadline:
        time.sleep(0.05)
    docker("stop", "--time=20", name)
    status, log = ended(name)
    assert 143 == status
    assert "database system is shut down" in log
    assert "there" not in log


def test_image_without_a_password_ends_with_a_clear_error(start: Callable[..., str]) -> None:
    """An open database is never made by accident."""
    status, log = ended(start())
    assert 0 != status
    assert "POSTGRES_PASSWORD" in log


def test_image_refuses_a_password_given_twice(start: Callable[..., str]) -> None:
    """A value and a file for the same setting exclude each other."""
    both = ("--env=POSTGRES_PASSWORD=x", "--env=POSTGRES_PASSWORD_FILE=/etc/hostname")
    status, log = ended(start(*both))
    assert 0 != status
    assert "POSTGRES_PASSWORD_FILE" in log


def test_image_refuses_a_password_given_twice_for_made_data(
    start: Callable[..., str], tmp_path: Path
) -> None:
    """So it does where there is a database already, which has no need of one."""
    (tmp_path / "PG_VERSION").write_text("17")
    tmp_path.parent.chmod(0o755)
    tmp_path.chmod(0o755)
    both = ("--env=POSTGRES_PASSWORD=x", "--env=POSTGRES_PASSWORD_FILE=/etc/hostname")
    status, log = ended(start(*both, f"--volume={tmp_path}:/var/lib/postgresql/data"))
    assert 0 != status
    assert "POSTGRES_PASSWORD_FILE" in log


def test_image_failing_init_script_ends_the_start(
    start: Callable[..., str], tmp_path: Path
) -> None:
    """A half-made database never serves."""
    (tmp_path / "10-broken.sql").write_text("SELECT 1/0;")
    tmp_path.parent.chmod(0o755)
    tmp_path.chmod(0o755)
    status, log = ended(
        start("--env=POSTGRES_PASSWORD=x", f"--volume={tmp_path}:/docker-entrypoint-initdb.d:ro")
    )
    assert 0 != status
    assert "division by zero" in log


def test_image_folders_suit_an_unprivileged_server(start: Callable[..., str]) -> None:
    """Uid 999 owns the data's folder; modes are those of the official image."""
    stat = ("stat", "-c", "%u %a", "/var/lib/postgresql/data")
    status, log = ended(start(command=stat))
    assert (0, "999 1777\n") == (status, log)
