"""A long recovery after a crash, simulated: the server is starting up for as long as it is held."""

from contextlib import suppress

from recovery_lab import docker
from recovery_lab.errors import DockerError
from recovery_lab.faults.base import CRASHED, Effects, Fault
from recovery_lab.faults.held import OVERTIME_S
from recovery_lab.faults.scene import Scene

STARTING_UP = "the database system is starting up"
DEAD_LIMIT_S = 10.0
STARTING_LIMIT_S = 10.0
HOLD = "recovery-lab.hold"  # in the data folder: recovery waits while it is there
MARK = "# recovery-lab"  # at the end of the one line that is ours
# The signal comes last: with it alone the server would not start.
_PREPARE = f"""set -e
cd "${{{{PGDATA:?}}}}"
cat >>postgresql.auto.conf <<'END'
restore_command = 'i=0; while test -e {HOLD} && test $i -lt {{tenths}}; do i=$((i+1)); sleep 0.1; \
done; rm -f {HOLD}; false' {MARK}
END
touch {HOLD} recovery.signal"""
_LET_GO = f'cd "$PGDATA" && rm -f {HOLD}'
_PUT_BACK = f"""set -e
cd "$PGDATA"
rm -f {HOLD} recovery.signal
sed '/{MARK}$/d' postgresql.auto.conf >recovery-lab.conf
cat recovery-lab.conf >postgresql.auto.conf
rm recovery-lab.conf
kill -HUP "$(head -n 1 postmaster.pid)" """


class Recovery(Fault):
    """Ask for a recovery from an archive that is long in saying that it has nothing."""

    name = "recovery"
    effects = Effects(cuts="both", ends_sessions=True, explains=CRASHED, restarts=True)
    hold_s = 6.0
    min_hold_s, max_hold_s = 5.0, 120.0

    def inject(self, scene: Scene) -> None:
        """Prepare in the server's data folder, by the shell of its container; kill, and start."""
        tenths = round((scene.hold_s + OVERTIME_S) * 10)
        _sh(scene, _PREPARE.format(tenths=tenths))
        scene.act({"injected": "die"}, "kill", "--signal", "KILL")
        scene.wait_until(lambda: not scene.present()["State"]["Running"], DEAD_LIMIT_S)
        scene.act({}, "start")

    def verify_landed(self, scene: Scene) -> str:
        """Verify that a fresh session hears that the server is starting up."""
        scene.wait_until(lambda: STARTING_UP in scene.seen.probe().session, STARTING_LIMIT_S)
        told = f"a fresh session {scene.seen.probe().session!r}"
        return self.landed(
            is_in=STARTING_UP in told, evidence=f"{told}; a simulated recovery", instead=told
        )

    def heal(self, scene: Scene) -> None:
        """Let the recovery end."""
        scene.bring_back()
        with suppress(DockerError):  # one that has ended meanwhile is asked again, until it is back
            _sh(scene, _LET_GO)

    def verify_healed(self, scene: Scene) -> str:
        """Verify that it is back, and put its configuration back: not sooner, for it reads that."""
        back = super().verify_healed(scene)
        try:
            _sh(scene, _PUT_BACK)
        except DockerError as error:
            if "executable file not found" not in error.said:  # without a shell nothing came in
                raise
        return f"{back}; its configuration as before"


def _sh(scene: Scene, script: str) -> None:
    docker.run("exec", scene.present()["Id"], "sh", "-c", script, pace=scene.pace)
