"""All faults by name; the one that does nothing is the template to copy."""

from collections.abc import Mapping

from lab.faults.base import Fault
from lab.faults.drop import Drop
from lab.faults.freeze import Freeze
from lab.faults.kill import Kill
from lab.faults.none import NoFault
from lab.faults.restart import Restart
from lab.faults.slow import Slow

_ALL: tuple[Fault, ...] = (NoFault(), Restart(), Kill(), Freeze(), Drop(), Slow())

FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _ALL}
