"""System Health: is the database there, since when, and what is to be done."""

from datetime import UTC, datetime

import streamlit as st

from dashboard import charts, presenting, presenting_pool
from dashboard.language import words
from dashboard.services import services

REFRESH_S = 1.0


@st.fragment(run_every=REFRESH_S)
def state() -> None:
    """Draw what changes, in few elements: each is a message of its own at every refresh."""
    say, parts = words(), services()
    health, pool, last = parts.monitor.health(), parts.reads.pool, parts.reads.last
    history, workers = health.history, parts.reads.executor.workers()

    said = presenting.verdict(health, last, workers, pool.policy, say)
    box = {"success": st.success, "error": st.error, "warning": st.warning, "info": st.info}
    box[said.tone](said.meaning, title=said.line, icon=said.icon)
    age = presenting.age(health, datetime.now(UTC), say)
    st.markdown(presenting.told(age, f"## {say('Latency')}"))
    st.vega_lite_chart(
        charts.latency_table(history),
        charts.latency(say.language, st.context.theme.type or "light"),
        key="latency",
        alt=say("Latency of the latest checks over time; the figures follow as text."),
    )
    st.markdown(
        presenting.told(
            presenting.latency_told(history, charts.SHOWN_POINTS, say),
            f"## {say('Outages since the dashboard started')}",
            presenting.no_outages_told(history, say),
        )
    )
    if history.outages:
        st.table(presenting.outage_table(history.outages, say), hide_index=True)
    st.markdown(
        presenting.told(
            f"## {say('Server')}",
            presenting.server_told(history.server, say),
            f"## {say('Connection pool')}",
            presenting_pool.pool_told(pool.stats(), say),
            presenting_pool.workers_told(workers, say),
            presenting_pool.read_end_told(last, say),
        )
    )


say = words()
st.title(say("System Health"))
runbook = say("Runbook: what to do, step by step")
st.page_link("app_pages/runbook.py", label=runbook, icon=":material/menu_book:")
state()
st.markdown(presenting_pool.policy_told(services().reads.pool.policy, say))
