"""Faults: each breaks the database's service in one way, proves it, and restores it."""

from recovery_lab.faults.base import Cuts, Effects, Fault, checked
from recovery_lab.faults.registry import FAULTS
from recovery_lab.faults.runner import Done, run_fault
from recovery_lab.faults.scene import Scene

__all__ = ["FAULTS", "Cuts", "Done", "Effects", "Fault", "Scene", "checked", "run_fault"]
