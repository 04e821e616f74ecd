"""One outage as it was planned and kept: all that a judge must know beside its history."""

from typing import Literal, get_args

import msgspec

from recovery_lab.faults.base import Effects
from recovery_lab.target import Health, Traits

# Played side by side; each other job has its outages to itself.
Together = Literal["steady", "idle"]
JobName = Literal[Together, "fresh", "cold", "crowd"]
TOGETHER: tuple[JobName, ...] = get_args(Together)
JOBS: tuple[JobName, ...] = get_args(JobName)
Word = Literal["passed", "failed", "inconclusive"]


class Cast(msgspec.Struct, frozen=True, kw_only=True):
    """One contender of an outage: its traits, its jobs, and what it is in this outage."""

    contender: str
    traits: Traits
    jobs: list[JobName]
    parts: dict[str, str] = {}  # by job, as in the target's `roles`; else by effects and traits
    deciding: bool = True  # canary, twin and who says so himself are only shown


class OutageInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One outage: what was planned, and, once it is over, what the runner has to say."""

    fault: str
    effects: Effects
    repeat: int
    cast: list[Cast]
    reads_per_s: float
    hold_s: float
    seed: int
    limit_s: float
    solo: str = ""
    policy: str = ""
    command: list[str] = []  # a user's own
    title: str = ""  # what that is called
    application: str = ""  # the contender that stands for it, where there is one
    capabilities: list[str] = []  # the target's
    health: Health | None = None
    waived: list[str] = []
    daemon: bool = True  # whether Docker's tells of its containers; of one's own engine none does
    login: bool = True  # without one no fresh session tells of the server: nothing is split
    idle: int = 5  # connections of an idle pool, which the first users after an outage meet
    metered: bool = False  # whether connections and costs are read; older runs have none
    complete: bool = False  # until the outage was recorded to its end
    trouble: str = ""  # why it could not be

    @property
    def name(self) -> str:
        """The name of its folder and of its timeline."""
        return "-".join(self.words)

    @property
    def words(self) -> list[str]:
        """What it is called, which repeat it is, who is alone in it or its policy, and its job."""
        words = (self.title or self.fault, str(self.repeat), self.solo or self.policy, self.job)
        return [word for word in words if word]

    @property
    def job(self) -> str:
        """The job that has this outage to itself; empty: those that are played together."""
        return next((job for _, job in self.cells if job not in TOGETHER), "")

    @property
    def cells(self) -> list[tuple[Cast, JobName]]:
        """Each contender's jobs."""
        return [(one, job) for one in self.cast for job in one.jobs]
