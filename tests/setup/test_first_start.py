"""A database's first start that was broken off is begun anew, and nobody's rows are lost by it."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
DATA = "/var/lib/postgresql/data"
MARK = f"{DATA}/recovery-lab.complete"
ROWS = "2000"  # in place of 200,000: the same scripts, in a tenth of the time
IN_INITDB = f"[ -e {DATA}/base/1/PG_VERSION ]"
IN_INIT = "psql -XAtq -U lab_owner -d lab -c 'SELECT FROM orders'"

Done = subprocess.CompletedProcess[str]


class Scratch:
    """A copy of what the database needs, with a project of its own and no dashboard."""

    def __init__(self, folder: Path, image: str) -> None:
        self.folder = folder
        self.project = f"recovery-lab-first-start-{os.getpid()}"
        self.volume = f"{self.project}_data"
        for name in ("scripts", "postgres", "docker-compose.yml"):
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
        (folder / "recovery_lab").mkdir()  # what lib.sh reads
        shutil.copy(ROOT / "recovery_lab/surroundings.txt", folder / "recovery_lab")
        rows = folder / "postgres/init/40-rows.sql"
        rows.write_text(rows.read_text().replace("200000", ROWS))
        (folder / ".env").write_text(
            f"COMPOSE_PROJECT_NAME={self.project}\nPOSTGRES_IMAGE={image}\n"
        )
        self.run("bash", "scripts/secrets.sh")

    def run(self, *command: str, check: bool = True, says: str = "") -> Done:
        """Run a command in the copy, `says` as its input; nothing exported names another stack."""
        environ = {
            name: value
            for name, value in os.environ.items()
            if name not in ("COMPOSE_PROJECT_NAME", "POSTGRES_IMAGE")
        }
        done = subprocess.run(
            command, cwd=self.folder, env=environ, input=says,
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def compose(self, *words: str, check: bool = True) -> Done:
        """Run one command of Compose."""
        return self.run("docker", "compose", "--progress", "quiet", *words, check=check)

    def look(self) -> Done:
        """Do what `make up` does before it starts the database."""
        return self.run("bash", "scripts/first-start.sh", self.project, check=False)

    def inside(self, script: str, *, check: bool = True) -> str:
        """Run a script in the running container."""
        return self.compose("exec", "-T", "postgres", "bash", "-c", script, check=check).stdout

    def beside(self, script: str) -> str:
        """Run a script on the volume of a stopped database."""
        self.compose("stop", "postgres")
        words = ("run", "--rm", "--no-deps", "-T", "--entrypoint", "bash", "postgres", "-c")
        return self.compose(*words, script).stdout

    def start(self) -> None:
        """Start the database and wait until it takes sessions, its first start done."""
        self.compose("up", "--detach", "postgres")
        deadline = time.monotonic() + 90
        while self.compose("exec", "-T", "postgres", "healthcheck.sh", check=False).returncode:
            assert time.monotonic() < deadline, self.compose("logs", "postgres").stdout
            time.sleep(0.1)

    def kill(self) -> None:
        """End the server as a lost power supply does."""
        self.compose("kill", "--signal", "KILL", "postgres")

    def query(self, query: str, database: str = "lab") -> str:
        """Ask as the owner."""
        return self.inside(f'psql -XAtq -U lab_owner -d {database} -c "{query}"').strip()


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scratch]:
    """One project for all of these; each test leaves what it likes."""
    config = subprocess.run(
        ["docker", "compose", "config", "--format", "json"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("first-start")
    made = Scratch(folder, json.loads(config.stdout)["services"]["postgres"]["image"])
    yield made
    made.compose("down", "--volumes", "--timeout", "2")


@pytest.fixture
def complete(scratch: Scratch) -> Scratch:
    """A database whose first start was finished, and which runs."""
    scratch.start()
    return scratch


@pytest.mark.parametrize("instant", [IN_INITDB, IN_INIT], ids=["initdb", "init"])
def test_first_start_killed_is_begun_anew(scratch: Scratch, instant: str, proves) -> None:
    """Killed in initdb or while the scripts run, it ends in a whole database."""
    scratch.compose("down", "--volumes", "--timeout", "2")
    scratch.compose("up", "--detach", "postgres")
    scratch.inside(f"until {instant} 2>/dev/null; do sleep 0.01; done")
    scratch.kill()
    done = scratch.look()
    assert 0 == done.returncode, done.stderr
    assert "holds no row and is made again" in done.stdout
    scratch.start()
    assert ROWS == scratch.query("SELECT count(*) FROM orders")
    assert "" == scratch.inside(f"test -e {MARK}")
    proves(f"killed where `{instant[:24]}…` holds: begun anew, {ROWS} rows")


def test_first_start_of_before_gets_its_mark(complete: Scratch) -> None:
    """A whole database without the mark gets it, running or killed, and keeps what it holds."""
    complete.query("INSERT INTO orders (placed_at, region, amount) VALUES (now(), 'mine', 1)")
    complete.inside(f"rm {MARK}")
    assert 0 == complete.look().returncode
    complete.inside(f"test -e {MARK} && rm {MARK}")
    complete.kill()
    done = complete.look()
    assert (0, "") == (done.returncode, done.stdout), done.stderr
    complete.start()
    complete.inside(f"test -e {MARK}")
    assert "1" == complete.query("SELECT count(*) FROM orders WHERE region = 'mine'")


def test_first_start_unfinished_with_rows_is_refused(complete: Scratch) -> None:
    """A part is missing and there are rows, in whatever database: they are named and they stay."""
    complete.query("CREATE DATABASE other", "postgres")
    complete.query("CREATE TABLE mine AS SELECT 1 AS one", "other")
    complete.query("DROP OWNED BY dashboard_reader; DROP ROLE dashboard_reader; TRUNCATE orders")
    complete.inside(f"rm {MARK}")
    for _ in range(2):  # while it runs, and when it is stopped
        done = complete.look()
        assert 1 == done.returncode
        assert "other.public.mine: 1" in done.stderr
        assert complete.volume in done.stderr
        complete.compose("stop", "postgres")
    complete.compose("start", "postgres")
    complete.inside("until pg_isready -q -h 127.0.0.1; do sleep 0.05; done")
    assert "1" == complete.query("SELECT count(*) FROM mine", "other")
    complete.compose("down", "--volumes", "--timeout", "2")


def test_first_start_of_what_does_not_start_is_refused(complete: Scratch) -> None:
    """A server that has served and starts no more is never taken for a broken-off initdb."""
    complete.beside(f"rm {MARK}; mv {DATA}/global/pg_control {DATA}/global/aside")
    done = complete.look()
    assert 1 == done.returncode
    assert "pg_control" in done.stderr
    complete.beside(f"mv {DATA}/global/aside {DATA}/global/pg_control; touch {MARK}")
    complete.beside(f"mv {DATA}/PG_VERSION {DATA}/aside; rm {MARK}")
    assert 1 == complete.look().returncode
    complete.beside(f"mv {DATA}/aside {DATA}/PG_VERSION; touch {MARK}")


def test_first_start_of_another_major_is_named(complete: Scratch) -> None:
    """Both versions are named, and the data is left alone."""
    version = complete.beside(f"cat {DATA}/PG_VERSION; echo 12 >{DATA}/PG_VERSION").strip()
    done = complete.look()
    assert 1 == done.returncode
    assert "holds PostgreSQL 12" in done.stderr
    assert f"is PostgreSQL {version}" in done.stderr
    complete.beside(f"echo {version} >{DATA}/PG_VERSION")


def test_passwords_made_anew_can_be_given_to_the_data(complete: Scratch) -> None:
    """`.secrets/` was lost: the data takes the new passwords, and loses nothing."""
    for path in (complete.folder / ".secrets").iterdir():
        path.unlink()
    complete.run("bash", "scripts/secrets.sh")
    complete.compose("restart", "postgres")
    complete.inside("until pg_isready -q -h 127.0.0.1; do sleep 0.05; done")
    answer = complete.compose("exec", "-T", "postgres", "healthcheck.sh", check=False)
    assert "password authentication failed" in answer.stderr
    script = (complete.folder / "postgres/passwords.sql").read_text()
    psql = "docker compose exec -T postgres psql -U lab_owner -d lab".split()
    complete.run(*psql, says=script)
    complete.start()
