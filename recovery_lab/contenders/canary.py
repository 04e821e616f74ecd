"""The canary: one raw connection, opened once and never again, that meets the fault itself."""

from typing import Any

import msgspec

from recovery_lab.contenders.driver import OneSession
from recovery_lab.session import Login, connect
from recovery_lab.target import Traits

TRAITS = Traits(reconnects=False, workers=1)


def make(name: str, way: dict[str, Any]) -> OneSession:  # noqa: ARG001 # as every factory is called
    """Make the canary."""
    session = connect(msgspec.convert(way["login"], Login), "lab-canary")
    session.autocommit = True
    return OneSession(session)
