"""Scenario 6, the negative control: five warm idle connections meet a restarted server."""

from collections.abc import Callable

import pytest

from recovery_lab.judge.outage import Outage
from recovery_lab.stack import Stack
from tests.integration.conftest import RESTART

REPEATS = 2


@pytest.mark.policy("naive")
@pytest.mark.parametrize("repeat", range(1, REPEATS + 1))
def test_naive_pool_fails_its_first_readers(
    stack: Stack, outage: Callable[..., Outage], repeat: int, proves
) -> None:
    """Control: with SQLAlchemy's defaults at least one of five reads meets a dead connection."""
    seen = outage(RESTART, job="idle")
    assert len(set(seen.warm_backends)) == 5
    assert seen.verdict == "passed", seen
    assert seen.reads.failed_after_ready >= 1
    assert set(seen.errors) == {"connection_lost"}
    assert "server closed the connection" in stack.log(stack.target.dashboard.service)
    proves(f"{seen.reads.failed_after_ready} of 5 reads failed after the server was ready")


@pytest.mark.parametrize("repeat", range(1, REPEATS + 1))
def test_adopted_pool_fails_no_reader(
    stack: Stack, outage: Callable[..., Outage], repeat: int, proves
) -> None:
    """The plan's options: the same five reads all succeed."""
    seen = outage(RESTART, job="idle")
    assert len(set(seen.warm_backends)) == 5
    assert seen.verdict == "passed", seen
    assert seen.reads.failed_after_ready == 0
    assert seen.reads.ok_after_ready >= 5
    assert seen.errors == {}
    proves("0 of 5 reads failed after the server was ready")
