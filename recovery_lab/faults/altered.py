"""Faults that alter one setting of the role or the database, by the admin's login."""

from contextlib import suppress

from recovery_lab.docker import Stack
from recovery_lab.errors import HealError, InconclusiveError
from recovery_lab.faults.base import Fault
from recovery_lab.faults.scene import Scene


class Altered(Fault):
    """Change a setting that stands at its default, and so can be undone by any process.

    Its statements name the clients' `{role}` and their `{database}`, quoted.
    """

    reads: str
    stands: str  # what that tells of the default
    change: str
    undo: str
    needs = ("admin login",)

    def alter(self, scene: Scene) -> float:
        """Change it; return when. InconclusiveError: it has a value of its own already."""
        if (found := self._read(scene)) != self.stands:
            told = (
                f"{self.reads} tells {found!r}, not {self.stands!r}: somebody else's, not touched"
            )
            raise InconclusiveError(f"{self.name}: {told}")
        return scene.seen.ask(f"admin {sql_of(scene.stack, self.change)}; SELECT 1").at

    def inject(self, scene: Scene) -> None:
        """Keep a session from before, then change the setting."""
        scene.seen.ask("keep")
        scene.step("injected", at=self.alter(scene), evidence="the server's answer to the change")

    def heal(self, scene: Scene) -> None:
        """Undo the change."""
        scene.bring_back()
        # Who is not up yet is asked again, until it is back.
        with scene.witnessed() as witness, suppress(InconclusiveError):
            witness.rule(f"{sql_of(scene.stack, self.undo)}; SELECT 1")

    def verify_healed(self, scene: Scene) -> str:
        """Verify that a fresh session reads, and that the setting is as before."""
        back = super().verify_healed(scene)
        if (found := self._read(scene)) != self.stands:
            told = f"{self.name}: {self.reads} tells {found!r}, not {self.stands!r}"
            raise HealError(f"{scene.stack.project}: {told}")
        return f"{back}; the setting as before"

    def _read(self, scene: Scene) -> str:
        return scene.seen.rule(sql_of(scene.stack, self.reads))


class Refused(Altered):
    """Alter what new sessions are refused for, in the server's own words; old ones go on."""

    words: str

    def verify_landed(self, scene: Scene) -> str:
        """Verify that a fresh session is refused for this, and that one from before reads on."""
        fresh, kept = scene.seen.probe().session, scene.seen.ask("kept").session
        told = f"a fresh session {fresh!r}, one from before {kept!r}"
        return self.landed(is_in=self.words in fresh and kept == "ok", evidence=told, instead=told)


def sql_of(stack: Stack, template: str) -> str:
    """Return a statement, with the names of a stack's database and role in it."""
    database = stack.target.database
    names = {"role": database.user, "database": database.name}
    return template.format_map({key: '"' + n.replace('"', '""') + '"' for key, n in names.items()})
