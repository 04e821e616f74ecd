"""A project's test that must fail, since its engine trusts what idles in its pool."""

import os
import shlex

from db import URL
from sqlalchemy import create_engine


def test_that_must_fail(recovery_lab):
    """How many of five first reads fail is chance."""
    engine = create_engine(URL)
    for _ in range(4):
        outage = recovery_lab.outage(engine, shlex.split(os.environ["RESTART"]))
        assert not outage.failed_after_ready
