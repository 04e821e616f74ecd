"""The lab's own errors; one root, a leaf per trouble. Database errors stay the driver's."""


class LabError(Exception):
    """Root of everything the lab raises on purpose; its text is fit for a person."""


class BadInputError(LabError):
    """A setting, argument or file the user can mend."""


class InconclusiveError(LabError):
    """The harness, not the subject, is in doubt: nothing was proven either way."""


class HealError(LabError):
    """A fault could not be healed, or is not seen healed: nothing may go on before it is."""


class DockerError(LabError):
    """A `docker` command failed; holds what it said."""

    def __init__(self, command: list[str], status: int, said: str) -> None:
        self.said = said.strip()
        super().__init__(f"{' '.join(command)}: exit status {status}: {self.said or 'no message'}")
