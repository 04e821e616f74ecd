"""All faults by name; the one that does nothing is the template to copy."""

from collections.abc import Mapping

from recovery_lab.faults.base import Fault
from recovery_lab.faults.command import Command
from recovery_lab.faults.crash import Crash
from recovery_lab.faults.drop import Drop
from recovery_lab.faults.flap import Flap
from recovery_lab.faults.freeze import Freeze
from recovery_lab.faults.idle_drop import IdleDrop
from recovery_lab.faults.idle_timeout import IdleTimeout
from recovery_lab.faults.kill import Kill
from recovery_lab.faults.latency import Latency
from recovery_lab.faults.limits import DatabaseSlots, RoleSlots
from recovery_lab.faults.lock import Lock
from recovery_lab.faults.login import Login
from recovery_lab.faults.mute import Mute
from recovery_lab.faults.name_hangs import NameHangs
from recovery_lab.faults.names import Name
from recovery_lab.faults.none import NoFault
from recovery_lab.faults.recovery import Recovery
from recovery_lab.faults.reset import Reset
from recovery_lab.faults.restart import Restart
from recovery_lab.faults.slots import Slots
from recovery_lab.faults.slow import Slow
from recovery_lab.faults.smart import Smart
from recovery_lab.faults.terminate import Terminate

_ALL: list[Fault] = [
    NoFault(),
    Restart(),
    Flap(),
    Kill(),
    Recovery(),
    Crash(),
    Terminate(),
    IdleTimeout(),
    Smart(),
    Slots(),
    RoleSlots(),
    DatabaseSlots(),
    Login(),
    Freeze(),
    Drop(),
    Reset(),
    IdleDrop(),
    Mute(),
    Name(),
    NameHangs(),
    Slow(),
    Latency(),
    Lock(),
    Command(),
]
FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _ALL}
