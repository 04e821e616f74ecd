"""The dying, to be shown: over psycopg2, sessions that a fault meets in each phase of a read."""

import msgspec

from recovery_lab.contenders.base import Json
from recovery_lab.contenders.deaths import PLACES, Deaths
from recovery_lab.login import Login
from recovery_lab.session import DRIVER, connect
from recovery_lab.target import Traits

TRAITS = Traits(workers=len(PLACES), decides=False)
WHEN_ASKED = True  # most of its reads fail, some of them on purpose


def make(_name: str, way: Json) -> Deaths:
    """Make it over psycopg2."""
    login = msgspec.convert(way["login"], Login)
    return Deaths(DRIVER, lambda: connect(login, "lab-dying"))
