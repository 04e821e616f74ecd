"""When an outage's record is over, on golden histories cut at different instants."""

import msgspec
import pytest

from recovery_lab.errors import InconclusiveError
from recovery_lab.matrix import ensure_headroom, is_over
from recovery_lab.record.history import Sessions
from recovery_lab.roles import CANARY
from tests.unit.recovery_lab.golden import Golden
from tests.unit.recovery_lab.histories import ORIGIN

RELEASED_AT = ORIGIN + 5.01


def over(golden: Golden, released_at: float | None = RELEASED_AT) -> bool:
    """Tell whether the outage is over at its history's end."""
    return is_over(golden.info(), golden.history(), released_at)


@pytest.mark.parametrize(("end_s", "expected"), [(7.0, False), (7.5, True)])
def test_outage_ends_five_seconds_after_the_subjects_recovery(end_s: float, expected: bool) -> None:
    """Recovered at 2.1 s: 7.0 s is too early, 7.5 s is not."""
    assert expected is over(Golden(fault="freeze", end_s=end_s))


def test_outage_waits_for_the_idle_pools_reads() -> None:
    """Nothing is over before the idle pool was asked."""
    assert not over(Golden(end_s=9.0), released_at=None)


@pytest.mark.parametrize(("end_s", "expected"), [(16.5, False), (17.5, True)])
def test_control_is_watched_for_fifteen_seconds_after_ready(end_s: float, expected: bool) -> None:
    """Ready at 2.005 s: with `pinned` in the outage it lasts until 17 s."""
    assert expected is over(Golden(end_s=end_s, others=("pinned",)))


def test_solo_outage_has_no_control_to_watch() -> None:
    """It ends 5 s after its own recovery."""
    assert over(Golden(end_s=7.5, solo="adopted"))


@pytest.mark.parametrize(("end_s", "expected"), [(12.5, False), (13.5, True)])
def test_outage_without_recovery_ends_at_the_limit(end_s: float, expected: bool) -> None:
    """A limit of 10 s, counted from ready at 2.005 s, and a second for news of the daemon."""
    assert expected is over(Golden(recovered_s=99.0, limit_s=10.0, end_s=end_s))


@pytest.mark.parametrize(("end_s", "expected"), [(11.0, False), (12.0, True)])
def test_outage_without_ready_ends_at_the_limit_too(end_s: float, expected: bool) -> None:
    """The server is never seen ready: a limit of 10 s from the heal at 1.5 s."""
    assert expected is over(Golden(ready_s=99.0, limit_s=10.0, end_s=end_s))


def test_dashboard_has_recovered_with_its_system_health() -> None:
    """Reads are back at 2.1 s, System Health at 6 s: over at 11 s, not at 9 s."""
    late = {"fault": "freeze", "contender": "dashboard", "health_up_s": 6.0}
    assert not over(Golden(**late, end_s=9.5))
    assert over(Golden(**late, end_s=11.5))


def test_contender_alone_is_waited_for_whatever_its_role() -> None:
    """`naive` is no subject of a restart; alone in its outage its lag is the point."""
    alone = {"contender": "naive", "solo": "naive", "recovered_s": 6.0}
    assert not over(Golden(**alone, end_s=9.5))
    assert over(Golden(**alone, end_s=11.5))


def test_canary_is_never_waited_for() -> None:
    """A reference that stays away holds nobody up."""
    golden = Golden(fault="freeze", end_s=8.0)
    info = msgspec.structs.replace(golden.info(), contenders=["adopted", CANARY])
    assert is_over(info, golden.history(), RELEASED_AT)


def test_server_must_have_room_for_the_pools() -> None:
    """Half of the allowed sessions may be in use before the fault, not more."""
    ensure_headroom(Sessions(at=0.0, by_application={"a": 30, "b": 20}, max_connections=100))
    with pytest.raises(InconclusiveError, match="51 sessions"):
        ensure_headroom(Sessions(at=0.0, by_application={"a": 51}, max_connections=100))
