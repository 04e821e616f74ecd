"""The canary: one raw connection, opened once and never again, that meets the fault itself."""

from recovery_lab.contenders.base import Json
from recovery_lab.contenders.driver import OneSession
from recovery_lab.target import Traits

TRAITS = Traits(reconnects=False, workers=1)


class Canary(OneSession):
    """Reads outside of transactions."""

    def __init__(self, _name: str, way: Json) -> None:
        super().__init__(way, "lab-canary")
        self._session.autocommit = True


make = Canary
