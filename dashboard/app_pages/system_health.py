"""System Health: is the database there, since when, and how does the pool do."""

import streamlit as st

from dashboard import charts, presenting
from dashboard.services import services

st.title("System Health")


@st.fragment(run_every=1.0)
def page() -> None:
    parts = services()
    health, pool = parts.monitor.health(), parts.reads.pool
    said = presenting.verdict(health)
    {"success": st.success, "error": st.error, "warning": st.warning, "info": st.info}[said.tone](
        f"**{said.line}**  \n{said.meaning}", icon=said.icon
    )

    sample, server = health.history.sample, health.history.server
    latency = sample.latency_ms if sample else None
    now, version, started = st.columns(3)
    now.metric("Latency", f"{latency:.1f} ms" if latency is not None else presenting.NONE)
    version.metric("Server version", server.version if server else presenting.NONE)
    started.metric("Server started", presenting.clock(server.started_at if server else None))

    st.subheader("Latency")
    st.vega_lite_chart(
        charts.latency_table(health.history.points),
        charts.described(charts.LATENCY, f"Latency of the latest checks. {said.line}."),
    )

    st.subheader("Pool")
    stats, last = pool.stats(), parts.reads.last
    st.write(f"Policy **{pool.policy.name}** ({pool.policy.shown_as})")
    in_use, idle, connects, invalidations, ended = st.columns(5)
    in_use.metric("In use", stats.checked_out)
    idle.metric("Idle", f"{stats.checked_in} of {stats.size}")
    connects.metric("Connects", stats.connects_total)
    invalidations.metric("Invalidations", stats.invalidations_total)
    ended.metric("Last live read", presenting.read_end(last))

    st.subheader("Outages seen by this process")
    outages = presenting.outage_rows(health.history.outages)
    if outages:
        st.dataframe(outages, hide_index=True)
    else:
        st.write("None.")


page()
