"""A page broken on purpose: it must be found out (see test_views.py)."""

import streamlit as st

st.markdown("![elsewhere](http://postgres:5432/picture.png)")
message = "broken on purpose"
raise RuntimeError(message)
