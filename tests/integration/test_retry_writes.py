"""The file to paste runs a read again; so that it never runs a write again, none is possible."""

import pytest

from tests.running import Running

# In the dashboard's container: what the server says to one statement under a policy's own engine.
PROGRAM = """
import os, sys
from sqlalchemy import text
from dashboard.db_connector import POLICIES, Address, build_engine
from dashboard.settings import Settings
policy, statement = sys.argv[1:]
engine = build_engine(POLICIES[policy], Address.from_settings(Settings.from_env(os.environ)))
try:
    with engine.begin() as connection:
        connection.execute(text(statement))
    print("done")
except Exception as error:
    print(error.orig.pgcode)
"""
WRITE = "CREATE TEMPORARY TABLE written (id int)"


def told(stack: Running, policy: str, statement: str) -> str:
    """Return `done`, or the SQLSTATE of what the server said."""
    words = ("python", "-c", PROGRAM, policy, statement)
    return stack.compose("exec", "-T", stack.application, *words).strip()


@pytest.mark.parametrize(
    ("policy", "statement", "said"),
    [
        ("retry", "SELECT 1", "done"),
        ("retry", WRITE, "25006"),  # read_only_sql_transaction
        ("adopted", WRITE, "42501"),  # control: there it is the role's rights alone
    ],
)
def test_write_is_refused_by_the_server(
    stack: Running, policy: str, statement: str, said: str, proves
) -> None:
    """Under `retry` every transaction is read-only, whatever the role may do."""
    assert said == told(stack, policy, statement)
    proves(f"`{policy}`, {statement.split(maxsplit=1)[0]}: {said}")
