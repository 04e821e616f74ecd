"""first-start.sh: what is done with a volume follows from what a look at it says."""

import pytest

from tests.unit.scripts.conftest import Clone

PROJECT = "lab"
RUN = "docker compose --progress quiet run"
REMOVES = (
    "docker volume rm lab_data",
    "docker compose --progress quiet rm --stop --force postgres",
)


@pytest.fixture
def looked(clone: Clone):
    """Run the script where a look at the stopped volume says `answer`."""
    clone.answers("docker image inspect", 0, "PG_MAJOR=17\\n")

    def run(answer: str, status: int = 0):
        clone.answers(RUN, status, answer)
        return clone.run("bash", "scripts/first-start.sh", PROJECT, POSTGRES_IMAGE="pg:17")

    return run


@pytest.mark.parametrize("answer", ["complete\\n", "empty\\n"])
def test_first_start_finished_is_left_alone(clone: Clone, looked, answer: str) -> None:
    """`up` goes on without a word, and removes nothing."""
    done = looked(answer)
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)
    assert not [call for call in clone.calls if call in REMOVES]


def test_first_start_without_a_volume_looks_at_nothing(clone: Clone) -> None:
    """The first start of all costs no container."""
    clone.answers("docker volume inspect lab_data", 1)
    done = clone.run("bash", "scripts/first-start.sh", PROJECT)
    assert 0 == done.returncode
    assert not [call for call in clone.calls if call.startswith("docker compose")]


def test_first_start_on_18_gives_the_new_volume_to_the_server(clone: Clone) -> None:
    """Its official image has nothing at the data's place, so Docker makes the volume root's."""
    clone.answers("docker volume inspect lab_data", 1)
    clone.answers("docker image inspect", 0, "PG_MAJOR=18\\n")
    assert 0 == clone.run("bash", "scripts/first-start.sh", PROJECT).returncode
    assert clone.calls[-1].endswith("chown postgres 999:999 /var/lib/postgresql/data")


def test_first_start_broken_off_without_a_row_is_begun_anew(clone: Clone, looked) -> None:
    """The container goes first, or the volume could not, and it is said."""
    done = looked("vacant\\n")
    assert 0 == done.returncode, done.stderr
    assert "broken off; lab_data holds no row" in done.stdout
    assert [*reversed(REMOVES)] == clone.calls[-2:]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("held lab.public.orders: 5\\nother.public.mine: 1\\n", "orders: 5, other.public.mine: 1"),
        ("major 16\\n", "lab_data holds PostgreSQL 16, and POSTGRES_IMAGE=pg:17 is PostgreSQL 17"),
        ("unknown FATAL:  no such thing\\n", "left as it is: FATAL:  no such thing"),
    ],
)
def test_first_start_refuses_what_may_hold_rows(
    clone: Clone, looked, answer: str, said: str
) -> None:
    """What it holds, or the server's own words, and what to do; nothing is removed."""
    done = looked(answer)
    assert 1 == done.returncode
    assert said in done.stderr
    assert "remedy" in done.stderr
    assert "make clean" not in done.stderr
    assert not [call for call in clone.calls if call in REMOVES]


def test_first_start_says_whose_data_would_go_and_how_much(clone: Clone, looked) -> None:
    """No command that deletes data is proposed without it."""
    clone.answers("docker run", 0, "121\\t/data\\n432000\\n")
    said = looked("held lab.public.orders: 5\\n").stderr
    whose = "all of volume lab_data (121 MB, made 1970-01-06 00:00 UTC), this folder's own"
    assert whose in said[: said.index("docker volume rm lab_data")]


@pytest.mark.parametrize("fails", REMOVES)
def test_first_start_says_what_could_not_be_removed(clone: Clone, looked, fails: str) -> None:
    """It must not end without a word."""
    clone.answers(fails, 1, "volume is in use\\n")
    done = looked("vacant\\n")
    assert 1 == done.returncode
    assert "lab_data, which holds no row, could not be removed: volume is in use" in done.stderr


def test_first_start_is_not_looked_at_beside_another_container(clone: Clone) -> None:
    """Two servers on one folder would ruin it: it waits, and says for whom."""
    script = clone.folder / "scripts/first-start.sh"
    script.write_text(script.read_text().replace("LIMIT_S=90", "LIMIT_S=0"))
    clone.answers("docker ps --no-trunc", 0, "abc other-postgres-1\\n")
    done = clone.run("bash", "scripts/first-start.sh", PROJECT)
    assert 1 == done.returncode
    assert "lab_data is used by another container: other-postgres-1" in done.stderr
    assert "docker stop other-postgres-1" in done.stderr
    assert "first start" not in done.stderr
    assert not [call for call in clone.calls if call.startswith(RUN)]


def test_first_start_under_way_is_waited_for(clone: Clone) -> None:
    """A server that runs is asked where it runs."""
    clone.answers("docker ps --no-trunc", 0, "abc lab-postgres-1\\n")
    clone.answers("docker compose ps --all --quiet postgres", 0, "abc\\n")
    clone.answers("docker compose exec -T postgres bash", 0, "complete\\n")
    done = clone.run("bash", "scripts/first-start.sh", PROJECT)
    assert 0 == done.returncode, done.stderr
    assert not [call for call in clone.calls if call.startswith(RUN)]


def test_first_start_of_a_half_shut_server_is_looked_at_when_it_is_stopped(clone: Clone) -> None:
    """It refuses new sessions for as long as an old one lives, so it is shut the fast way."""
    script = clone.folder / "scripts/first-start.sh"
    script.write_text(script.read_text().replace("LIMIT_S=90", "LIMIT_S=1"))
    clone.answers("docker ps --no-trunc", 0, "abc lab-postgres-1\\n")
    clone.answers("docker compose ps --all --quiet postgres", 0, "abc\\n")
    clone.answers(
        "docker compose exec -T postgres bash", 0, "starting FATAL: system is shutting down\\n"
    )
    clone.run("bash", "scripts/first-start.sh", PROJECT)
    assert "docker compose --progress quiet stop postgres" in clone.calls
