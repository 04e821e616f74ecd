"""The router: which pages there are, and nothing else."""

import streamlit as st

st.navigation(
    [
        st.Page("app_pages/system_health.py", title="System Health", default=True),
        st.Page("app_pages/orders.py", title="Orders"),
    ]
).run()
