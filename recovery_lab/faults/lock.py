"""A table locked: who reads it waits, a server that is only greeted answers; nobody is cut."""

import msgspec

from recovery_lab import docker, programs
from recovery_lab.errors import HealError
from recovery_lab.faults.base import Effects
from recovery_lab.faults.held import Held
from recovery_lab.faults.scene import Scene
from recovery_lab.login import Login

MODULE = "recovery_lab.faults.locker"
LETS_GO_S = 0.5  # from the end of its length until nobody waits any more
DRAINED_LIMIT_S = 5.0
_WAITING = "SELECT count(*) FROM pg_locks WHERE relation = '{}'::regclass AND NOT granted"


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """Which table, and for how long at most; handed over as the one argument, in JSON."""

    login: Login
    table: str
    limit_s: float


class Lock(Held):
    """Have a helper (locker.py) take the target's table in ACCESS EXCLUSIVE MODE."""

    name = "lock"
    hold_s = 3.0  # below a usual deadline of a read, which would else rightly be missed
    effects = Effects(cuts="none", delays_s=hold_s + LETS_GO_S)
    min_hold_s, max_hold_s = 2.0, 8.0  # a read that takes longer counts as hung
    needs = ("admin login", "table")

    def effects_of(self, hold_s: float) -> Effects:
        """Return its effects: it delays for as long as it holds."""
        return msgspec.structs.replace(self.effects, delays_s=hold_s + LETS_GO_S)

    def holding(self, scene: Scene, limit_s: float) -> list[str]:
        """Return the words for the locker's program."""
        login, table = programs.admin_login(scene.stack), scene.stack.target.quoted_table
        if login is None:
            raise RuntimeError(f"{self.name} is played where an admin login is declared, alone")
        assigned = Assignment(login=login, table=table, limit_s=limit_s)
        return programs.words_of(scene.stack, docker.INSTRUMENT, MODULE, assigned)

    def verify_landed(self, scene: Scene) -> str:
        """Verify that a fresh session's read hangs, while one that reads no table is answered."""
        fresh, plain = scene.seen.probe().session, scene.seen.ask("plain").session
        told = f"a fresh session's read of the table {fresh!r}, a SELECT 1 {plain!r}"
        return self.landed(
            is_in=fresh == "hangs" and plain == "ok",
            evidence=f"{told}; {self._waiting(scene)} sessions wait for the lock",
            instead=told,
        )

    def verify_healed(self, scene: Scene) -> str:
        """Verify that nothing waits for the table any more."""
        back = super().verify_healed(scene)
        if not scene.wait_until(lambda: self._waiting(scene) == 0, DRAINED_LIMIT_S):
            raise HealError(f"{scene.stack.project}: sessions still wait for a lock on the table")
        return f"{back}; nothing waits for a lock on the table"

    def _waiting(self, scene: Scene) -> int:
        return int(scene.seen.rule(_WAITING.format(scene.stack.target.quoted_table)))
