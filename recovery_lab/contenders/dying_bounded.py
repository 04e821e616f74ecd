"""The dying with libpq's limits on connecting and on silence: so that silence is an error."""

import msgspec

from recovery_lab.contenders.base import Json
from recovery_lab.contenders.deaths import PLACES, Deaths
from recovery_lab.login import Login
from recovery_lab.session import DRIVER, connect
from recovery_lab.target import Traits

TRAITS = Traits(workers=len(PLACES), decides=False)
WHEN_ASKED = True
LIMITS: dict[str, int] = {
    "connect_timeout": 2,  # s
    "tcp_user_timeout": 1000,  # ms that what was sent may stay without an acknowledgement
    "keepalives_idle": 1,  # s; the three find a dead peer that is only being waited for
    "keepalives_interval": 1,
    "keepalives_count": 2,
}


def make(_name: str, way: Json) -> Deaths:
    """Make it over psycopg2."""
    login = msgspec.convert(way["login"], Login)
    return Deaths(DRIVER, lambda: connect(login, "lab-dying", limits=LIMITS))
