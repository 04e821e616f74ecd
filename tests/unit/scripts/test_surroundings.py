"""What a host's own variables do: nothing, or what `make doctor` says. The table is one file."""

import os
import socket
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml

from tests.unit.scripts.conftest import ROOT, Clone

TABLE = [
    line.split(maxsplit=2)
    for line in (ROOT / "recovery_lab/surroundings.txt").read_text().splitlines()
]
IGNORED = [name for kind, name, _ in TABLE if kind == "ignored"]
HEEDED = [name for kind, name, _ in TABLE if kind == "heeded"]
DUMP = '#!/usr/bin/env bash\nenv >>"$FAKES/seen"\n'


@pytest.mark.parametrize("name", IGNORED)
def test_variable_has_no_effect_on_the_lab(clone: Clone, name: str) -> None:
    """No docker command of a script sees it."""
    (clone.bin / "docker").unlink()
    (clone.bin / "docker").write_text(DUMP)
    (clone.bin / "docker").chmod(0o755)
    clone.run("bash", "-c", ". scripts/lib.sh; docker ps", **{name: "x", "MINE": "y"})
    seen = (clone.folder.parent / "seen").read_text().splitlines()
    assert "MINE=y" in seen
    assert not [line for line in seen if line.startswith(f"{name}=")]


def test_variables_have_no_effect_on_the_instrument() -> None:
    """Who calls `recovery-lab` or pytest without a script gets the same."""
    code = "from recovery_lab import docker; print(*docker.surroundings())"
    environ = {**os.environ, **dict.fromkeys(IGNORED, "x"), "MINE": "y"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, env=environ, capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    assert "MINE" in done.stdout.split()
    assert set() == set(IGNORED) & set(done.stdout.split())


def _doctor(clone: Clone, **environ: str) -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    done = clone.run("bash", "scripts/doctor.sh", DASHBOARD_PORT=port, **environ)
    assert 0 == done.returncode, done.stderr
    return done.stdout


def test_doctor_names_each_variable_that_is_set(clone: Clone) -> None:
    """Ignored ones go on meaning something to the user's own docker commands.

    Values stay untold: a proxy's address may hold a password.
    """
    said = _doctor(clone, **dict.fromkeys([*IGNORED, *HEEDED], "hidden"))
    missing = [n for n in IGNORED if f"ignored   {n} (" not in said or f"unset {n}\n" not in said]
    missing += [n for n in HEEDED if f"heeded    {n} (" not in said]
    assert [] == missing
    assert "project   hidden\n" in said
    assert 1 == said.count("hidden")


def test_doctor_names_what_files_say(clone: Clone, tmp_path: Path) -> None:
    """Docker's proxies reach every container, and lines of .env are heeded by Compose."""
    assert "heeded" not in _doctor(clone)
    (tmp_path / "config.json").write_text('{"proxies": {"default": {}}}')
    (clone.folder / ".env").write_text("COMPOSE_FILE=a.yml:b.yml\n")
    said = _doctor(clone, DOCKER_CONFIG=str(tmp_path))
    assert "proxies in Docker's config.json" in said
    assert "your own lines of .env, by Compose: COMPOSE_FILE" in said
    assert "take them out of .env" in said


def test_table_knows_all_forms_of_a_proxy_and_of_a_daemon_elsewhere() -> None:
    """Docker's client and pip read the small letters, too."""
    proxies = {f"{kind}_proxy" for kind in ("all", "http", "https", "no")}
    wanted = proxies | {name.upper() for name in proxies}
    wanted |= {"DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "BUILDX_CONFIG"}
    assert set() == wanted - set(HEEDED)


def test_table_is_documented_as_it_is() -> None:
    """Each name with what it does, word by word."""
    text = (ROOT / "docs/configuration.md").read_text()
    rows = [f"| `{name}` | {kind} | {what} |" for kind, name, what in TABLE]
    assert [] == [row for row in rows if row not in text]


class Alive(BaseHTTPRequestHandler):
    """A dashboard that lives."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status": "alive"}')


def test_health_check_asks_no_proxy() -> None:
    """Docker puts its client's proxies into every container, and none knows 127.0.0.1 there."""
    stack = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    *_, code = stack["services"]["dashboard"]["healthcheck"]["test"]
    nobody = dict.fromkeys(("http_proxy", "HTTP_PROXY"), "http://127.0.0.1:9")
    with HTTPServer(("127.0.0.1", 0), Alive) as dashboard:
        Thread(target=dashboard.serve_forever, daemon=True).start()
        code = code.replace(":8501", f":{dashboard.server_port}")
        done = subprocess.run(
            [sys.executable, "-IS", "-c", code], env=nobody, capture_output=True, check=False
        )
        dashboard.shutdown()
    assert 0 == done.returncode, done.stderr


def test_make_unsets_what_would_lead_scripts_elsewhere(clone: Clone) -> None:
    """With CDPATH set, `cd scripts/..` may end in another folder."""
    other = clone.folder.parent / "other"
    (other / "scripts").mkdir(parents=True)
    makefile = clone.folder / "Makefile"
    makefile.write_text(makefile.read_text() + "\nwhere:\n\t@cd scripts/.. && pwd\n")
    done = clone.run("make", "where", CDPATH=str(other))
    assert f"{clone.folder}\n" == done.stdout
