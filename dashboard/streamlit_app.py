"""The router: which pages there are, in which language, and nothing else."""

import streamlit as st

from dashboard import language

say = language.decide()
st.set_page_config(layout="wide")
page = st.navigation(
    [
        st.Page("app_pages/system_health.py", title=say("System Health"), default=True),
        st.Page("app_pages/orders.py", title=say("Orders")),
        st.Page("app_pages/runbook.py", title=say("Runbook")),
    ]
)
with st.sidebar:
    language.switch(say)
page.run()
