"""The dashboard: two Streamlit pages, an HTTP API and a monitor in one process."""
