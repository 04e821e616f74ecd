"""lib.sh: settings are read as Compose reads them, and .env is changed with care."""

import pytest

from tests.unit.scripts.conftest import Clone

LIB = ". scripts/lib.sh; . scripts/lib_build.sh; "


def _lib(clone: Clone, code: str, **environ: str) -> str:
    done = clone.run("bash", "-Eeuo", "pipefail", "-c", LIB + code, **environ)
    assert 0 == done.returncode, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("DASHBOARD_PORT=8600", "8600"),
        ("DASHBOARD_PORT='8600'", "8600"),
        ('DASHBOARD_PORT="8600"', "8600"),
        ("export DASHBOARD_PORT=8600  # mine", "8600"),
        ("DASHBOARD_PORT=1\nDASHBOARD_PORT=8600", "8600"),
        ("MY_DASHBOARD_PORT=1", "8501"),
        ("#DASHBOARD_PORT=1", "8501"),
    ],
)
def test_setting_reads_env_file_as_compose_does(clone: Clone, line: str, value: str) -> None:
    """Quotes, comments and repeated lines mean what they mean to Compose."""
    (clone.folder / ".env").write_text(line + "\n")
    assert value == _lib(clone, "setting DASHBOARD_PORT 8501").strip()


def test_setting_exported_value_wins(clone: Clone) -> None:
    """An exported value wins over the file, as it does for Compose."""
    (clone.folder / ".env").write_text("DASHBOARD_PORT=8600\n")
    assert "8700\n" == _lib(clone, "setting DASHBOARD_PORT 8501", DASHBOARD_PORT="8700")


def test_keep_changes_its_own_line_alone(clone: Clone) -> None:
    """A user's own lines, comments and order stay."""
    (clone.folder / ".env").write_text("# mine\nA=1\nDB_POOL_POLICY=adopted\nB='x y'\n")
    _lib(clone, "keep DB_POOL_POLICY naive; keep NEW 1")
    assert "# mine\nA=1\nDB_POOL_POLICY=naive\nB='x y'\nNEW=1\n" == clone.dotenv


def test_keep_without_value_takes_the_line_out(clone: Clone) -> None:
    """What the lab wrote it can take out again."""
    (clone.folder / ".env").write_text("A=1\nDB_POOL_POLICY=naive\n")
    _lib(clone, "keep DB_POOL_POLICY")
    assert "A=1\n" == clone.dotenv


def test_keep_retains_mode_and_leaves_no_scratch_file(clone: Clone) -> None:
    """A private .env stays private, and the atomic exchange leaves nothing behind."""
    path = clone.folder / ".env"
    path.write_text("A=1\n")
    path.chmod(0o600)
    _lib(clone, "keep DB_POOL_POLICY naive")
    assert 0o600 == path.stat().st_mode & 0o777
    assert [path] == list(clone.folder.glob(".env*"))


def test_content_tells_changed_bytes_and_names(clone: Clone) -> None:
    """A build is skipped only where no byte and no name has changed."""
    first = _lib(clone, "content postgres")
    assert first == _lib(clone, "content postgres")
    (clone.folder / "postgres/new.sql").write_text("")
    named = _lib(clone, "content postgres")
    (clone.folder / "postgres/new.sql").write_text("x")
    assert 3 == len({first, named, _lib(clone, "content postgres")})


def test_own_project_is_kept_unless_it_is_exported(clone: Clone) -> None:
    """Plain `docker compose` finds the name in .env; an exported one is for one call."""
    assert "once\n" == _lib(clone, "own_project name; echo $PROJECT", COMPOSE_PROJECT_NAME="once")
    assert "" == clone.dotenv
    name = _lib(clone, "own_project name; echo $PROJECT").strip()
    assert f"COMPOSE_PROJECT_NAME={name}\n" == clone.dotenv


def test_together_waits_for_all_and_names_the_failed(clone: Clone) -> None:
    """One failed job is named with its log's last lines, after the others have finished."""
    code = "in_background good touch done; in_background bad ls /nowhere; together"
    done = clone.run("bash", "-Eeuo", "pipefail", "-c", LIB + code)
    assert 1 == done.returncode
    assert "failed: bad" in done.stderr
    assert "/nowhere" in done.stderr
    assert (clone.folder / "done").exists()
