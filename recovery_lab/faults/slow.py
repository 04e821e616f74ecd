"""A slow query on a healthy server: nobody may cut it, and nobody may try it again."""

from recovery_lab.errors import HealError
from recovery_lab.faults.base import Effects, Fault
from recovery_lab.faults.scene import Scene

SEEN_S = 0.8  # within the shortest length
DUE_S = 2.0  # an end that is due comes within this


class Slow(Fault):
    """One session sleeps in `pg_sleep` for the fault's length and ends by itself."""

    name = "slow"
    effects = Effects(cuts="none")
    hold_s = 3.0
    min_hold_s, max_hold_s = 1.0, 120.0

    def inject(self, scene: Scene) -> None:
        """Send the query from the witness, which does not wait for it."""
        scene.seen.ask(f"sleep {scene.hold_s}")

    def verify_landed(self, scene: Scene) -> str:
        """Verify that the server shows one session, active and waiting on PgSleep."""
        scene.wait_until(lambda: scene.seen.ask("sleeping").sessions > 0, SEEN_S)
        seen = scene.seen.ask("sleeping")
        return self.landed(
            is_in=seen.sessions == 1,
            evidence="pg_stat_activity shows one session active in pg_sleep",
            instead=f"one session was to sleep, {seen.sessions} do; its own word: {seen.slept!r}",
        )

    def heal(self, scene: Scene) -> None:
        """Wait for its end, which is due, and note how it ended; end what a dead run has left."""
        if scene.witness is None:
            with scene.witnessed() as witness:
                witness.ask("wake")
            return
        ended = scene.wait_until(lambda: scene.seen.ask("sleeping").sessions == 0, DUE_S)
        scene.seen.ask("wake")
        how = scene.seen.ask("sleeping").slept if ended else "ended by the fault itself, early"
        said = "by itself" if how == "ok" else f"not by itself: {how or 'no word'}"
        scene.step("healed", evidence=f"pg_sleep ended {said}")

    def verify_healed(self, scene: Scene) -> str:
        """Verify that nothing sleeps any more."""
        back = super().verify_healed(scene)
        if asleep := scene.seen.ask("sleeping").sessions:
            raise HealError(f"{scene.stack.project}: {asleep} sessions of the fault still sleep")
        return f"{back}; no session sleeps"
