"""The role refused: it may not log in any more, while its sessions go on."""

from recovery_lab.faults.altered import Refused
from recovery_lab.faults.base import Effects


class Login(Refused):
    """Take LOGIN from the clients' role."""

    name = "login"
    effects = Effects(cuts="new", explains=("28000",))
    hold_s = 6.0  # longer than the three checks within which it must be noticed
    min_hold_s, max_hold_s = 1.0, 120.0
    reads = "SELECT rolcanlogin FROM pg_roles WHERE oid = '{role}'::regrole"
    stands = "True"
    change = "ALTER ROLE {role} NOLOGIN"
    undo = "ALTER ROLE {role} LOGIN"
    words = "is not permitted to log in"
