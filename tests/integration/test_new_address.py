"""Scenario 5: the database's container is recreated and has another address."""

from collections.abc import Callable
from pathlib import Path

from recovery_lab import docker
from recovery_lab.judge.outage import Outage
from recovery_lab.stack import Stack
from tests.integration.test_database_restart import assert_recovered, figures


def address(stack: Stack) -> str:
    """Return the database's address on the stack's network."""
    networks = docker.container(stack.target, stack.target.database.service)["NetworkSettings"]
    return networks["Networks"][f"{stack.project}_{stack.target.compose.network}"]["IPAddress"]


def test_recreated_database_with_another_address_is_found(
    stack: Stack, outage: Callable[..., Outage], tmp_path: Path, proves
) -> None:
    """Another container takes the old address first, so the recreated one must get a new one.

    Played again it finds the first one's squatter still there, and needs a second.
    """
    before = address(stack)
    squatters = f"recovery-lab.squatter={stack.project}"
    network = f"{stack.project}_{stack.target.compose.network}"
    script = tmp_path / "recreate.sh"
    script.write_text(
        f"""set -e
docker compose rm --stop --force postgres
docker run --rm --detach --label recovery-lab=1 --label {squatters} --network {network} \
  --entrypoint sleep {stack.target.observer.image} 120
docker compose up --detach --no-build --no-deps postgres
"""
    )
    try:
        seen = outage(["bash", str(script)])
        assert before != address(stack)
        assert_recovered(seen)
        proves(f"{before} -> {address(stack)}; {figures(seen)}")
    finally:
        for found in docker.run("ps", "--quiet", "--filter", f"label={squatters}").split():
            docker.run("rm", "--force", found)
