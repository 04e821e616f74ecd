"""The tables of docs/monitoring.md that repeat the alert rules and what they were tried on."""

import yaml

from recovery_lab.report.words import table
from tests.observe.series import ALERTS
from tests.observe.situations import SITUATIONS, fired, told


def alerts() -> str:
    """Return the alert rules, as Prometheus loads them."""
    return table(
        ["alert", "severity", "tells", "for", "what to do"],
        [
            (
                rule["alert"],
                rule["labels"]["severity"],
                rule["annotations"]["summary"].rstrip("."),
                rule.get("for", "at once"),
                _linked(rule["annotations"]["runbook"]),
            )
            for group in yaml.safe_load(ALERTS.read_text())["groups"]
            for rule in group["rules"]
        ],
    )


def _linked(runbook: str) -> str:
    page, _, heading = runbook.partition("#")
    there = "" if page == "docs/monitoring.md" else f"../{page}"
    return f"[{heading.replace('-', ' ')}]({there}#{heading})"


def situations() -> str:
    """Return the recorded situations, with the alerts that their tests expect."""
    return table(
        ["situation", "what happens", "alerts"],
        [
            (f"`{name}`", told(name).rstrip("."), ", ".join(fired(name)) or "none")
            for name in SITUATIONS
        ],
    )
