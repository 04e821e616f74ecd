"""One backend killed: the postmaster ends every session, recovers, and is the same as before."""

from recovery_lab import docker
from recovery_lab.faults.base import CRASHED, Effects, Fault
from recovery_lab.faults.scene import Scene

END_LIMIT_S = 5.0  # for the killed session's end to reach its client
RECOVERED_LIMIT_S = 30.0
TOLD = "reinitializing"  # since PostgreSQL 14 the log names no session that was ended


class Crash(Fault):
    """Send SIGKILL to the backend of a session of the witness's own."""

    name = "crash"
    effects = Effects(cuts="both", ends_sessions=True, explains=CRASHED)
    hold_s = max_hold_s = 0.0  # for a moment

    def inject(self, scene: Scene) -> None:
        """Kill it by the shell of the server's own container; over as soon as it is done."""
        kill = f"kill -KILL {scene.seen.ask('keep').pid}"
        scene.seen.ask("watch")
        docker.run("exec", scene.present()["Id"], "sh", "-c", kill, pace=scene.pace)
        if scene.wait_until(lambda: scene.seen.ask("ended").ended_at > 0.0, END_LIMIT_S):
            at = scene.seen.ask("ended").ended_at
            for step in ("injected", "healed"):
                scene.step(step, at=at, evidence="the end of the killed session, to its client")

    def verify_landed(self, scene: Scene) -> str:
        """Verify that every session from before is gone, and keep the server's own word."""
        scene.wait_until(lambda: scene.seen.probe().session == "ok", RECOVERED_LIMIT_S)
        seen = scene.seen.ask("left")
        return self.landed(
            is_in=seen.noted > seen.sessions == 0,
            evidence=f"all {seen.noted} sessions from before are gone; {_told(scene)}",
            instead=f"of {seen.noted} sessions from before {seen.sessions} are there",
        )


def _told(scene: Scene) -> str:
    ended, service = scene.seen.ask("ended"), scene.stack.target.database.service
    killed_at = ended.wall - (ended.at - ended.ended_at)
    lines = docker.service_log(scene.stack, service, killed_at, ended.wall).splitlines()
    said = next((line for line in lines if TOLD in line), "")
    return f"the server's log: {said}" if said else "the server's log does not tell of it"
