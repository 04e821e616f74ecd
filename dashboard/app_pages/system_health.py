"""System Health: is the database there, since when, and what is to be done."""

import streamlit as st

from dashboard import charts, presenting
from dashboard.language import words
from dashboard.services import services

REFRESH_S = 1.0
METRIC_WIDTH = 120  # px: two in a row on a telephone

st.title(words()("System Health"))


@st.fragment(run_every=REFRESH_S)
def page() -> None:
    say, parts = words(), services()
    health, pool, last = parts.monitor.health(), parts.reads.pool, parts.reads.last
    history, stats = health.history, pool.stats()

    said = presenting.verdict(health, last, pool.policy, say)
    box = {"success": st.success, "error": st.error, "warning": st.warning, "info": st.info}
    box[said.tone](said.meaning, title=said.line, icon=said.icon)
    st.markdown(presenting.age(health, say))
    runbook = say("Runbook: what to do, step by step")
    st.page_link("app_pages/runbook.py", label=runbook, icon=":material/menu_book:")

    st.header(say("Latency"))
    st.vega_lite_chart(
        charts.latency_table(history),
        charts.latency(say.language, st.context.theme.type or "light"),
        key="latency",
        alt=say("Latency of the latest checks over time; the figures follow as text."),
    )
    st.markdown(presenting.latency_told(history, charts.SHOWN_POINTS, say))

    st.header(say("Connection pool"))
    with st.grid(5, min_column_width=METRIC_WIDTH):
        st.metric(say("In use"), stats.checked_out)
        st.metric(say("Idle"), stats.checked_in)
        st.metric(say("Connects"), stats.connects_total)
        st.metric(say("Invalidations"), stats.invalidations_total)
        st.metric(say("Last live read"), presenting.read_end(last, say))
    st.markdown(presenting.read_end_told(last, say))
    st.markdown(presenting.policy_told(pool.policy, say))

    st.header(say("Server"))
    st.markdown(presenting.server_told(history.server, say))

    st.header(say("Outages since the dashboard started"))
    if history.outages:
        st.table(presenting.outage_table(history.outages, say), hide_index=True)
    else:
        st.markdown(say("None since {at}.", at=presenting.clock(history.started_at)))


page()
