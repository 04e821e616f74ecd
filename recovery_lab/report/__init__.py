"""Report: judged outages as text for a terminal and as Markdown for a ticket."""
