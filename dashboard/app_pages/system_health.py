"""System Health: is the database there, since when, and what is to be done."""

import streamlit as st

from dashboard import charts, presenting
from dashboard.language import words
from dashboard.services import services

REFRESH_S = 1.0


def title() -> None:
    """Draw the page's name, and the way to the runbook beside it."""
    say = words()
    row = st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"
    )
    with row:
        st.title(say("System Health"), width="content")
        runbook = say("Runbook: what to do, step by step")
        icon = ":material/menu_book:"
        st.page_link("app_pages/runbook.py", label=runbook, icon=icon, width="content")


@st.fragment(run_every=REFRESH_S)
def state() -> None:
    """Draw what changes, in few elements: each is a message of its own at every refresh."""
    say, parts = words(), services()
    health, pool, last = parts.monitor.health(), parts.reads.pool, parts.reads.last
    history = health.history

    said = presenting.verdict(health, last, pool.policy, say)
    box = {"success": st.success, "error": st.error, "warning": st.warning, "info": st.info}
    box[said.tone](said.meaning, title=said.line, icon=said.icon)
    st.markdown(presenting.told(presenting.age(health, say), f"## {say('Latency')}"))
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
            presenting.pool_told(pool.stats(), say),
            presenting.read_end_told(last, say),
        )
    )


title()
state()
st.markdown(presenting.policy_told(services().reads.pool.policy, words()))
