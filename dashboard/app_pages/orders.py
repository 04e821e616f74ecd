"""Orders: what was sold where, live while the database is there, else as last known."""

from datetime import UTC, datetime

import streamlit as st

from dashboard import charts
from dashboard import presenting_orders as presenting
from dashboard.language import words
from dashboard.queries import Orders
from dashboard.services import services

REFRESH_S = 0.8
METRIC_WIDTH = 120  # px: two in a row on a telephone
# With the refresh, a loss is told within 1.1 s; a first visit may wait longer for its first data.
PATIENCE_S, FIRST_PATIENCE_S = 0.3, 1.5
DAYS = (7, 30, 90)

st.title(words()("Orders"))


def filters(known: Orders) -> tuple[tuple[str, ...], int]:
    """Return the regions (none for all) and the number of days that the user chose."""
    say = words()
    left, right = st.columns(2)
    regions = left.multiselect(
        say("Regions"),
        presenting.region_names(known),
        key="regions",
        persist_state="session",
        bind="query-params",
        placeholder=say("All regions"),
    )
    days = right.segmented_control(
        say("Last days"),
        DAYS,
        default=90,
        required=True,
        key="days",
        persist_state="session",
        bind="query-params",
    )
    return tuple(regions), days or DAYS[-1]


@st.fragment(run_every=REFRESH_S)
def page() -> None:
    say, live = words(), services().orders
    reading = live.poll(patience_s=PATIENCE_S if live.known else FIRST_PATIENCE_S)
    chosen = None
    if reading.value is not None:
        chosen = presenting.choose(reading.value, *filters(reading.value))

    said = presenting.freshness(reading, datetime.now(UTC), say)
    box = {"success": st.success, "warning": st.warning, "info": st.info}
    box[said.tone](said.line, icon=said.icon)
    if chosen is None:
        if reading.value is not None:
            st.markdown(say("No orders for this choice."))
        return

    with st.grid(3, min_column_width=METRIC_WIDTH):
        st.metric(say("Orders"), f"{chosen.orders:,}")
        st.metric(say("Amount"), f"{chosen.amount:,.0f}")
        st.metric(say("Average order"), f"{chosen.amount / chosen.orders:,.2f}")
    st.vega_lite_chart(
        chosen.table,
        charts.orders(say.language, st.context.theme.type or "light"),
        key="orders_per_day",
        alt=presenting.chart_told(chosen, say),
    )
    st.table(presenting.region_table(chosen, say), hide_index=True)


page()
