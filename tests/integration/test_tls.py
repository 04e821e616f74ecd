"""Over TLS, on a stack of its own (tls.toml): a restart is met and told, a stranger is refused."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from recovery_lab import docker, plan
from recovery_lab.docker import Stack
from recovery_lab.engine import View
from recovery_lab.folder import read
from recovery_lab.report.corpus import Corpus
from recovery_lab.run import begin_run, play_run
from recovery_lab.stack import private_stack
from recovery_lab.target import load_target
from tests.running import ROOT

# In the dashboard's container, as its monitor checks: the settings that it has, and one changed.
SAMPLE = """import json, os, sys
from dashboard.db_connector import Address
from dashboard.sampler import Sampler
from dashboard.settings import Settings
settings = Settings.from_env({**os.environ, **json.loads(sys.argv[1])})
one = Sampler(Address.from_settings(settings), deadline_s=5.0).sample()
print(json.dumps([one.trouble and one.trouble.kind, one.driver_line]))"""
ENCRYPTED = """SELECT count(*) FILTER (WHERE ssl), count(*) FROM pg_stat_ssl
    JOIN pg_stat_activity USING (pid) WHERE usename = 'dashboard_reader'"""


@pytest.fixture(scope="module")
def over_tls() -> Iterator[Stack]:
    """The stack of tls.toml, its certificates made."""
    docker.refuse_remote()
    subprocess.run(["bash", "scripts/certificates.sh", "postgres"], cwd=ROOT, check=True)
    with private_stack(load_target(ROOT / "tls.toml"), "tls") as stack:
        yield stack


def sample(stack: Stack, **changed: str) -> list[str | None]:
    """Return the kind of trouble of one check, and the driver's line."""
    words = ["exec", "-T", "dashboard", "python", "-c", SAMPLE, json.dumps(changed)]
    return json.loads(docker.compose(stack, *words))


def test_restart_over_tls_is_recovered_from_and_dies_in_words_of_its_own(
    over_tls: Stack, tmp_path: Path, proves
) -> None:
    """What users of TLS paste into a search box is another text than over plain TCP."""
    asked = plan.Asked(faults=("restart",), contenders=("adopted", "naive", "dying"), seed=1)
    planned = plan.outages(over_tls.target, asked)
    run = begin_run(over_tls, "tls", Path("tls.toml"), planned, tmp_path)
    verdict = play_run(run, over_tls, View())
    corpus = read(run / "corpus.json", Corpus)
    lost = {one.text for one in corpus.errors if one.phase != "connect" and not one.innocent}
    assert "passed" == verdict.verdict, verdict
    assert "SSL connection has been closed unexpectedly" in lost
    assert "server closed the connection unexpectedly" not in lost
    proves(f"a restart over TLS, verify-full, told as {', '.join(sorted(lost))}")


def test_every_session_is_encrypted(over_tls: Stack) -> None:
    """The server's own count: what is measured here is no plain TCP."""
    words = ["exec", "-T", "postgres", "psql", "-XAtq", "-U", "lab_owner", "-d", "lab", "-c"]
    encrypted, every = docker.compose(over_tls, *words, ENCRYPTED).strip().split("|")
    assert encrypted == every
    assert int(every) > 0


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"DB_SSLROOTCERT": "system"}, "certificate verify failed"),
        ({"DB_SSLROOTCERT": "/nowhere"}, 'root certificate file "/nowhere" does not exist'),
        ({"DB_HOST": "{address}"}, 'does not match host name "{address}"'),
    ],
    ids=["another authority", "no authority", "another name"],
)
def test_server_that_cannot_prove_who_it_is_is_refused_by_that_name(
    over_tls: Stack, changed: dict[str, str], words: str
) -> None:
    """Never as a host that does not answer; the same check with nothing changed is good."""
    assert [None, None] == sample(over_tls)
    networks = docker.container(over_tls, "postgres")["NetworkSettings"]["Networks"]
    address = networks[docker.network(over_tls)]["IPAddress"]
    told = {name: value.format(address=address) for name, value in changed.items()}
    kind, line = sample(over_tls, **told)
    assert ("untrusted", True) == (kind, words.format(address=address) in str(line)), line
