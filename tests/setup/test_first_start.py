"""A database's first start that was broken off is begun anew, and nobody's rows are lost by it."""

import os
import time
from collections.abc import Iterator
from subprocess import CompletedProcess

import pytest

from tests.setup.scratch import Scratch, scratch

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
DATA = "/var/lib/postgresql/data"
MARK = f"{DATA}/recovery-lab.complete"
ROWS = "2000"  # in place of 200,000: the same scripts, in a tenth of the time
IN_INITDB = f"[ -e {DATA}/base/1/PG_VERSION ]"
IN_INIT = "psql -XAtq -U lab_owner -d lab -c 'SELECT FROM orders'"


class Database:
    """The database alone, of a scratch clone whose data set is small."""

    def __init__(self, clone: Scratch) -> None:
        self.clone = clone
        self.name = f"recovery-lab-first-start-{os.getpid()}"
        rows = clone.folder / "postgres/init/40-rows.sql"
        rows.write_text(rows.read_text().replace("200000", ROWS))
        with (clone.folder / ".env").open("a") as file:
            file.write(f"COMPOSE_PROJECT_NAME={self.name}\n")
        clone.run("bash", "scripts/secrets.sh")

    def tried(self, *words: str) -> CompletedProcess[str]:
        """Run one command of Compose."""
        return self.clone.tried("docker", "compose", "--progress", "quiet", *words)

    def compose(self, *words: str) -> str:
        """Run one that must succeed."""
        done = self.tried(*words)
        assert 0 == done.returncode, done.stdout + done.stderr
        return done.stdout

    def look(self) -> CompletedProcess[str]:
        """Do what `make up` does before it starts the database."""
        return self.clone.tried("bash", "scripts/first-start.sh", self.name)

    def inside(self, script: str) -> str:
        """Run a script in the running container."""
        return self.compose("exec", "-T", "postgres", "bash", "-c", script)

    def beside(self, script: str) -> str:
        """Run a script on the volume of a stopped database."""
        self.compose("stop", "postgres")
        words = ("run", "--rm", "--no-deps", "-T", "--entrypoint", "bash", "postgres", "-c")
        return self.compose(*words, script)

    def start(self) -> None:
        """Start the database and wait until it takes sessions, its first start done."""
        self.compose("up", "--detach", "postgres")
        deadline = time.monotonic() + 90
        while self.tried("exec", "-T", "postgres", "healthcheck.sh").returncode:
            assert time.monotonic() < deadline, self.compose("logs", "postgres")
            time.sleep(0.1)

    def kill(self) -> None:
        """End the server as a lost power supply does."""
        self.compose("kill", "--signal", "KILL", "postgres")

    def query(self, query: str, database: str = "lab") -> str:
        """Ask as the owner."""
        return self.inside(f'psql -XAtq -U lab_owner -d {database} -c "{query}"').strip()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One project for all of these, not started yet; each test may leave it as it likes."""
    with scratch(tmp_path_factory.mktemp("first-start") / "clone") as clone:
        yield Database(clone)


@pytest.fixture
def complete(database: Database) -> Database:
    """A database whose first start was finished, and which runs."""
    database.start()
    return database


@pytest.mark.parametrize("instant", [IN_INITDB, IN_INIT], ids=["initdb", "init"])
def test_first_start_killed_is_begun_anew(database: Database, instant: str, proves) -> None:
    """Killed in initdb or while the scripts run, it ends in a whole database."""
    database.compose("down", "--volumes", "--timeout", "2")
    slow = database.clone.folder / "postgres/init/35-slow.sql"
    slow.write_text("SELECT pg_sleep(30)")  # init must not end before it is killed
    database.compose("up", "--detach", "postgres")
    database.inside(f"until {instant} 2>/dev/null; do sleep 0.01; done")
    database.kill()
    slow.unlink()
    done = database.look()
    assert 0 == done.returncode, done.stderr
    assert "holds no row and is made again" in done.stdout
    database.start()
    assert ROWS == database.query("SELECT count(*) FROM orders")
    assert "" == database.inside(f"test -e {MARK}")
    proves(f"killed where `{instant[:24]}…` holds: begun anew, {ROWS} rows")


def test_first_start_of_before_gets_its_mark(complete: Database) -> None:
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


def test_first_start_unfinished_with_rows_is_refused(complete: Database) -> None:
    """A part is missing and there are rows, in whatever database: they are named and they stay."""
    complete.query("CREATE DATABASE other", "postgres")
    complete.query("CREATE TABLE mine AS SELECT 1 AS one", "other")
    complete.query("DROP OWNED BY dashboard_reader; DROP ROLE dashboard_reader; TRUNCATE orders")
    complete.inside(f"rm {MARK}")
    for _ in range(2):  # while it runs, and when it is stopped
        done = complete.look()
        assert 1 == done.returncode
        assert "other.public.mine: 1" in done.stderr
        assert f"{complete.name}_data" in done.stderr
        complete.compose("stop", "postgres")
    complete.compose("start", "postgres")
    complete.inside("until pg_isready -q -h 127.0.0.1; do sleep 0.05; done")
    assert "1" == complete.query("SELECT count(*) FROM mine", "other")
    complete.compose("down", "--volumes", "--timeout", "2")


def test_first_start_of_what_does_not_start_is_refused(complete: Database) -> None:
    """A server that has served and starts no more is never taken for a broken-off initdb."""
    complete.beside(f"rm {MARK}; mv {DATA}/global/pg_control {DATA}/global/aside")
    done = complete.look()
    assert 1 == done.returncode
    assert "pg_control" in done.stderr
    complete.beside(f"mv {DATA}/global/aside {DATA}/global/pg_control; touch {MARK}")
    complete.beside(f"mv {DATA}/PG_VERSION {DATA}/aside; rm {MARK}")
    assert 1 == complete.look().returncode
    complete.beside(f"mv {DATA}/aside {DATA}/PG_VERSION; touch {MARK}")


def test_first_start_of_another_major_is_named(complete: Database) -> None:
    """Both versions are named, and the data is left alone."""
    version = complete.beside(f"cat {DATA}/PG_VERSION; echo 12 >{DATA}/PG_VERSION").strip()
    done = complete.look()
    assert 1 == done.returncode
    assert "holds PostgreSQL 12" in done.stderr
    assert f"is PostgreSQL {version}" in done.stderr
    complete.beside(f"echo {version} >{DATA}/PG_VERSION")


def test_passwords_made_anew_can_be_given_to_the_data(complete: Database) -> None:
    """`.secrets/` was lost: the data takes the new passwords, and loses nothing."""
    for path in (complete.clone.folder / ".secrets").iterdir():
        path.unlink()
    complete.clone.run("bash", "scripts/secrets.sh")
    complete.compose("restart", "postgres")
    complete.inside("until pg_isready -q -h 127.0.0.1; do sleep 0.05; done")
    answer = complete.tried("exec", "-T", "postgres", "healthcheck.sh")
    assert "password authentication failed" in answer.stderr
    psql = "docker compose exec -T postgres psql -U lab_owner -d lab <postgres/passwords.sql"
    complete.clone.run("bash", "-c", psql)
    complete.start()
