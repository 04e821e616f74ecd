"""The role's password rotated while the database is away: who reads its secret anew comes back."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from recovery_lab import plan
from recovery_lab.contenders.registry import entries
from recovery_lab.engine import View
from recovery_lab.judge.verdict import reasons
from recovery_lab.outage import Cast
from recovery_lab.run import begin_run, play_run
from recovery_lab.stack import private_stack
from recovery_lab.target import load_target
from tests.running import ROOT, Running

# In single-user mode: the server itself is away, and takes the new password all the same. The file
# is written in place, for what is mounted is the file, not its name.
ROTATE = """set -e
cd "$1"
docker compose stop postgres
docker compose run --rm --no-deps -T --entrypoint sh postgres -c \\
  "echo \\"ALTER ROLE dashboard_reader PASSWORD '$2';\\" | postgres --single -D \\$PGDATA lab"
echo "$2" >.secrets/reader_password
docker compose start postgres"""
PARTS = {"dashboard": "subject", "adopted": "subject", "keeper": "control: recovers"}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Running]:
    """A stack of a folder with secrets of its own: the checkout's are not touched."""
    for name in ("docker-compose.yml", "target.toml", ".env"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "postgres", tmp_path / "postgres")
    (tmp_path / ".secrets").mkdir(mode=0o700)
    for role in ("owner", "reader"):
        secret = tmp_path / f".secrets/{role}_password"
        secret.write_text(f"the-{role}s-first\n")
        secret.chmod(0o644)
    target = load_target(tmp_path / "target.toml")
    with private_stack(target, "rotate", {"DB_POOL_POLICY": "adopted"}) as stack:
        yield Running(stack)


@pytest.mark.timeout(600)
def test_password_that_is_rotated_while_the_database_is_away_needs_no_restart(
    own: Running, tmp_path: Path, proves
) -> None:
    """Whoever keeps the one that he began with is locked out."""
    before = (ROOT / ".secrets/reader_password").read_bytes()
    outage = _rotated(own, tmp_path, "the-second")
    cells = {cell.contender: cell for cell in outage.cells}
    assert ("passed", "passed") == (cells["dashboard"].verdict, cells["adopted"].verdict)
    assert not outage.restarted
    keeper = cells["keeper"]
    assert "control failed, as it must" == keeper.label, reasons(keeper)
    assert before == (ROOT / ".secrets/reader_password").read_bytes()
    proves("dashboard and adopted came back with the new secret; who kept the first one did not")


def _rotated(own: Running, folder: Path, password: str):
    words = ["sh", "-c", ROTATE, "rotate", str(own.target.root), password]
    # The log tells of the control's refused logins, so it is no measure of the server here.
    asked = plan.Watched(command=words, title="rotate", waived=["server sound"])
    [planned] = plan.watched(own.target, asked)
    known = entries(own.target)
    cast = [
        Cast(contender=name, traits=known[name].traits, jobs=["steady"], parts={"steady": part})
        for name, part in PARTS.items()
    ]
    run = begin_run(
        own.value,
        "rotate",
        Path("target.toml"),
        [msgspec.structs.replace(planned, cast=cast)],
        folder / "runs",
    )
    return play_run(run, own.value, View()).outages[0]
