"""The contenders by name; a new one is one more line."""

from collections.abc import Callable, Mapping

import msgspec

from dashboard.db_connector import Address
from dashboard.settings import PolicyName
from recovery_lab.clients.base import Client
from recovery_lab.clients.http import DashboardClient
from recovery_lab.clients.pooled import PolicyClient
from recovery_lab.clients.raw import Canary, Quitter
from recovery_lab.record.readers import Reading


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """What a contender may need to reach its database."""

    address: Address
    reading: Reading


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """How a contender is made, how many workers it has, and whether it pools."""

    make: Callable[[Way], Client]
    workers: int = 4
    pools: bool = False


def _policy(name: PolicyName) -> Callable[[Way], Client]:
    return lambda way: PolicyClient(name, way.address)


CLIENTS: Mapping[str, Entry] = {
    "adopted": Entry(make=_policy("adopted"), pools=True),
    "naive": Entry(make=_policy("naive"), pools=True),
    "dispose": Entry(make=_policy("dispose"), pools=True),
    "pinned": Entry(make=_policy("pinned")),
    "quitter": Entry(make=lambda way: Quitter(way.address)),
    "dashboard": Entry(make=lambda way: DashboardClient(way.reading)),
    "canary": Entry(make=lambda way: Canary(way.address), workers=1),
}
