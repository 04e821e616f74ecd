"""Sessions that idle, ended by the server itself: by a time limit of the role's."""

from recovery_lab.faults.altered import Altered
from recovery_lab.faults.base import Effects
from recovery_lab.faults.scene import Scene

IDLE_S = 5  # more than a steady state takes, so that pools which were warmed are cut in the fault
ENDED_LIMIT_S = IDLE_S + 3.0
ENDED = "terminating connection due to idle-session timeout"


class IdleTimeout(Altered):
    """Set idle_session_timeout for the clients' role; sessions opened from then on have it."""

    name = "idle-timeout"
    effects = Effects(cuts="idle", ends_sessions=True, marks=True, explains=("57P05",))
    hold_s = min_hold_s = IDLE_S + 1.0
    max_hold_s = 120.0
    prepares = True
    # In this database alone, where hardly anybody has set it besides.
    reads = """SELECT coalesce(max(option), 'none') FROM (SELECT unnest(setconfig) AS option
       FROM pg_db_role_setting JOIN pg_database AS own ON setdatabase = own.oid
       WHERE setrole = '{role}'::regrole AND datname = current_database()) AS options
       WHERE starts_with(option, 'idle_session_timeout=')""".replace("\n", " ")
    stands = "none"
    change = f"ALTER ROLE {{role}} IN DATABASE {{database}} SET idle_session_timeout = '{IDLE_S}s'"
    undo = "ALTER ROLE {role} IN DATABASE {database} RESET idle_session_timeout"

    def prepare(self, scene: Scene) -> None:
        """Set it before the pools are warmed: a session has what stood as it was opened."""
        self.alter(scene)

    def inject(self, scene: Scene) -> None:
        """Leave a session alone, beside those of the pools."""
        scene.seen.ask("keep")
        scene.seen.ask("watch")

    def verify_landed(self, scene: Scene) -> str:
        """Verify that the server ended it for this, and that a fresh one reads."""
        scene.wait_until(lambda: scene.seen.ask("ended").ended_at > 0.0, ENDED_LIMIT_S)
        kept, fresh = scene.seen.ask("kept").session, scene.seen.probe().session
        seen = scene.seen.ask("left")
        told = f"a session that idled for {IDLE_S} s {kept!r}, a fresh one {fresh!r}"
        return self.landed(
            is_in=ENDED in kept and fresh == "ok",
            evidence=f"{told}; of {seen.noted} from before {seen.noted - seen.sessions} are gone",
            instead=told,
        )
