"""A pool that is opened with its module, and has its sessions before anyone asks for one."""

from psycopg_pool import ConnectionPool

from pools.db import ADDRESS

pool = ConnectionPool(
    ADDRESS, min_size=2, max_size=4, check=ConnectionPool.check_connection, open=True
)
