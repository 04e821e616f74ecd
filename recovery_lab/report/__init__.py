"""Report: judged outages as text for a terminal, and as files for people and for programs."""
