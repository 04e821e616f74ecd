"""The database's name does not resolve, which its clients are told; the server is as it was."""

from functools import partial

import msgspec

from recovery_lab import docker, programs
from recovery_lab.errors import DockerError, HealError, InconclusiveError
from recovery_lab.faults.base import Effects
from recovery_lab.faults.held import OVERTIME_S, RULES_RIGHTS, STEP_LIMIT_S, Helped, note, steps
from recovery_lab.faults.scene import Scene

MODULE = "recovery_lab.faults.lookups"
LOOKED_LIMIT_S = 5.0  # a look-up is given up on after 1 s, on a loaded machine later
_CLIENT = f"{docker.LABEL}.client"  # a helper's label: in whose network namespace it is


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """Whose look-ups, and for how long at most, 0: no longer; handed over in JSON."""

    fault: str
    host: str
    port: int
    limit_s: float


class Name(Helped):
    """Have a helper (lookups.py) in each client's network namespace, and in the observer's."""

    name = "name"
    effects = Effects(cuts="new", denies=("names",))
    hold_s = 6.0  # longer than the three checks within which it must be noticed
    min_hold_s, max_hold_s = 2.0, 120.0

    def inject(self, scene: Scene) -> None:
        """Start the helpers one after another, then let all of them begin at once."""
        scene.seen.ask("keep")
        limit_s = scene.hold_s + OVERTIME_S
        helpers = [self._start(scene, one, limit_s) for one in looking_up(scene.stack)]
        self._wait(scene, helpers, "ready")
        if helpers:
            docker.run("kill", "--signal", "USR1", *helpers)
        self._wait(scene, helpers, "injected")
        note(scene, "injected", *helpers)

    def verify_landed(self, scene: Scene) -> str:
        """Verify that no client's look-up comes to an address, and that the server is there."""
        helpers = self.helpers(scene)
        for helper in helpers:
            scene.wait_until(partial(_is_at, "while in", helper), LOOKED_LIMIT_S)
        said = sorted({_said("while in", helper) for helper in helpers})
        fresh, kept = scene.seen.probe().session, scene.seen.ask("kept").session
        told = f"look-ups in {len(helpers)} namespaces: {', '.join(said) or 'none'}; at the "
        told += f"server's address a fresh session {fresh!r}, one from before {kept!r}"
        is_in = bool(said) and all(map(self.is_met, said)) and (fresh, kept) == ("ok", "ok")
        return self.landed(is_in=is_in, evidence=told, instead=told)

    def is_met(self, said: str) -> bool:
        """Tell whether a look-up meets the fault: it is refused at once."""
        return said not in ("", "ok", "hangs")

    def heal(self, scene: Scene) -> None:
        """Have the helpers take their rules out; where one can't, another does."""
        super().heal(scene)
        healed = {_client(one) for one in self.helpers(scene) if "healed" in steps(one)}
        for client in looking_up(scene.stack):
            if client not in healed:
                self._clear(scene, client)

    def verify_healed(self, scene: Scene) -> str:
        """Verify that a fresh look-up of each client that lives comes to an address again."""
        back, there = scene.verify_back(self.heal), looking_up(scene.stack)
        for helper in self.helpers(scene):
            if "healed" in steps(helper) and _client(helper) in there:
                scene.wait_until(partial(_is_at, "after", helper), LOOKED_LIMIT_S)
                if (said := _said("after", helper)) != "ok":
                    project, host = scene.stack.project, scene.stack.target.database.host
                    raise HealError(f"{project}: a client's look-up of {host}: {said or 'none'}")
        super().verify_healed(scene)
        return f"{back}; its name resolves for its clients"

    def _wait(self, scene: Scene, helpers: list[str], step: str) -> None:
        """Wait until each helper is so far; raises InconclusiveError with the first that is not."""
        for helper in helpers:
            if not scene.wait_until(partial(_is_at, step, helper), STEP_LIMIT_S):
                said = _said("failed", helper) or "it said nothing"
                told = f"its helper in the namespace of {_client(helper)[:12]}: {said}"
                raise InconclusiveError(f"{self.name}: {told}")

    def _clear(self, scene: Scene, client: str) -> None:
        """Take out what a helper that was killed has left; a client that ends takes it along."""
        try:
            docker.run("wait", self._start(scene, client, 0.0), limit_s=STEP_LIMIT_S)
        except DockerError:
            if client in looking_up(scene.stack):
                raise

    def _start(self, scene: Scene, client: str, limit_s: float) -> str:
        """Start a helper in a client's network namespace, where alone it may set rules."""
        login = programs.login(scene.stack)
        assigned = Assignment(fault=self.name, host=login.host, port=login.port, limit_s=limit_s)
        network = f"container:{client}"
        words = programs.words_of(scene.stack, docker.INSTRUMENT, MODULE, assigned, network)
        return self.start(scene, [*RULES_RIGHTS, "--label", f"{_CLIENT}={client}", *words])


def looking_up(stack: docker.Stack) -> list[str]:
    """Return whose look-ups are met: the clients', and the observer's, which tells of *ready*."""
    observers = docker.helpers(stack, f"{programs.PROGRAM}={programs.OBSERVER}")
    return docker.running(*programs.clients(stack), *observers)


def _client(helper: str) -> str:
    return str(docker.inspect(helper)[0]["Config"]["Labels"][_CLIENT])


def _is_at(step: str, helper: str) -> bool:
    return step in steps(helper)


def _said(step: str, helper: str) -> str:
    return str(steps(helper).get(step, {}).get("said", ""))
