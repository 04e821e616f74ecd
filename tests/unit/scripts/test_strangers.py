"""strangers.sh: a server's programs are brought where that may be, and never a running server."""

from pathlib import Path

import pytest

from tests.unit.scripts.conftest import ROOT, Clone

COMMAND = ("bash", "scripts/strangers.sh", "postgresql")
CONF = "# the host's own\n"
# What Debian's packages would do, as far as it matters here.
APT = """#!/usr/bin/env bash
printf 'apt-get %s\\n' "$*" >>"$FAKES/calls"
case "$*" in
*" install "*postgresql)
  cp "$FAKES/createcluster.conf" "$FAKES/seen"
  [ "${BREAKS-}" != 1 ] || { echo "E: Unable to locate package"; exit 100; }
  mkdir -p "$FAKES/debian/15/bin"
  touch "$FAKES/debian/15/bin/"{initdb,pg_ctl,postgres} ;;
esac
"""


@pytest.fixture
def host(clone: Clone) -> Clone:
    """A clone on a host without PostgreSQL, whose user is root."""
    home = clone.folder.parent
    (clone.folder / "tests/strangers").mkdir(parents=True)
    for name, real in (
        ("tests/strangers/binaries.py", "/usr/lib/postgresql"),
        ("scripts/strangers.sh", "/etc/postgresql-common"),
    ):
        fake = str(home / "debian") if name.endswith(".py") else str(home)
        text = (ROOT / name).read_text()
        assert real in text
        (clone.folder / name).write_text(text.replace(real, fake))
    (home / "createcluster.conf").write_text(CONF)
    (clone.bin / "apt-get").write_text(APT)
    (clone.bin / "apt-get").chmod(0o755)
    (clone.bin / "id").unlink()
    clone.fake("id")
    clone.answers("id -u", 0, "0\\n")
    return clone


def _kept(host: Clone, name: str = "createcluster.conf") -> str:
    return (host.folder.parent / name).read_text()


def test_programs_that_are_there_are_left_alone(host: Clone) -> None:
    """Nothing is asked, nothing installed."""
    folder = host.folder.parent / "debian/16/bin"
    folder.mkdir(parents=True)
    for name in ("initdb", "pg_ctl", "postgres"):
        (folder / name).touch()
    done = host.run(*COMMAND, LAB_AUTO_INSTALL="1")
    assert (0, "") == (done.returncode, done.stdout + done.stderr)
    assert [] == host.calls


def test_debians_server_is_installed_without_a_cluster(host: Clone) -> None:
    """The package finds the setting when it is installed; the host has its own one back."""
    done = host.run(*COMMAND, LAB_AUTO_INSTALL="1")
    assert 0 == done.returncode, done.stderr
    installed = [call for call in host.calls if " install " in call]
    assert ["postgresql-common", "postgresql"] == [call.split()[-1] for call in installed]
    assert all("--no-install-recommends" in call for call in installed)
    assert CONF + "create_main_cluster = false\n" == _kept(host, "seen")
    assert CONF == _kept(host)


def test_install_that_fails_says_so_and_leaves_the_setting(host: Clone) -> None:
    """The archive may not have it, or not now."""
    done = host.run(*COMMAND, LAB_AUTO_INSTALL="1", BREAKS="1")
    assert 1 == done.returncode
    assert "E: Unable to locate package" in done.stderr
    assert "apt-get could not install postgresql" in done.stderr
    assert CONF == _kept(host)


@pytest.mark.parametrize(("user", "allowed"), [("1000", "1"), ("0", "0")])
def test_nothing_is_installed_where_that_may_not_be(host: Clone, user: str, allowed: str) -> None:
    """Without root's rights or leave: what to type is said."""
    host.answers("id -u", 0, f"{user}\\n")
    done = host.run(*COMMAND, LAB_AUTO_INSTALL=allowed)
    assert 1 == done.returncode
    assert "no PostgreSQL server's programs" in done.stderr
    assert "sudo bash scripts/strangers.sh postgresql" in done.stderr
    assert not [call for call in host.calls if call.startswith("apt-get")]


def test_client_alone_is_no_server(host: Clone) -> None:
    """pg_config comes with a library, too."""
    folder = host.folder.parent / "client"
    folder.mkdir()
    host.fake("pg_config")
    host.answers("pg_config --bindir", 0, f"{folder}\\n")
    assert 1 == host.run(*COMMAND).returncode
    for name in ("initdb", "pg_ctl", "postgres"):
        (folder / name).touch()
    assert 0 == host.run(*COMMAND).returncode


def test_newest_server_is_taken(host: Clone) -> None:
    """By number, so that 9 is older than 17; programs on PATH are the last resort."""
    command = ("python3", "tests/strangers/binaries.py")
    _programs(host.bin)
    assert str(host.bin) == host.run(*command).stdout.strip()
    for major in ("9", "17", "15"):
        _programs(host.folder.parent / f"debian/{major}/bin")
    newest = host.folder.parent / "debian/17/bin"
    assert str(newest) == host.run(*command).stdout.strip()
    (newest / "initdb").unlink()
    assert host.run(*command).stdout.strip().endswith("debian/15/bin")


def test_unknown_environment_is_named(host: Clone) -> None:
    """With those that there are."""
    done = host.run("bash", "scripts/strangers.sh", "flask")
    assert 1 == done.returncode
    assert "no environment flask" in done.stderr
    assert "django pools older-pools" in done.stderr


def _programs(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("initdb", "pg_ctl", "postgres"):
        (folder / name).touch(mode=0o755)
