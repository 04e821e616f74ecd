"""Runbook: what an operator does, state by state."""

from pathlib import Path

import streamlit as st

from dashboard.language import words

RUNBOOKS = Path(__file__).parents[1] / "runbook"

st.markdown((RUNBOOKS / f"{words().language}.md").read_text(encoding="utf-8"))
