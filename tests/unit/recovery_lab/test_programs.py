"""The lab's programs in helper containers: what they get, and whose they are."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from recovery_lab import programs
from recovery_lab.errors import BadInputError
from recovery_lab.target import CERTIFICATE_MOUNT, Database
from tests.unit.recovery_lab.test_docker import ROOT, STACK


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[programs.Helper]:
    """A program whose `docker` only says what it was told."""
    (tmp_path / "docker").write_text('#!/bin/sh\necho "$*"\necho "last words" >&2\n')
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    one = programs.start_program(STACK, "it", "their/image", "some.module", {})
    yield one
    one.end()


def test_program_is_this_checkouts_own(started: programs.Helper) -> None:
    """Whatever the image holds; what is the image's own is found behind it."""
    words = started.stdout.read().decode()
    assert f"--volume {ROOT}/recovery_lab:/instrument/recovery_lab:ro" in words
    assert "--env PYTHONPATH=/instrument:/app" in words
    assert words.strip().endswith("--entrypoint python their/image -m some.module {}")


def test_program_is_found_by_what_it_runs(started: programs.Helper) -> None:
    """A fault that ends the contenders' sessions must know which containers are theirs."""
    assert "--label recovery-lab.program=some.module" in started.stdout.read().decode()


def test_program_gets_the_network_and_no_rights(started: programs.Helper) -> None:
    """It meets the database as its clients do."""
    words = started.stdout.read().decode()
    assert "--network mine_default" in words
    assert "--read-only --cap-drop ALL --security-opt no-new-privileges" in words
    assert "--log-driver none" in words
    assert "--memory 512m --pids-limit 512" in words


def test_program_inside_another_container_sees_its_network_and_its_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no more rights there than elsewhere."""
    (tmp_path / "docker").write_text('#!/bin/sh\necho "$*"\n')
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    one = programs.start_inside(STACK, "a1b2", "it", "some.module", {})
    words = one.stdout.read().decode()
    one.end()
    assert "--pid container:a1b2 --network container:a1b2" in words
    assert "mine_default" not in words
    assert "--read-only --cap-drop ALL --security-opt no-new-privileges" in words


def test_program_may_share_a_clients_network() -> None:
    """Instead of the clients' own network, not beside it; and with no more rights there."""
    words = programs.words_of(STACK, "their/image", "some.module", {}, "container:client")
    assert ["--network", "container:client"] == words[:2]
    assert 1 == words.count("--network")
    assert "--cap-add" not in words


def test_program_is_started_in_the_labs_surroundings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that would turn `docker run` away from a local image does not reach it."""
    monkeypatch.setenv("DOCKER_DEFAULT_PLATFORM", "linux/s390x")
    (tmp_path / "docker").write_text('#!/bin/sh\necho "platform:$DOCKER_DEFAULT_PLATFORM"\n')
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    one = programs.start_program(STACK, "it", "their/image", "some.module", {})
    assert b"platform:\n" == one.stdout.read()
    one.end()


def test_program_that_complains_much_is_not_held_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than a pipe holds: its reads would hang, and be blamed on the contender."""
    (tmp_path / "docker").write_text(
        "#!/bin/sh\ni=0; while [ $i -lt 3000 ]; do i=$((i+1)); "
        'echo "complaint $i of some fifty bytes, as a library logs them" >&2; done\n'
        "echo done\n"
    )
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    one = programs.start_program(STACK, "it", "their/image", "some.module", {})
    assert b"done\n" == one.stdout.readline()
    assert one.last_words().startswith("complaint 3000 of")


def test_program_that_ended_is_quoted(started: programs.Helper) -> None:
    """The last line of its complaints."""
    assert "last words" == started.last_words()


def test_login_takes_its_password_from_where_the_target_says(tmp_path: Path) -> None:
    """A file, read anew for each session, or a variable of the stack."""
    login = programs.login(STACK)
    assert ("", True) == (login.password, login.password_file.startswith("/run/secrets/"))
    secret = tmp_path / "password"
    for password in ("first", "second"):
        secret.write_text(f"{password}\n")
        assert password == msgspec.structs.replace(login, password_file=str(secret)).secret()
    database = Database(service="s", host="h", port=1, name="n", user="u", password_env="SECRET")
    target = msgspec.structs.replace(STACK.target, database=database)
    given = replace(STACK, target=target, environment={"SECRET": "keep-it"})
    assert "keep-it" == programs.login(given).secret()
    with pytest.raises(BadInputError, match="SECRET is not set"):
        programs.login(replace(STACK, target=target))


def test_login_over_tls_is_told_and_its_certificate_mounted() -> None:
    """Whatever program logs in trusts whom the target trusts; else libpq is told nothing."""
    trusted = msgspec.structs.replace(
        STACK.target.database, sslmode="verify-full", sslrootcert="ca.crt"
    )
    target = msgspec.structs.replace(STACK.target, database=trusted)
    over_tls = replace(STACK, target=target)
    login = programs.login(over_tls)
    assert ("verify-full", CERTIFICATE_MOUNT) == (login.sslmode, login.sslrootcert)
    mount = f"{target.root}/ca.crt:{CERTIFICATE_MOUNT}:ro"
    assert mount in programs.words_of(over_tls, "image", "a.module", login)
    assert ("", "") == (programs.login(STACK).sslmode, programs.login(STACK).sslrootcert)


def test_helper_is_named_by_its_stack_and_no_service_of_compose() -> None:
    """Whose it is can be read off its name and labels; Compose's own labels are emptied."""
    words = programs.named_as_ours(STACK)
    assert words[:2] != programs.named_as_ours(STACK)[:2]
    assert words[1].startswith("mine-lab-")
    labels = set(words[3::2])
    assert {"recovery-lab=1", "recovery-lab.project=mine"} < labels
    assert {"com.docker.compose.project=", "com.docker.compose.service="} < labels


def test_helper_sees_the_passwords_of_its_own_logins_alone() -> None:
    """The admin's is mounted where the admin logs in, and in no contender's container."""
    login, admin = programs.login(STACK), programs.admin_login(STACK)
    for told, secrets in (
        ({"login": login}, ["reader"]),
        ({"login": login, "admin": admin}, ["owner", "reader"]),
        ({}, []),
    ):
        words = programs.words_of(STACK, "image", "module", told)
        mounted = [word for word in words if "/run/secrets/" in word and word.endswith(":ro")]
        assert secrets == sorted(word.split("/.secrets/")[1].split("_")[0] for word in mounted)
