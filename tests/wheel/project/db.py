"""A project's own engine, as applications have it: made once, by its module."""

import os

from sqlalchemy import create_engine

URL = os.environ["DATABASE_URL"].replace("://", f"+{os.environ['DRIVER']}://")
engine = create_engine(URL, pool_pre_ping=True)
