"""No free connection for the role, or for the database: a limit of their own, used up."""

from recovery_lab.faults.altered import Refused
from recovery_lab.faults.base import Effects


class RoleSlots(Refused):
    """Limit the clients' role to no connection at all; those that it has go on."""

    name = "slots-role"
    effects = Effects(cuts="new", explains=("53300",))
    hold_s = 6.0  # as `slots`
    min_hold_s, max_hold_s = 1.0, 120.0
    reads = "SELECT rolconnlimit FROM pg_roles WHERE oid = '{role}'::regrole"
    stands = "-1"
    change = "ALTER ROLE {role} CONNECTION LIMIT 0"
    undo = "ALTER ROLE {role} CONNECTION LIMIT -1"
    words = "too many connections for role"


class DatabaseSlots(RoleSlots):
    """Limit the database instead; a superuser is bound by neither."""

    name = "slots-database"
    reads = "SELECT datconnlimit FROM pg_database WHERE datname = current_database()"
    change = "ALTER DATABASE {database} CONNECTION LIMIT 0"
    undo = "ALTER DATABASE {database} CONNECTION LIMIT -1"
    words = "too many connections for database"
