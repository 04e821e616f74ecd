"""Scenario 5: the database's container is recreated and has another address."""

from pathlib import Path

from recovery_lab import docker
from tests.integration.test_database_restart import assert_recovered, figures
from tests.running import Running, Watch


def address(stack: Running) -> str:
    """Return the database's address on the stack's network."""
    networks = stack.container(stack.database)["NetworkSettings"]
    return networks["Networks"][docker.network(stack.value)]["IPAddress"]


def test_recreated_database_with_another_address_is_found(
    stack: Running, outage: Watch, tmp_path: Path, proves
) -> None:
    """Other containers take the old address first, so the recreated one must get a new one.

    Each takes the lowest that is free, and lower ones may be: a server that moved stands above.
    """
    before = address(stack)
    squatters = f"recovery-lab.squatter={stack.project}"
    network = docker.network(stack.value)
    script = tmp_path / "recreate.sh"
    script.write_text(
        f"""set -e
docker compose rm --stop --force postgres
for nth in 1 2 3 4 5 6 7 8; do
  one="$(docker run --rm --detach --label recovery-lab=1 --label {squatters} \
    --network {network} --entrypoint sleep {docker.INSTRUMENT} 120)"
  docker inspect "$one" | grep -q '"IPAddress": "{before}"' && break
done
docker compose up --detach --no-build --no-deps postgres
"""
    )
    try:
        seen = outage(["bash", str(script)])
        assert before != address(stack), seen.doubts
        assert_recovered(seen)
        proves(f"{before} -> {address(stack)}; {figures(seen)}")
    finally:
        for found in docker.run("ps", "--quiet", "--filter", f"label={squatters}").split():
            docker.run("rm", "--force", found)
