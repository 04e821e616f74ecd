"""Orders: what was sold where, live while the database is there, else as last known."""

import streamlit as st

from dashboard import charts, presenting
from dashboard.services import services

PATIENCE_S = 1.5

st.title("Orders")


@st.fragment(run_every=1.0)
def page() -> None:
    reading = services().orders.poll(patience_s=PATIENCE_S)
    notice = presenting.freshness(reading)
    if notice:
        st.warning(notice, icon="🟠")
    if reading.value is None:
        return

    days = reading.value.days
    left, right = st.columns(2)
    regions = left.multiselect("Regions", sorted({day.region for day in days}), key="regions")
    last_days = right.selectbox("Days", [7, 30, 90], index=2, key="days")
    chosen = presenting.chosen_days(days, regions=regions, last_days=last_days)
    if not chosen:
        st.info("No orders for this choice.")
        return

    total = sum(day.orders for day in chosen)
    st.metric("Orders", f"{total:,}")
    st.vega_lite_chart(
        charts.orders_table(chosen),
        charts.described(charts.ORDERS, f"Orders per day and region: {total:,} in all."),
    )
    st.dataframe(presenting.region_rows(chosen), hide_index=True)


page()
