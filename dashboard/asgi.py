"""The entry point: `streamlit run dashboard/asgi.py` serves the pages and the HTTP routes.

`streamlit run` finds the application only where `app = st.App(...)` stands literally.
"""

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st

from dashboard.routes import Routes
from dashboard.services import running, services
from dashboard.sparing import SparingHandler

logging.Formatter.converter = time.gmtime  # as the server's log: UTC, with milliseconds
logging.basicConfig(
    level=logging.INFO,
    format="%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s",
    datefmt="%Y-%m-%dT%H:%M:%S",
    handlers=[SparingHandler()],
)


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Start the monitor with the server and stop it with the server."""
    async with running(services()):
        yield


app = st.App(
    Path(__file__).with_name("streamlit_app.py"),
    lifespan=lifespan,
    routes=Routes(services).all(),
)
