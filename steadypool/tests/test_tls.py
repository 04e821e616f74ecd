"""Reads over TLS: as without it."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import exc

import steadypool
from conftest import LIMIT_S, SLACK_S, MakeEngine, Timed, select, session_of, warm
from fake import Server


@dataclass(frozen=True)
class Certified:
    """A server's side of TLS, the certificate that vouches for it, and one that does not."""

    context: ssl.SSLContext
    root: Path
    stranger: Path


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    """Made anew, for a day."""
    folder = tmp_path_factory.mktemp("tls")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_made(folder / "own"), folder / "own.key")
    return Certified(context, folder / "own", _made(folder / "stranger"))


def _made(certificate: Path) -> Path:
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
            "-subj", f"/CN={certificate.name}", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", f"{certificate}.key", "-out", str(certificate),
        ],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    return certificate


def test_reads_go_on(make_engine: MakeEngine, server: Server, certified: Certified) -> None:
    """Verified, without pings between them, and through an outage."""
    server.script.tls = certified.context
    root = {"sslmode": "verify-full", "sslrootcert": str(certified.root)}
    engine = make_engine(connect_args=root)
    for _ in range(10):
        assert 1 == steadypool.read(engine, select, deadline_s=5)
    assert steadypool.counters(engine).pings <= 1  # the server's tickets come unasked
    with engine.connect() as connection:
        assert session_of(connection).pgconn.ssl_in_use
    server.cut()
    assert 1 == steadypool.read(engine, select, deadline_s=5)


def test_server_that_nobody_vouches_for_is_refused(
    make_engine: MakeEngine, server: Server, certified: Certified
) -> None:
    """The control, told at once."""
    server.script.tls = certified.context
    root = {"sslmode": "verify-full", "sslrootcert": str(certified.stranger)}
    with pytest.raises(exc.OperationalError, match="certificate verify failed"):
        steadypool.read(make_engine(connect_args=root), select, deadline_s=5)


def test_silent_server_holds_nobody(
    make_engine: MakeEngine, server: Server, certified: Certified
) -> None:
    """There libpq waits for more than the socket; the deadline holds all the same."""
    server.script.tls = certified.context
    engine = make_engine(connect_args={"sslmode": "require"})
    warm(engine, 1)
    server.script.frozen = True
    with Timed() as took, pytest.raises(steadypool.DeadlineError):
        steadypool.read(engine, select, deadline_s=LIMIT_S)
    assert took.s < LIMIT_S + SLACK_S, took.s
    server.script.frozen = False


def test_silence_in_the_handshake_holds_nobody(
    make_engine: MakeEngine, server: Server, certified: Certified
) -> None:
    """A server that takes the connection and no handshake."""
    server.script.tls = certified.context
    server.script.frozen = True
    engine = make_engine(connect_args={"sslmode": "require"})
    with Timed() as took, pytest.raises(steadypool.DeadlineError):
        steadypool.read(engine, select, deadline_s=LIMIT_S)
    assert took.s < LIMIT_S + SLACK_S, took.s
    server.script.frozen = False
