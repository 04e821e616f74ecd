"""The contenders are the dashboard's own code where they are its policies."""

import psycopg2
import sqlalchemy.exc

from dashboard.db_connector import POLICIES, Address
from recovery_lab.clients.pooled import PolicyClient, driver_failure
from recovery_lab.clients.registry import CLIENTS
from recovery_lab.roles import JOBS_OF

NOWHERE = Address(host="127.0.0.1", port=1, database="lab", user="nobody", password="none")


def test_every_contender_can_be_made() -> None:
    """Roles and clients name the same contenders, and the same ones pool."""
    assert set(JOBS_OF) == set(CLIENTS)
    assert {n for n, e in CLIENTS.items() if e.pools} == {
        n for n, j in JOBS_OF.items() if "idle" in j
    }


def test_policies_are_the_dashboards_own() -> None:
    """Each policy of the dashboard is a contender, through its own pool."""
    assert set(POLICIES) <= set(CLIENTS)
    client = PolicyClient("naive", NOWHERE)
    assert POLICIES["naive"] is client._pool.policy
    assert 5 == client.look().size
    assert PolicyClient("pinned", NOWHERE).look() is None


def test_errors_are_told_in_the_dashboards_words() -> None:
    """Phase, kind, class and message of the driver's own error inside SQLAlchemy's."""
    inner = psycopg2.OperationalError("connection refused\nsecond line")
    told = driver_failure(sqlalchemy.exc.OperationalError(None, None, inner))
    assert ("connect", "refused", "OperationalError", "connection refused") == (
        told.phase,
        told.kind,
        told.error_class,
        told.message,
    )
