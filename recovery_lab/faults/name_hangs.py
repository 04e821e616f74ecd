"""The database's name does not resolve, and nobody says so: look-ups get no answer."""

from recovery_lab.faults.names import Name


class NameHangs(Name):
    """Hold rules as `name` does; these let no question through."""

    name = "name-hangs"

    def is_met(self, said: str) -> bool:
        """Tell whether a look-up meets the fault: nothing comes of it."""
        return said == "hangs"
